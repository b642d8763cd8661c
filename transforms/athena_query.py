"""`transforms.ports.Query` over Athena's API, on AWS and in the embedded AWS alike.

The client is an argument, so that nothing here imports an SDK.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from transforms.errors import QueryError

FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 2.0
_WAITING = ("QUEUED", "RUNNING")

_READ: dict[str, Callable[[str], Any]] = {
    "bigint": int,
    "integer": int,
    "decimal": Decimal,
    "double": float,
    "boolean": lambda text: text == "true",
    "timestamp": datetime.fromisoformat,
    "varchar": str,
    "date": str,
}


class AthenaQuery:
    """Runs SELECTs in one workgroup and database and reads the results with their types.

    Args:
        athena: a boto3 Athena client.
        s3: a boto3 S3 client; whole result files are read from there, in one request.
        database: the Glue database.
        workgroup: an Athena workgroup with an output location of its own.
        sleep: waits so many seconds between two looks at a running query.
    """

    def __init__(
        self, athena: Any, s3: Any, database: str, workgroup: str, sleep: Callable[[float], None]
    ) -> None:
        self._athena = athena
        self._s3 = s3
        self._database = database
        self._workgroup = workgroup
        self._sleep = sleep

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Answer one SELECT: a list of rows by column name.

        Raises:
            QueryError: Athena refused or failed the query, in its words; or a column has a nested
                type, which Athena's text does not tell apart (cast it to JSON text).
        """
        columns, rows = self.table(sql)
        names = [name for name, _ in columns]
        return [dict(zip(names, row, strict=True)) for row in rows]

    def table(self, sql: str) -> tuple[list[tuple[str, str]], list[list[Any]]]:
        """Answer one SELECT: columns as (name, type), and rows of values.

        Raises:
            QueryError: as for `rows`.
        """
        execution = self._run(sql)
        query_id = execution["QueryExecutionId"]
        answer = self._athena.get_query_results(QueryExecutionId=query_id, MaxResults=1)
        info = answer["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        readers = [_reader(column) for column in info]
        bucket, _, key = (
            execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").partition("/")
        )
        body = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode("utf-8")
        lines = _quoted_csv(body)
        rows = [
            [None if text is None else read(text) for read, text in zip(readers, line, strict=True)]
            for line in lines[1:]
        ]
        return [(column["Name"], column["Type"]) for column in info], rows

    def _run(self, sql: str) -> dict[str, Any]:
        query_id = self._athena.start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Database": self._database},
            WorkGroup=self._workgroup,
        )["QueryExecutionId"]
        pause = FIRST_PAUSE_SECONDS
        while True:
            execution: dict[str, Any] = self._athena.get_query_execution(QueryExecutionId=query_id)[
                "QueryExecution"
            ]
            status = execution["Status"]
            if status["State"] not in _WAITING:
                break
            self._sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        if status["State"] != "SUCCEEDED":
            raise QueryError(status.get("StateChangeReason") or f"query {status['State'].lower()}")
        return execution


def _reader(column: dict[str, Any]) -> Callable[[str], Any]:
    kind = column["Type"]
    if kind not in _READ:
        raise QueryError(
            f"column {column['Name']} is {kind}, which has no readable text; "
            "select json_format(cast(it as json))"
        )
    return _READ[kind]


def _quoted_csv(body: str) -> list[list[str | None]]:
    """Read Athena's result file: every value is quoted, and an unquoted nothing is NULL.

    The csv module cannot tell "" from nothing before Python 3.12, so the text is marked first.
    """
    lines: list[list[str | None]] = []
    position = 0
    row: list[str | None] = []
    while position < len(body):
        if body[position] == '"':
            end = _closing_quote(body, position + 1)
            row.append(body[position + 1 : end].replace('""', '"'))
            position = end + 1
        else:
            row.append(None)
        if position >= len(body) or body[position] == "\n":
            lines.append(row)
            row = []
        position += 1
        if position == len(body) and body[-1] == ",":
            row.append(None)
            lines.append(row)
    return lines


def _closing_quote(body: str, position: int) -> int:
    while True:
        position = body.index('"', position)
        if body[position : position + 2] != '""':
            return position
        position += 2
