"""Simulated exports read back: what the mappers make of files, and what it comes to."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from infra.parquet_parts import PARQUET
from producers.sources import ChargeRow
from producers.sources.kinds import kind_of
from producers.sources.places import LocalFile
from producers.sources.simulator.exports import CSV
from producers.sources.simulator.exports.texts import exact
from producers.sources.tabular import open_table
from schemas.amounts import EXACT

WAYS = [("focus", CSV), ("focus", PARQUET), ("cur", CSV), ("cur", PARQUET), ("cur-legacy", CSV)]
IDS = [f"{kind}-{form.name}" for kind, form in WAYS]

_COSTS = ("billed_cost", "effective_cost", "list_cost", "contracted_cost")

Group = tuple[str, str, str, str]
"""Service, sub account, charge category, billing period."""


def events(paths: Sequence[Path]) -> list[ChargeRow]:
    """What the mapper makes of files; every row must become an event."""
    found: list[ChargeRow] = []
    ordinal = 0
    for path in paths:
        with open_table(LocalFile(path)) as table:
            kind = kind_of(table.columns)
            assert kind is not None
            mapper = kind.mapper(path.name, table.columns, {})
            for row in table.rows():
                for event in mapper.map(ordinal, row):
                    assert isinstance(event, ChargeRow), event
                    found.append(event)
                ordinal += 1
    return found


def sums(rows: Sequence[ChargeRow]) -> dict[Group, tuple[Decimal, ...]]:
    """Sum the four costs with their residues; leave out what comes to nothing at all."""
    found: dict[Group, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * len(_COSTS))
    for row in rows:
        charge, amounts = row.charge, dict(row.amounts)
        group = (
            charge["service_name"],
            charge["sub_account_id"],
            charge["charge_category"],
            row.scope.billing_period,
        )
        costs = [exact(amounts[name]) for name in _COSTS]
        found[group] = [EXACT.add(a, b) for a, b in zip(found[group], costs, strict=True)]
    return {group: tuple(costs) for group, costs in found.items() if any(costs)}
