"""`transforms.ports.Query` over Athena's API, on AWS and in the embedded AWS alike.

The client is an argument, so that nothing here imports an SDK.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from transforms.errors import QueryError

FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 2.0
_WAITING = ("QUEUED", "RUNNING")
_ATTEMPTS = 3
_FILE_GONE = "HIVE_CANNOT_OPEN_SPLIT"
"""Athena's code where a file that it has listed cannot be opened: a compaction deleted it since, or
S3 asked to slow down. Asked again, it lists again."""

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


@dataclass(frozen=True, slots=True)
class Answer:
    """What a SELECT answered, and what it took."""

    columns: list[tuple[str, str]]
    """Names and types, without a decimal's digits."""
    types: list[str]
    """The columns' whole types, such as `decimal(38,12)`."""
    rows: list[list[Any]]
    """Nested values are Athena's text for them."""
    bytes_scanned: int
    query_id: str


class AthenaQuery:
    """Runs SELECTs in one workgroup and database and reads the results with their types.

    Args:
        athena: a boto3 Athena client.
        s3: a boto3 S3 client; whole result files are read from there, in one request.
        database: the Glue database.
        workgroup: an Athena workgroup with an output location of its own.
        sleep: waits so many seconds between two looks at a running query.
        first_pause: seconds before the first look; each further one is twice as long.
        longest_pause: seconds that no pause exceeds.
    """

    def __init__(
        self,
        athena: Any,
        s3: Any,
        database: str,
        workgroup: str,
        sleep: Callable[[float], None],
        first_pause: float = FIRST_PAUSE_SECONDS,
        longest_pause: float = LONGEST_PAUSE_SECONDS,
    ) -> None:
        self._longest_pause = longest_pause
        self._first_pause = first_pause
        self._athena = athena
        self._s3 = s3
        self._database = database
        self._workgroup = workgroup
        self._sleep = sleep

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Answer one SELECT: a list of rows by column name.

        Raises:
            QueryError: Athena refused or failed the query, in its words; or a column has a nested
                type, whose text cannot be read back (cast it to JSON text).
        """
        columns, rows = self.table(sql)
        for name, kind in columns:
            if kind not in _READ:
                raise QueryError(
                    f"column {name} is {kind}, which has no readable text; "
                    "select json_format(cast(it as json))"
                )
        names = [name for name, _ in columns]
        return [dict(zip(names, row, strict=True)) for row in rows]

    def table(self, sql: str) -> tuple[list[tuple[str, str]], list[list[Any]]]:
        """Answer one SELECT: columns as (name, type), and rows of values.

        Nested values are Athena's text for them.

        Raises:
            QueryError: Athena refused or failed the query, in its words.
        """
        answer = self.answer(sql)
        return answer.columns, answer.rows

    def answer(self, sql: str, parameters: Sequence[str] = ()) -> Answer:
        """Answer one SELECT.

        Args:
            sql: the SELECT, with a `?` for each parameter.
            parameters: SQL literals; Athena binds them.

        Raises:
            QueryError: Athena refused or failed the query, in its words.
        """
        execution = self._run(sql, parameters)
        query_id = execution["QueryExecutionId"]
        answer = self._athena.get_query_results(QueryExecutionId=query_id, MaxResults=1)
        info = answer["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        columns = [(column["Name"], column["Type"]) for column in info]
        readers = [_READ.get(kind, str) for _, kind in columns]
        location = execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://")
        bucket, _, key = location.partition("/")
        body = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode("utf-8")
        lines = read_result_file(body if body.endswith("\n") else body + "\n")
        rows = [
            [None if text is None else read(text) for read, text in zip(readers, line, strict=True)]
            for line in lines[1:]
        ]
        scanned = execution.get("Statistics", {}).get("DataScannedInBytes", 0)
        return Answer(columns, [_whole_type(column) for column in info], rows, scanned, query_id)

    def execute(self, sql: str) -> None:
        """Run a statement that has no rows, such as CREATE VIEW.

        Raises:
            QueryError: Athena refused or failed it, in its words.
        """
        self._run(sql)

    def _run(self, sql: str, parameters: Sequence[str] = ()) -> dict[str, Any]:
        for attempt in range(_ATTEMPTS):
            execution = self._ended(sql, parameters)
            status = execution["Status"]
            if status["State"] == "SUCCEEDED":
                return execution
            reason = str(status.get("StateChangeReason") or f"query {status['State'].lower()}")
            if not reason.startswith(_FILE_GONE):
                break
            self._sleep(self._longest_pause * attempt)
        raise QueryError(reason)

    def _ended(self, sql: str, parameters: Sequence[str]) -> dict[str, Any]:
        """Run a statement to its end, whatever that is."""
        # Athena refuses an empty list.
        bound = {"ExecutionParameters": list(parameters)} if parameters else {}
        try:
            query_id = self._athena.start_query_execution(
                QueryString=sql,
                QueryExecutionContext={"Database": self._database},
                WorkGroup=self._workgroup,
                **bound,
            )["QueryExecutionId"]
        except self._athena.exceptions.InvalidRequestException as error:
            said = error.response["Error"]["Message"]
            raise QueryError(f"{said}; write one SELECT in Athena's SQL") from error
        pause = self._first_pause
        while True:
            execution: dict[str, Any] = self._athena.get_query_execution(QueryExecutionId=query_id)[
                "QueryExecution"
            ]
            if execution["Status"]["State"] not in _WAITING:
                return execution
            self._sleep(pause)
            pause = min(pause * 2, self._longest_pause)


def _whole_type(column: dict[str, Any]) -> str:
    if column["Type"] != "decimal":
        return str(column["Type"])
    return f"decimal({column['Precision']},{column['Scale']})"


def read_result_file(body: str) -> list[list[str | None]]:
    """Read Athena's result file: every value is quoted, and an unquoted nothing is NULL.

    The csv module cannot tell "" from nothing before Python 3.12.
    """
    rows: list[list[str | None]] = []
    row: list[str | None] = []
    position = 0
    while position < len(body):
        value: str | None = None
        if body[position] == '"':
            end = _closing_quote(body, position + 1)
            value = body[position + 1 : end].replace('""', '"')
            position = end + 1
        row.append(value)
        if body[position] == "\n":
            rows.append(row)
            row = []
        position += 1
    return rows


def _closing_quote(body: str, position: int) -> int:
    while True:
        position = body.index('"', position)
        if body[position : position + 2] != '""':
            return position
        position += 2
