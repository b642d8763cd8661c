"""Athena's result files, quoted text and nothing for NULL; and queries that are asked again."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.athena_query import AthenaQuery
from transforms.errors import QueryError
from transforms.result_file import read_result_file

CELL = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


def written(rows: list[list[str | None]]) -> str:
    """Write as Athena does: every value quoted, NULL as nothing."""
    return "".join(
        ",".join("" if c is None else '"' + c.replace('"', '""') + '"' for c in row) + "\n"
        for row in rows
    )


def read(text: str, size: int = 1024) -> list[list[str | None]]:
    """Read what comes in pieces."""
    body = text.encode()
    return list(read_result_file(body[i : i + size] for i in range(0, len(body), size)))


ROWS = st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(CELL, min_size=n, max_size=n)))


@given(ROWS, st.integers(1, 9))
def test_what_was_written_is_read(rows: list[list[str | None]], size: int) -> None:
    """Quotes, commas, newlines, empty text and NULL survive, wherever the file is cut."""
    assert read(written(rows), size) == rows


def test_it_is_plain_csv_otherwise() -> None:
    """Without NULLs the csv module reads the same; the last line may lack its end."""
    rows: list[list[str | None]] = [["a", "b"], ["1\n2", 'x"y']]
    assert read(written(rows)) == list(csv.reader(io.StringIO(written(rows))))
    assert read(written(rows)[:-1]) == rows


@pytest.mark.parametrize("text", ['"a","b', '"a"b\n', "a,b\n", '"a"\n"b""\n'])
def test_what_is_no_result_file_is_refused(text: str) -> None:
    """It is cut off, or somebody else's."""
    with pytest.raises(QueryError, match="damaged"):
        read(text)


class _Athena:
    """Ends each execution as the script says."""

    def __init__(self, *reasons: str | None) -> None:
        self.reasons = list(reasons)
        self.asked = 0

    def start_query_execution(self, **request: Any) -> dict[str, Any]:
        self.asked += 1
        return {"QueryExecutionId": str(self.asked)}

    def get_query_execution(self, **request: Any) -> dict[str, Any]:
        reason = self.reasons[self.asked - 1]
        status = {"State": "FAILED", "StateChangeReason": reason} if reason else {}
        return {"QueryExecution": {"Status": {"State": "SUCCEEDED", **status}}}


GONE = "HIVE_CANNOT_OPEN_SPLIT: Error opening Hive split s3://lake/x.parquet: NoSuchKey"


@pytest.mark.parametrize(
    ("reasons", "said"),
    [
        ([None], ""),
        ([GONE, None], ""),
        ([GONE, GONE, GONE], "HIVE_CANNOT_OPEN_SPLIT"),
        (["SYNTAX_ERROR: no"], "SYNTAX_ERROR"),
        ([GONE, "SYNTAX_ERROR: no"], "SYNTAX_ERROR"),
    ],
)
def test_a_file_that_is_gone_is_asked_for_again(reasons: list[str | None], said: str) -> None:
    """A query that began before files were deleted lists again; other failures are final."""
    athena = _Athena(*reasons)
    query = AthenaQuery(athena, None, "finops", "finops", lambda seconds: None)
    if said:
        with pytest.raises(QueryError, match=said):
            query.execute("select 1")
    else:
        query.execute("select 1")
    assert athena.asked == len(reasons)
