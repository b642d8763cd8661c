"""Every view and query we ship, asked of a real Trino and of the embedded Athena."""

import re
from decimal import Decimal
from typing import Any

import pytest
from trino.dbapi import Connection

from infra.athena.catalog import VIEWS
from infra.athena.library import LibraryQuery, library
from infra.local.aws.athena.parameters import with_parameters
from infra.report.queries import queries
from infra.wiring import Platform
from schemas.tables import TABLES
from tests.infra.athena import quarter
from tests.trino import story
from tests.trino.conftest import run

_NESTED = ("array", "map", "row")
GIVEN = {
    "name": story.ACCOUNT,
    "first_day": quarter.FIRST,
    "split_day": "2026-08-16",
    "new_since": "2026-08-16",
    "last_day": quarter.LAST,
    "first_month": quarter.FIRST[:7],
    "last_month": quarter.LAST[:7],
}
DAYS = {
    "since": quarter.FIRST,
    "first": quarter.FIRST,
    "middle": "2026-08-16",
    "last": quarter.LAST,
}
"""For the report's questions."""


def asked(query: LibraryQuery) -> str:
    """Return a query about the quarter, with its parameters in their places."""
    known = {p.name for p in query.parameters}
    values = query.examples() | {name: value for name, value in GIVEN.items() if name in known}
    return with_parameters(query.sql, query.literals(values))


SHIPPED = {
    **{f"table {table.name}": f"select * from {table.name}" for table in TABLES},
    **{f"view {name}": f"select * from {name}" for name in VIEWS},
    **{f"report {name}": sql.format_map(DAYS) for name, sql in queries().items()},
    **{f"library {name}": asked(query) for name, query in library().items()},
}


@pytest.mark.parametrize("name", SHIPPED)
def test_columns_types_and_rows_are_the_same(
    platform: Platform, judge: Connection, name: str
) -> None:
    """Names, types, and each value; numbers to the last digit, doubles to the fifteenth."""
    sql = SHIPPED[name].rstrip().rstrip(";")
    columns, _ = run(judge, f"select * from ({sql}) where 1 = 0")
    ours, _ = platform.query.table(sql)
    # Athena has columns of views in lower case, as Glue has; Trino as the view says them.
    assert [(n.lower(), base(t)) for n, t in columns] == [(n, base(t)) for n, t in ours]
    flat = flattened(sql, columns)
    _, theirs = run(judge, flat)
    columns, rows = platform.query.table(flat)
    here, there = (sorted(map(comparable, found), key=repr) for found in (rows, theirs))
    assert len(here) == len(there)
    found = differences(columns, here, there)
    assert not found, "\n".join(f"{n}: {ours!r}, in Trino {t!r}" for n, (ours, t) in found.items())
    assert rows, "an empty answer compares nothing"


@pytest.mark.parametrize(
    ("name", "first"), [("service_days", "2026-06-24"), ("month_over_month", "2026-06-01")]
)
def test_days_counted_from_a_parameter_prune(judge: Connection, name: str, first: str) -> None:
    """Trino works them out before it lists partitions, and reads no other day."""
    _, ((plan,),) = run(judge, f"explain {asked(library()[name])}")
    days = f":: [[{first}, {quarter.LAST}]]"
    assert re.search(rf"charge_date:string:PARTITION_KEY\s+{re.escape(days)}", str(plan))


def base(kind: str) -> str:
    """Return the type's name without its numbers: Athena's metadata has them elsewhere."""
    return kind.partition("(")[0].partition(" ")[0]


def flattened(sql: str, columns: list[tuple[str, str]]) -> str:
    """Return the query with nested values as JSON text, which both engines print alike."""
    shown = [
        f'json_format(cast("{n}" as json)) as "{n}"' if t.startswith(_NESTED) else f'"{n}"'
        for n, t in columns
    ]
    return f"select {', '.join(shown)} from ({sql})"


def differences(
    columns: list[tuple[str, str]], here: list[tuple[object, ...]], there: list[tuple[object, ...]]
) -> dict[str, tuple[object, object]]:
    """Return the first two values that differ, by column."""
    found: dict[str, tuple[object, object]] = {}
    for ours, theirs in zip(here, there, strict=True):
        for (name, _), one, other in zip(columns, ours, theirs, strict=True):
            if one != other:
                found.setdefault(name, (one, other))
    return found


def comparable(row: list[Any]) -> tuple[object, ...]:
    """Return a row's values in one form for both."""
    return tuple(map(_value, row))


def _value(value: Any) -> object:
    match value:
        case float():
            return f"{value:.14e}"
        case Decimal():
            return value.normalize() if value else Decimal(0)
        case _:
            return value
