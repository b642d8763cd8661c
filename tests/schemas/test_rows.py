"""Rows as JSON lines: one call for many gives what one call a row gives."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.rows import json_line, json_lines

HOSTILE = st.sampled_from(['},{"delivery_id":', '"},{"delivery_id":"', "},{", "\n", "\\", '\\"'])
TEXT = HOSTILE | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
MAP = st.dictionaries(TEXT | st.just("delivery_id"), TEXT, max_size=3)
ROW = st.builds(
    lambda first, rest: {"delivery_id": first, **rest},
    TEXT,
    st.fixed_dictionaries(
        {"tags": MAP, "note": TEXT, "findings": st.lists(st.builds(dict, rule=TEXT), max_size=3)}
    ),
)


@given(st.lists(ROW, min_size=1, max_size=5))
@settings(max_examples=200, deadline=None)
def test_lines_are_the_rows_one_by_one(rows: list[dict[str, Any]]) -> None:
    """Byte for byte, whatever the texts look like; and each line is its row."""
    lines = json_lines(rows)
    assert lines == b"".join(json_line(row) for row in rows)
    assert [json.loads(line) for line in lines.decode().split("\n")[:-1]] == rows
