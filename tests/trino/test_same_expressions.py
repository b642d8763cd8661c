"""Expressions at their edges, asked of a real Trino and of the embedded Athena."""

from datetime import date, datetime

import pytest
from trino.dbapi import Connection

from infra.wiring import Platform
from tests.trino.conftest import run
from tests.trino.expressions import EXPRESSIONS
from tests.trino.test_same_answers import base, comparable, flattened

CASES = [
    pytest.param(expression, id=f"{name}: {expression}")
    for name, expressions in EXPRESSIONS.items()
    for expression in expressions
]


@pytest.mark.parametrize("expression", CASES)
def test_value_and_type_are_the_same(
    platform: Platform, judge: Connection, expression: str
) -> None:
    """The type by its name without numbers; several rows in any order."""
    sql = f"select answer from (select {expression}) as asked(answer)"
    columns, _ = run(judge, sql)
    types, _ = platform.query.table(sql)
    assert [base(t) for _, t in types] == [base(t) for _, t in columns]
    flat = flattened(sql, columns)
    _, theirs = run(judge, flat)
    _, ours = platform.query.table(flat)
    here, there = (sorted(map(_texts, rows), key=repr) for rows in (ours, theirs))
    assert here == there


def _texts(row: list[object]) -> tuple[object, ...]:
    """Return a row's values in one form; a day is text in Athena's answers."""
    return tuple(
        value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else value
        for value in comparable(row)
    )
