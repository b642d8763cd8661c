"""Days and months of the report: charge dates, UTC."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

A_DAY = timedelta(days=1)
LONGEST_PAUSE = 7
"""Days; one more without any charge, and what came before is another story."""


def days_between(first: date, last: date) -> Iterator[date]:
    """Yield the days from first to last, both included."""
    for i in range((last - first).days + 1):
        yield first + timedelta(days=i)


def newest_stretch(days: Iterable[date]) -> date:
    """Return the first day of the newest days that no longer pause than a week interrupts.

    Before a longer one lies another source, or nothing was delivered: no level of today's.
    """
    first, *older = sorted(set(days), reverse=True)
    for day in older:
        if (first - day).days > LONGEST_PAUSE:
            break
        first = day
    return first


def first_of_month(day: date) -> date:
    """Return the first day of a day's month."""
    return day.replace(day=1)


def end_of_month(day: date) -> date:
    """Return the last day of a day's month."""
    return first_of_month(day.replace(day=28) + timedelta(days=4)) - A_DAY


def month_before(day: date, months: int = 1) -> date:
    """Return the first day of the month that lies so many months before a day's."""
    for _ in range(months):
        day = first_of_month(day) - A_DAY
    return first_of_month(day)
