"""`transforms.ports.Query` over Athena's API, on AWS and in the embedded AWS alike.

The client is an argument, so that nothing here imports an SDK.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from transforms.errors import QueryError
from transforms.result_file import read_listing, read_result_file

FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 2.0
_WAITING = ("QUEUED", "RUNNING")
_ATTEMPTS = 3
_PIECE_BYTES = 1024 * 1024
_OF_A_LISTING = ".txt"
"""Athena's result of what is no query (SHOW, DESCRIBE, EXPLAIN): lines of text."""
_FILE_GONE = "HIVE_CANNOT_OPEN_SPLIT"
"""Athena's code where a file that it has listed cannot be opened: a compaction deleted it since, or
S3 asked to slow down. Asked again, it lists again."""

_TOO_MUCH = "Bytes scanned limit was exceeded"

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


Row = list[Any]
"""Values by column; nested ones are Athena's text for them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a SELECT answered, and what it took."""

    columns: list[tuple[str, str]]
    """Names and types, without a decimal's digits."""
    types: list[str]
    """The columns' whole types, such as `decimal(38,12)`."""
    rows: Iterator[Row]
    """To be read once, while they are fetched: there may be more of them than memory holds."""
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

    def table(self, sql: str) -> tuple[list[tuple[str, str]], list[Row]]:
        """Answer one SELECT: columns as (name, type), and rows of values.

        Nested values are Athena's text for them.

        Raises:
            QueryError: Athena refused or failed the query, in its words.
        """
        answer = self.answer(sql)
        return answer.columns, list(answer.rows)

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
        scanned = execution.get("Statistics", {}).get("DataScannedInBytes", 0)
        location = execution["ResultConfiguration"]["OutputLocation"]
        rows = self._result_rows(location, readers)
        return Answer(columns, [_whole_type(column) for column in info], rows, scanned, query_id)

    def _result_rows(self, location: str, readers: Sequence[Callable[[str], Any]]) -> Iterator[Row]:
        bucket, _, key = location.removeprefix("s3://").partition("/")
        body = self._s3.get_object(Bucket=bucket, Key=key)["Body"]
        with closing(body):
            pieces = body.iter_chunks(_PIECE_BYTES)
            if key.endswith(_OF_A_LISTING):
                lines = read_listing(pieces, len(readers))
            else:
                lines = islice(read_result_file(pieces), 1, None)  # without the header
            for line in lines:
                yield [
                    None if text is None else read(text)
                    for read, text in zip(readers, line, strict=True)
                ]

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
            if reason.startswith(_TOO_MUCH):
                reason += "; name fewer days, or let the workgroup scan more (QueryBytesLimit)"
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
