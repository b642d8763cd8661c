"""Which days a report is about, and which of them are not complete yet."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from infra.report.calendar import A_DAY, month_before
from infra.report.queries import question
from transforms.ports import Query

MONTHS_BACK = 12
"""A report has so many whole months before the newest one, unless it is asked for others."""
GRACE = timedelta(days=1)
"""How long after a day's end a bill of it still grows: AWS adds to the day before, all day."""
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
    """The last day of which every charge should be there."""
    asserted_at: datetime | None = None
    """When a source last said what it knew; none where nothing was delivered."""
    landing: tuple[str, ...] = ()
    """Days of deliveries whose rows are not all there; the days show what they had before."""

    def sql(self, name: str, **days: date) -> str:
        """Return a question about these days, and about others it names."""
        return question(name, first=self.first, last=self.last, **days)

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
    counted = [row for row in rows if row["status"] in COUNTED]
    asserted = max((row["asserted_at"] for row in counted), default=None)
    through = _complete(asserted or now)
    newest = max((date.fromisoformat(row["charge_date"]) for row in counted), default=None)
    if first is None and newest is not None:
        first = month_before(min(newest, last or newest, now.date()), MONTHS_BACK)
    period = Period(first or date.min, last or date.max, min(through, last or date.max), asserted)
    return Period(
        period.first, period.last, period.through, period.asserted_at, _landing(rows, period)
    )


def _complete(moment: datetime) -> date:
    """Return the newest day that ended a grace before."""
    return (moment - GRACE).date() - A_DAY


def _landing(rows: list[dict[str, Any]], period: Period) -> tuple[str, ...]:
    found = {row["charge_date"] for row in rows if row["status"] in LANDING}
    return tuple(sorted(day for day in found if period.holds(day)))
