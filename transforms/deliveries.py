"""Deliveries as the lake tells of them: every assertion once, newest last."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from schemas.amounts import unscaled_sum
from transforms.ports import Query

_SQL = """
select delivery_id, ordinal, delivery_mode, source, source_name, billing_account_id, scope_period,
       asserted_at, events, json_format(cast(days as json)) as days,
       json_format(cast(rejected as json)) as rejected
from deliveries_stored
"""
# Nested values travel as JSON text: Athena's own text for them cannot be read back.


@dataclass(frozen=True, slots=True)
class PromisedDay:
    """What a delivery promises for one day: how many events, and their sums by column."""

    billing_period: str
    charge_date: str
    events: int
    content_hash: str
    held_by: str | None
    sums: dict[tuple[str, str], tuple[str, str]]
    """(currency, column) to (stored, residue), exact decimal texts."""

    def stored(self) -> dict[tuple[str, str], int]:
        """Return the promised sums of stored values, as integers of 10^-12."""
        return {key: unscaled_sum(stored) for key, (stored, _) in self.sums.items()}


@dataclass(frozen=True, slots=True)
class Assertion:
    """One DeliveryCompleted: a source said, at a time, that a scope is what a delivery holds."""

    delivery_id: str
    mode: str
    source: str
    source_name: str
    billing_account_id: str
    scope_period: str
    asserted_at: datetime
    events: int
    days: tuple[PromisedDay, ...]
    rejected: tuple[dict[str, Any], ...]

    @property
    def scope(self) -> tuple[str, str, str]:
        """What an overwrite delivery replaces: source, payer account, billing period."""
        return (self.source, self.billing_account_id, self.scope_period)

    @property
    def rejected_rows(self) -> int:
        """How many of its source rows are in quarantine."""
        return sum(int(r["rows"]) for r in self.rejected)


def read_assertions(query: Query) -> list[Assertion]:
    """Return every assertion in the lake once, oldest first; ties by delivery id."""
    found = {}
    for row in query.rows(_SQL):
        assertion = _assertion(row)
        found[(assertion.asserted_at, assertion.delivery_id)] = assertion
    return [found[key] for key in sorted(found)]


def _assertion(row: dict[str, Any]) -> Assertion:
    return Assertion(
        delivery_id=row["delivery_id"],
        mode=row["delivery_mode"],
        source=row["source"],
        source_name=row["source_name"],
        billing_account_id=row["billing_account_id"],
        scope_period=row["scope_period"],
        asserted_at=row["asserted_at"],
        events=row["events"],
        days=tuple(promised_day(d) for d in orjson.loads(row["days"] or "[]") or ()),
        rejected=tuple(orjson.loads(row["rejected"] or "[]") or ()),
    )


def promised_day(day: dict[str, Any]) -> PromisedDay:
    """Read one day of a DeliveryCompleted, from the lake or from the wire."""
    return PromisedDay(
        billing_period=day["billing_period"],
        charge_date=day["charge_date"],
        events=day["events"],
        content_hash=day["content_hash"],
        held_by=day["held_by"],
        sums={
            (s["currency"], s["column_name"]): (s["stored"], s["residue"])
            for s in day["sums"] or ()
        },
    )
