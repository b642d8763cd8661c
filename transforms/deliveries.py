"""Deliveries as the lake tells of them: every assertion once, newest last."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from schemas.amounts import unscaled_sum
from transforms.ports import Query

_SQL = """
select delivery_id, ordinal, delivery_mode, source, source_name, dataset_instance, replaces_scope,
       billing_account_id, scope_period, asserted_at, events, revision, "$path" as path,
       json_format(cast(days as json)) as days,
       json_format(cast(rejected as json)) as rejected
from deliveries_stored
"""
# Nested values travel as JSON text: Athena's own text for them cannot be read back.

_LANDED = re.compile(r"-(\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d)-[^/]*$")
"""Firehose names an object by the time its oldest record arrived (UTC)."""


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
    dataset_instance: str
    replaces_scope: bool
    billing_account_id: str
    scope_period: str
    asserted_at: datetime
    events: int
    days: tuple[PromisedDay, ...]
    rejected: tuple[dict[str, Any], ...]
    revision: int
    """Counts up when rejected rows were delivered after all."""
    landed_at: datetime | None
    """When its record reached the stream, UTC without zone; None where the object does not say."""

    @property
    def scope(self) -> tuple[str, str]:
        """What an overwrite delivery covers: payer account, billing period."""
        return (self.billing_account_id, self.scope_period)

    @property
    def sent(self) -> int:
        """Events it brought itself; the others an earlier delivery holds."""
        return sum(day.events for day in self.days if not day.held_by)

    @property
    def rejected_rows(self) -> int:
        """How many of its source rows are in quarantine."""
        return sum(int(r["rows"]) for r in self.rejected)


def read_assertions(query: Query) -> list[Assertion]:
    """Return every assertion in the lake once, oldest first; ties by delivery id."""
    found: dict[tuple[datetime, str], Assertion] = {}
    for row in query.rows(_SQL):
        assertion = _assertion(row)
        key = (assertion.asserted_at, assertion.delivery_id)
        if key not in found or assertion.revision >= found[key].revision:
            found[key] = assertion
    return [found[key] for key in sorted(found)]


def _assertion(row: dict[str, Any]) -> Assertion:
    return Assertion(
        delivery_id=row["delivery_id"],
        mode=row["delivery_mode"],
        source=row["source"],
        source_name=row["source_name"],
        dataset_instance=row["dataset_instance"] or "",
        replaces_scope=bool(row["replaces_scope"]),
        billing_account_id=row["billing_account_id"],
        scope_period=row["scope_period"],
        asserted_at=row["asserted_at"],
        events=row["events"],
        days=tuple(promised_day(d) for d in orjson.loads(row["days"] or "[]") or ()),
        rejected=tuple(orjson.loads(row["rejected"] or "[]") or ()),
        revision=row["revision"] or 0,
        landed_at=landed_at(row["path"]),
    )


def landed_at(path: str) -> datetime | None:
    """Return when the oldest record of an object of Firehose arrived, UTC without zone."""
    found = _LANDED.search(path)
    return datetime.strptime(found[1], "%Y-%m-%d-%H-%M-%S") if found else None


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
