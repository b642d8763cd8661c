"""Hours as numbers since 1970, UTC, and what a charge says of its time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from producers.sources import Scope

DAY = 24
_HOUR_MICROS = 3_600_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Period:
    """A charge period, and the open billing period it falls into."""

    scope: Scope
    charge_date: str
    times: dict[str, int]
    """The four time columns; shared by all rows of the period: read it, never change it."""


@lru_cache(maxsize=256)
def period(payer: str, start: int, end: int) -> Period:
    """Return the charge period from hour `start` to hour `end`, exclusive.

    A late row keeps the billing period its cost arose in: that period is still open (FOCUS,
    Correction Handling).
    """
    first = month_start(start)
    times = {
        "billing_period_start": first * _HOUR_MICROS,
        "billing_period_end": next_month(start) * _HOUR_MICROS,
        "charge_period_start": start * _HOUR_MICROS,
        "charge_period_end": end * _HOUR_MICROS,
    }
    day = moment(start).strftime("%Y-%m-%d")
    return Period(Scope(payer, day[:7]), day, times)


def hour_of(when: datetime) -> int:
    """Return the hour a moment lies in; the moment must name its zone."""
    return (when - _EPOCH) // timedelta(hours=1)


def first_hour(day: date) -> int:
    """Return the first hour of a day."""
    return hour_of(datetime(day.year, day.month, day.day, tzinfo=UTC))


def moment(hour: int) -> datetime:
    """Return when an hour begins."""
    return _EPOCH + timedelta(hours=hour)


def micros(hour: int) -> int:
    """Return when an hour begins, in microseconds since 1970."""
    return hour * _HOUR_MICROS


def weekday(hour: int) -> int:
    """Return the weekday, Monday 0; 1970 began on a Thursday."""
    return (hour // DAY + 3) % 7


@lru_cache(maxsize=64)
def month_start(hour: int) -> int:
    """Return the first hour of the hour's month."""
    return first_hour(moment(hour).date().replace(day=1))


@lru_cache(maxsize=64)
def next_month(hour: int) -> int:
    """Return the first hour of the month after the hour's."""
    return month_start(month_start(hour) + 32 * DAY)
