"""Reading Athena's result files: quoted text, and nothing for NULL."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from transforms.athena_query import read_result_file

CELL = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


def written(rows: list[list[str | None]]) -> str:
    """Write as Athena does: every value quoted, NULL as nothing."""
    return "".join(
        ",".join("" if c is None else '"' + c.replace('"', '""') + '"' for c in row) + "\n"
        for row in rows
    )


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(CELL, min_size=n, max_size=n))))
def test_what_was_written_is_read(rows: list[list[str | None]]) -> None:
    """Quotes, commas, newlines, empty text and NULL survive."""
    assert read_result_file(written(rows)) == rows


def test_it_is_plain_csv_otherwise() -> None:
    """Without NULLs the csv module reads the same."""
    rows: list[list[str | None]] = [["a", "b"], ["1\n2", 'x"y']]
    assert read_result_file(written(rows)) == list(csv.reader(io.StringIO(written(rows))))
