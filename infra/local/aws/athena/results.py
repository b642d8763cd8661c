"""The answer of a statement, as result file and as pages of `GetQueryResults`."""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from infra.local.athena.engine import Columns, Rows
from infra.local.aws.athena.errors import InvalidRequestError
from infra.local.aws.athena.values import printer, split_type
from transforms.result_file import read_result_file

MAX_PAGE_ROWS = 1000
"""API reference, GetQueryResults: the most, and the default."""

_NAMES = {"real": "float"}
_PRECISIONS = {
    "varchar": 2_147_483_647,
    "string": 0,
    "tinyint": 3,
    "smallint": 5,
    "integer": 10,
    "bigint": 19,
    "float": 17,
    "double": 17,
    "timestamp": 3,
    "timestamp with time zone": 3,
    "time": 3,
}

Row = Sequence[str | None]


@dataclass(frozen=True, slots=True)
class Answer:
    """Columns as (name, Athena type), rows as text, and what was read and written."""

    columns: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    """The result file."""
    rows: int = 0
    """How many there are in it, without the header."""
    is_query: bool = False
    """Queries have a header row and a CSV file; other statements a plain text file."""
    bytes_scanned: int = 0
    manifest: Sequence[str] | None = None
    """The files that were written, for statements that write some instead of a result."""
    updated: int = 0
    """How many rows were written."""


def listed(columns: Iterable[tuple[str, str]], rows: Iterable[Sequence[str]]) -> Answer:
    """Return the answer of a statement that lists something: its file has lines of tabs."""
    texts = ["\t".join(row) for row in rows]
    return Answer(tuple(columns), "".join(f"{text}\n" for text in texts).encode(), len(texts))


def lines(name: str, texts: Iterable[str]) -> Answer:
    """Return the answer of a listing: one text for each line."""
    return listed(((name, "string"),), ([text] for text in texts))


def query_answer(columns: Columns, chunks: Iterator[Rows]) -> Answer:
    """Return the answer of a SELECT, values printed as Athena prints them.

    Its file is CSV with a header; every field is quoted, and NULL is an empty field without quotes.
    It is written row by row: there may be too many to be held as Python's values.
    """
    printers = [printer(type_) for _, type_ in columns]
    file, count = io.BytesIO(), 0
    file.write(_csv_line(name for name, _ in columns))
    for rows in chunks:
        count += len(rows)
        for row in rows:
            pairs = zip(printers, row, strict=True)
            file.write(_csv_line(None if v is None else print_(v) for print_, v in pairs))
    return Answer(columns, file.getvalue(), count, is_query=True)


def stored_rows(body: bytes, is_query: bool) -> Sequence[Row]:
    """Read a result file back, without its header."""
    if is_query:
        return [*read_result_file([body])][1:]
    return [[line] for line in body.decode().split("\n")[:-1]]


def result_page(
    answer: Answer, rows: Sequence[Row], max_results: int | None, token: str | None
) -> dict[str, Any]:
    """Return one `GetQueryResults` answer.

    Args:
        answer: the columns.
        rows: all rows, without the header.
        max_results: the most rows of the page, its header included.
        token: where it begins.

    Raises:
        InvalidRequestError: the page is too long or the token is not one of ours.
    """
    limit = MAX_PAGE_ROWS if max_results is None else max_results
    if not 1 <= limit <= MAX_PAGE_ROWS:
        raise InvalidRequestError(
            f"MaxResults is more than maximum allowed length {MAX_PAGE_ROWS}."
        )
    headed = answer.is_query and answer.manifest is None
    header: list[Row] = [[name for name, _ in answer.columns]] if headed else []
    length = len(header) + len(rows)
    begin = page_start(token, length)
    skipped = len(header)
    shown = (
        [*header, *rows[:limit]] if begin == 0 else rows[begin - skipped : begin - skipped + limit]
    )
    page: dict[str, Any] = {
        "UpdateCount": answer.updated,
        "ResultSet": {
            "Rows": [{"Data": [_datum(v) for v in row]} for row in shown[:limit]],
            "ResultSetMetadata": {"ColumnInfo": [_column_info(*c) for c in answer.columns]},
        },
    }
    if begin + limit < length:
        page["NextToken"] = str(begin + limit)
    return page


def page_start(token: str | None, length: int) -> int:
    """Return where the page of a token begins in a list.

    Raises:
        InvalidRequestError: the token is not one that was given out.
    """
    if token is None:
        return 0
    if not (token.isascii() and token.isdigit() and int(token) < length):
        raise InvalidRequestError("Invalid NextToken")
    return int(token)


def _csv_line(row: Iterable[str | None]) -> bytes:
    return f"{','.join(map(_quoted, row))}\n".encode()


def _quoted(value: str | None) -> str:
    return "" if value is None else '"' + value.replace('"', '""') + '"'


def _datum(value: str | None) -> dict[str, str]:
    return {} if value is None else {"VarCharValue": value}


def _column_info(name: str, type_: str) -> dict[str, Any]:
    base, arguments = split_type(type_)
    base = _NAMES.get(base, base)
    precision, scale = _PRECISIONS.get(base, 0), 0
    if base == "decimal":
        precision, scale = int(arguments[0]), int(arguments[1])
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": name,
        "Label": name,
        "Type": base,
        "Precision": precision,
        "Scale": scale,
        "Nullable": "UNKNOWN",
        "CaseSensitive": base == "varchar",
    }
