"""Is a day abnormal? Only where its total leaves both its recent and its same-weekday level.

Both gates together found the most injected spikes at the fewest false alarms in public daily
series, and a floor in money and in percent keeps tiny bases quiet.
"""

import statistics
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

from transforms.anomalies.model import AbnormalDay

HISTORY_DAYS = 35
RECENT_DAYS = 14
INCOMPLETE_DAYS = 2
"""The newest days are always understated, and never judged."""
MIN_DAYS = 10
"""Days of history, without which nothing is said of a series."""
MIN_PERCENT = 30
MIN_IMPACT = Decimal(10)
"""Floors: in percent of the expected amount and in units of the billing currency, per day."""

_QUANTUM = Decimal("1e-12")
_WIDE = Context(prec=200, rounding=ROUND_HALF_EVEN)


def judge(costs: Mapping[str, Decimal], day: date) -> AbnormalDay | None:
    """Return what is abnormal about a day, given its series' daily totals by date; pure."""
    with localcontext(_WIDE):
        return _judged(costs, day)


def _judged(costs: Mapping[str, Decimal], day: date) -> AbnormalDay | None:
    actual = costs.get(day.isoformat())
    first = days_before(day, HISTORY_DAYS)
    before = {d: c for d, c in costs.items() if first <= d < day.isoformat()}
    if actual is None or len(before) < MIN_DAYS:
        return None
    latest = [c for d, c in before.items() if d >= days_before(day, RECENT_DAYS)]
    recent = statistics.median(latest) if latest else Decimal(0)
    weekdays = [c for d, c in before.items() if date.fromisoformat(d).weekday() == day.weekday()]
    weekday = statistics.median(weekdays) if weekdays else None
    expected = max(recent, Decimal(0) if weekday is None else weekday, Decimal(0))
    impact = actual - expected
    if impact < MIN_IMPACT or impact * 100 < expected * MIN_PERCENT:
        return None
    return AbnormalDay(
        day.isoformat(),
        rounded(actual),
        rounded(expected),
        rounded(recent),
        None if weekday is None else rounded(weekday),
    )


def days_before(day: date, days: int) -> str:
    """Return the date so many days before a day."""
    return (day - timedelta(days=days)).isoformat()


def median(costs: Sequence[Decimal]) -> Decimal:
    """Return the median, in the lake's twelve decimals."""
    with localcontext(_WIDE):
        return rounded(statistics.median(costs))


def rounded(value: Decimal) -> Decimal:
    """Round to the lake's twelve decimals: the median of two amounts may have a thirteenth."""
    return value.quantize(_QUANTUM, context=_WIDE)
