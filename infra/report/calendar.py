"""Days and months of the report: charge dates, UTC."""

from collections.abc import Iterator
from datetime import date, timedelta

A_DAY = timedelta(days=1)


def days_between(first: date, last: date) -> Iterator[date]:
    """Yield the days from first to last, both included."""
    for i in range((last - first).days + 1):
        yield first + timedelta(days=i)


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
