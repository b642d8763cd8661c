"""Does an evaluation hold the events of some days, in number and in money? Asked after a replay.

First the quick way: what each delivery promised, against exact sums that the engine takes of the
rows. What does not agree, or was never promised, is audited event by event.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from schemas.amounts import unscaled_sum
from schemas.lake import ObjectStore
from schemas.tables import AMOUNTS, PRICED_IN_PRICING_CURRENCY
from transforms.audit import Gap, audit
from transforms.audit_sources import rows_of, sums_sql
from transforms.deliveries import read_assertions
from transforms.ports import Query
from transforms.tallies import Day, Sums


@dataclass(slots=True)
class DaySums:
    """The rows of one day of one delivery: how many, and the exact sum of every amount."""

    events: int = 0
    sums: Sums = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification found."""

    days: int
    events: int
    audited: int
    """Days that went the slow way: event by event."""
    gaps: list[Gap]


def verify(query: Query, store: ObjectStore, evaluation: str, days: Collection[Day]) -> Verified:
    """Compare the rows of an evaluation with what was promised and recorded.

    Args:
        query: the lake, in SQL.
        store: the lake, as objects.
        evaluation: whose rows.
        days: which days of which deliveries: those that raw/ was found to have events of.
    """
    if not days:
        return Verified(0, 0, 0, [])
    found = day_sums(query, evaluation, days)
    promised = _promised(query)
    doubtful = {day for day in days if day not in promised or promised[day] != found.get(day)}
    gaps = audit(query, store, evaluation, doubtful).gaps if doubtful else []
    events = sum(day.events for day in found.values())
    return Verified(len(days), events, len(doubtful), gaps)


def day_sums(query: Query, evaluation: str, days: Collection[Day]) -> dict[Day, DaySums]:
    """Return what the lake holds of each day under an evaluation, every row once."""
    found: dict[Day, DaySums] = {}
    for row in query.rows(sums_sql(rows_of(evaluation, days))):
        key = (row["delivery_id"], row["billing_period"], row["charge_date"])
        if key not in days:
            continue
        day = found.setdefault(key, DaySums())
        day.events += row["events"]
        for name in AMOUNTS:
            if row[name] is not None:
                pricing = name in PRICED_IN_PRICING_CURRENCY
                currency = (row["pricing" if pricing else "billing"], name)
                day.sums[currency] = day.sums.get(currency, 0) + unscaled_sum(str(row[name]))
    return found


def _promised(query: Query) -> dict[Day, DaySums]:
    promised = {}
    for assertion in read_assertions(query):
        for day in assertion.days:
            if not day.held_by:
                key = (assertion.delivery_id, day.billing_period, day.charge_date)
                promised[key] = DaySums(day.events, day.stored())
    return promised
