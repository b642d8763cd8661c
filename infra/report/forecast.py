"""What a month will have cost by its end: a number, a range, and how both came about.

Use and bills are forecast apart. Use goes on every day: each day to come is expected to cost the
median of the same weekdays of the last four weeks. The same method is tried on the past; the median
of its errors, which is what a trend makes it lag behind, is added, and the middle 90 % of them are
the range. A bill comes on one day (tax, a fee, a
purchase, a credit): it is expected again where its service had one in the same part of each of the
last two months.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate

from infra.report.amounts import scaled_by, total
from infra.report.calendar import (
    A_DAY,
    days_between,
    end_of_month,
    first_of_month,
    month_before,
    newest_stretch,
)
from schemas.amounts import EXACT

WEEK = 7
BACK = 4 * WEEK
"""Days that a level is taken from: four of each weekday."""
SHORTEST = WEEK
"""Complete days before which there is nothing to forecast from: one of each weekday."""
TRIES = 91
"""The past on which the method is tried: so many starting days at most."""
FEWEST_TRIES = 10
"""With fewer, a quantile of the errors says nothing; the cheapest and the dearest day do."""
LEFT_OUT = Decimal("0.05")
"""The share of the errors on each side that the range leaves out."""

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class DayOfCost:
    """What a day cost in one currency."""

    use: Decimal = _NOTHING
    """Effective cost of what is charged by use."""
    bills: Mapping[str, Decimal] = field(default_factory=dict)
    """Effective cost of one-day charges, by service."""

    @property
    def whole(self) -> Decimal:
        """Both together."""
        return total((self.use, *self.bills.values()))


Days = Mapping[date, DayOfCost]


@dataclass(frozen=True, slots=True)
class Estimate:
    """An amount and the range it is expected in."""

    low: Decimal
    point: Decimal
    high: Decimal

    def __post_init__(self) -> None:
        if not self.low <= self.point <= self.high:
            raise ValueError(f"{self.point} is not between {self.low} and {self.high}")

    @classmethod
    def around(cls, point: Decimal, *others: Decimal) -> "Estimate":
        """Return the narrowest range that has all of them."""
        return cls(min((point, *others)), point, max((point, *others)))

    @classmethod
    def exactly(cls, amount: Decimal) -> "Estimate":
        """Return a range of one amount."""
        return cls(amount, amount, amount)

    def plus(self, *others: "Estimate") -> "Estimate":
        """Add estimates end to end."""
        every = (self, *others)
        return Estimate(
            total(e.low for e in every), total(e.point for e in every), total(e.high for e in every)
        )

    def at_least(self, amount: Decimal) -> "Estimate":
        """Return the same, raised to an amount that is known to have come."""
        return Estimate(max(self.low, amount), max(self.point, amount), max(self.high, amount))


@dataclass(frozen=True, slots=True)
class Forecast:
    """One currency's newest month."""

    currency: str
    month: str
    """YYYY-MM of the charge dates."""
    through: date
    """The last complete day it rests on; days after it are forecast."""
    arrived: Decimal
    """Everything of the month that has arrived, days that are not complete included."""
    settled: Decimal
    """What the complete days of the month cost."""
    days_left: int
    """Days of the month that are not complete; none of a month that is over."""
    history: int
    """Complete days there are since the last pause of more than a week."""
    tries: int
    """Starting days the range was measured on; none where it is the spread of the days."""
    use: Estimate | None
    """What use will cost on the days left; none where the history is too short."""
    bills: Estimate
    """What bills will cost on the days left."""
    end: Estimate | None
    """The month's total; none where the history is too short."""
    actual: tuple[tuple[date, Decimal], ...]
    """The month's complete days, added up."""
    expected: tuple[tuple[date, Decimal], ...]
    """The days left, added up from there to the point of `end`."""
    previous: tuple[tuple[date, Decimal], ...]
    """The month before, added up; empty where its days are not all there."""

    @property
    def is_over(self) -> bool:
        """Whether every day of the month is complete."""
        return not self.days_left


def forecast(currency: str, days: Days, through: date) -> Forecast:
    """Forecast the month of the first day that is not complete, or sum up the newest month.

    Args:
        currency: of all amounts.
        days: days with charges, at least one; a day that is not here cost nothing.
        through: the last complete day; what came later is a floor, and nothing else.
    """
    first = newest_stretch(days)
    at = max(first, min(max(days), through + A_DAY if through < date.max else through))
    begin, end = first_of_month(at), end_of_month(at)
    through = min(through, end)
    settled = [(day, days.get(day, DayOfCost())) for day in days_between(begin, through)]
    left = list(days_between(max(begin, through + A_DAY), end))
    late = [days[day] for day in left if day in days]
    history = (through - first).days + 1
    known = total(day.whole for _, day in settled)
    use, tries, steps = _use_to_come(days, first, through, left) if left else (None, 0, [])
    if use is not None and late:
        use = use.at_least(total(day.use for day in late))
    bills = _bills_to_come(days, first, begin, left, late)
    whole: Estimate | None = None
    if not left:
        whole = Estimate.exactly(known)
    elif use is not None:
        whole = Estimate.exactly(known).plus(use, bills)
    return Forecast(
        currency=currency,
        month=begin.isoformat()[:7],
        through=through,
        arrived=total((known, *(day.whole for day in late))),
        settled=known,
        days_left=len(left),
        history=max(history, 0),
        tries=tries,
        use=use,
        bills=bills,
        end=whole,
        actual=_added_up([day for day, _ in settled], [cost.whole for _, cost in settled]),
        expected=_way_to(whole, known, left, steps),
        previous=_month(days, first, month_before(begin)),
    )


def _use_to_come(
    days: Days, first: date, through: date, left: Sequence[date]
) -> tuple[Estimate | None, int, list[Decimal]]:
    """Return the estimate of the days left, the tries behind its range, and each day's share."""
    series = [days.get(day, DayOfCost()).use for day in days_between(first, through)]
    if len(series) < SHORTEST:
        return None, 0, []
    horizon = len(left)
    steps = _steps(series, len(series), horizon)
    level = total(steps)
    errors = [
        EXACT.subtract(
            total(series[start : start + horizon]), total(_steps(series, start, horizon))
        )
        for start in range(BACK, len(series) - horizon + 1)
    ][-TRIES:]
    if len(errors) >= FEWEST_TRIES:
        errors.sort()
        out = int(LEFT_OUT * len(errors))
        lag = _median(errors)
        low, point, high = (
            EXACT.add(level, error) for error in (errors[out], lag, errors[-1 - out])
        )
        # Spread over the days for the drawing; the sum does not go through it.
        caught = [EXACT.add(step, scaled_by(lag, 1, horizon)) for step in steps]
        return Estimate(low, point, high), len(errors), caught
    # Two or three like weekdays know too little: the ends take every day for the same.
    ends = [EXACT.multiply(day(series[-BACK:]), Decimal(horizon)) for day in (min, max)]
    return Estimate.around(level, *ends), 0, steps


def _steps(series: Sequence[Decimal], start: int, horizon: int) -> list[Decimal]:
    """Return what each of the days from `start` on is expected to cost, by the days before it."""
    weekly = [_median(_same_weekday(series, start, i)) for i in range(min(WEEK, horizon))]
    return [weekly[i % WEEK] for i in range(horizon)]


def _same_weekday(series: Sequence[Decimal], start: int, ahead: int) -> list[Decimal]:
    """Return the last four weeks' days of the weekday that lies `ahead` days after `start`."""
    newest = start - WEEK + ahead % WEEK
    return [series[i] for i in range(newest, max(start - BACK, 0) - 1, -WEEK)]


def _median(amounts: Sequence[Decimal]) -> Decimal:
    ranked, middle = sorted(amounts), len(amounts) // 2
    if len(ranked) % 2:
        return ranked[middle]
    return EXACT.multiply(EXACT.add(ranked[middle - 1], ranked[middle]), Decimal("0.5"))


def _bills_to_come(
    days: Days, first: date, begin: date, left: Sequence[date], late: Sequence[DayOfCost]
) -> Estimate:
    """Expect what came on the same days of both months before; what has come already is known."""
    came = _by_service(late)
    before = []
    for months in (1, 2):
        month = month_before(begin, months)
        if left and month >= first_of_month(first):
            since = month + timedelta(days=left[0].day - 1)
            part = [days[day] for day in days_between(since, end_of_month(month)) if day in days]
            before.append(_by_service(part))
    again = set.intersection(*map(set, before)) if len(before) == 2 else set()
    found = []
    for service in sorted(came.keys() | again):
        usual = [month[service] for month in before] if service in again else []
        point = max((came.get(service, _NOTHING), *usual[:1]), key=abs)
        found.append(Estimate.around(point, *usual))
    return Estimate.exactly(_NOTHING).plus(*found)


def _by_service(days: Sequence[DayOfCost]) -> dict[str, Decimal]:
    services = {service for day in days for service in day.bills}
    sums = {s: total(day.bills.get(s, _NOTHING) for day in days) for s in services}
    return {service: cost for service, cost in sums.items() if cost}


def _month(days: Days, first: date, begin: date) -> tuple[tuple[date, Decimal], ...]:
    if begin < first:
        return ()
    span = list(days_between(begin, end_of_month(begin)))
    return _added_up(span, [days.get(day, DayOfCost()).whole for day in span])


def _added_up(days: Sequence[date], amounts: Sequence[Decimal]) -> tuple[tuple[date, Decimal], ...]:
    return tuple(zip(days, accumulate(amounts, EXACT.add), strict=True))


def _way_to(
    end: Estimate | None, known: Decimal, left: Sequence[date], steps: Sequence[Decimal]
) -> tuple[tuple[date, Decimal], ...]:
    """Add up the days left; the last one arrives at the month's end, bills and floors included."""
    if end is None or not left:
        return ()
    way = [EXACT.add(known, sofar) for sofar in accumulate(steps, EXACT.add)]
    return tuple(zip(left, [*way[:-1], end.point], strict=True))
