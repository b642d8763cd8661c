"""Which days a report is about, and which of them are not complete yet."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from infra.report.calendar import month_before
from infra.report.complete import (
    DeliveredDay,
    complete_through,
    delivered_day,
    ended_before,
    who_of,
)
from infra.report.queries import question
from transforms.ports import Query

MONTHS_BACK = 12
"""A report has so many whole months before the newest one, unless it is asked for others."""
COUNTED = ("active", "append")
"""Deliveries whose rows the views show."""
LANDING = ("in-flight", "incomplete")
"""Deliveries that the views do not show yet."""


@dataclass(frozen=True, slots=True)
class Period:
    """The days of a report."""

    first: date = date.min
    """Older days are not looked at."""
    last: date = date.max
    """Nor are newer ones."""
    through: date = date.max
    """The last day of which every charge should be there, whoever pays it."""
    currencies: Mapping[str, date] = field(default_factory=dict)
    """The same for the payers of a currency who stopped earlier than others."""
    payer: str | None = None
    """Whose deliveries hold `through` where it is; none where nothing was delivered."""
    asserted_at: datetime | None = None
    """When a source last spoke of that payer's month; none where nothing was delivered."""
    delivered: tuple[date, date] | None = None
    """The first and the last day the lake has; none where nothing was delivered."""
    landing: tuple[str, ...] = ()
    """Days of deliveries whose rows are not all there; the days show what they had before."""

    def sql(self, name: str, **days: date) -> str:
        """Return a question about these days, and about others it names."""
        return question(name, first=self.first, last=self.last, **days)

    @property
    def words(self) -> str:
        """From when to when, as a sentence goes on."""
        if self.last == date.max:
            return f"from {self.first} on"
        return f"from {self.first} to {self.last}"

    def through_of(self, currency: str) -> date:
        """Return the last complete day of a currency."""
        return min(self.through, self.currencies.get(currency, self.through))

    def holds(self, day: str) -> bool:
        """Whether a day is one of them."""
        return self.first.isoformat() <= day <= self.last.isoformat()

    def meets(self, first: str, last: str) -> bool:
        """Whether one of the days from first to last is one of them."""
        return self.first.isoformat() <= last and first <= self.last.isoformat()


ALL_DAYS = Period()


def read_period(
    query: Query, now: datetime, first: date | None = None, last: date | None = None
) -> Period:
    """Choose the days: those asked for, or a year up to the newest month that was delivered.

    The answer comes from what the deliveries say of themselves, so that no charge is read for it.

    Args:
        query: the lake.
        now: the present moment, UTC.
        first: the first day, if a person named one.
        last: the last day, if a person named one; the report then knows no later one.
    """
    rows = query.rows(question("delivered_days"))
    counted = [delivered_day(row) for row in rows if row["status"] in COUNTED]
    days = [d.day for d in counted]
    delivered = (min(days), max(days)) if days else None
    end = last or date.max
    if first is None and delivered is not None:
        first = month_before(min(delivered[1], end, now.date()), MONTHS_BACK)
    complete = complete_through(counted, end)
    period = Period(
        first=first or date.min,
        last=end,
        through=min(complete.through if complete else ended_before(now), end),
        currencies=_by_currency(query, counted, end) if complete else {},
        payer=complete.payer if complete else None,
        asserted_at=complete.asserted_at if complete else None,
        delivered=delivered,
    )
    return replace(period, landing=_landing(rows, period))


def _by_currency(query: Query, counted: Sequence[DeliveredDay], last: date) -> dict[str, date]:
    payers = defaultdict(set)
    for row in query.rows(question("delivered_currencies")):
        payers[row["currency"]].add(who_of(row))
    found = {
        currency: complete_through((d for d in counted if d.who in some), last)
        for currency, some in sorted(payers.items())
    }
    return {currency: complete.through for currency, complete in found.items() if complete}


def _landing(rows: list[dict[str, Any]], period: Period) -> tuple[str, ...]:
    found = {row["charge_date"] for row in rows if row["status"] in LANDING}
    return tuple(sorted(day for day in found if period.holds(day)))
