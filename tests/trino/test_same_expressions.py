"""Expressions at their edges, asked of a real Trino and of the embedded Athena."""

import pytest
from trino.dbapi import Connection

from infra.wiring import Platform
from tests.trino.conftest import run
from tests.trino.expressions import EXPRESSIONS
from tests.trino.test_same_answers import base, comparable

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
    columns, theirs = run(judge, f"select {expression}")
    types, ours = platform.query.table(f"select {expression}")
    assert [base(t) for _, t in types] == [base(t) for _, t in columns]
    here, there = (sorted(map(comparable, rows), key=repr) for rows in (ours, theirs))
    assert here == there
