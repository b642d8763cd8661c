"""A month's forecast: laws that hold for any costs, and the cases people will look at."""

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.report.calendar import A_DAY, days_between, end_of_month, month_before
from infra.report.forecast import SHORTEST, DayOfCost, Days, Estimate, Forecast, forecast

AMOUNTS = st.integers(-1_000, 9_999).map(lambda cents: Decimal(cents).scaleb(-2))
COSTS = st.builds(
    DayOfCost, AMOUNTS, st.dictionaries(st.sampled_from(["Tax", "Support"]), AMOUNTS, max_size=2)
)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Days, date]:
    """Up to four months of any costs with days left out, and any last complete day.

    A few drawn days come again and again, with a drawn one in between: months need many.
    """
    first = date(2026, 1, 1) + timedelta(days=draw(st.integers(0, 60)))
    length = draw(st.integers(1, 120))
    few = draw(st.lists(st.none() | COSTS, min_size=1, max_size=9))
    days = {first + timedelta(days=i): cost for i in range(length) if (cost := few[i % len(few)])}
    days[first] = few[0] or DayOfCost(Decimal(1))
    days[first + timedelta(days=draw(st.integers(0, length)))] = draw(COSTS)
    return days, first + timedelta(days=draw(st.integers(-3, length + 40)))


def use(first: date, *amounts: int | str) -> dict[date, DayOfCost]:
    """Return days of use from a first one on."""
    return {first + timedelta(days=i): DayOfCost(Decimal(a)) for i, a in enumerate(amounts)}


def ended(made: Forecast) -> Estimate:
    """Return the estimate of a forecast that has one."""
    assert made.end is not None
    return made.end


@given(histories())
def test_the_range_contains_the_point_and_the_point_its_parts(case: tuple[Days, date]) -> None:
    """The end is what is settled plus what use and bills will add: middle and both ends."""
    made = forecast("USD", *case)
    if made.end is None:
        assert made.history < SHORTEST
        assert made.use is None
        return
    assert made.end.low <= made.end.point <= made.end.high
    for name in ("low", "point", "high"):
        parts = [getattr(e, name) for e in (made.use, made.bills) if e]
        assert getattr(made.end, name) == made.settled + sum(parts)


@given(histories(), st.integers(0, 40))
def test_a_finished_month_is_its_total(case: tuple[Days, date], later: int) -> None:
    """Whatever happened before, and however long ago it ended."""
    days, _ = case
    month = max(days)
    made = forecast("USD", days, end_of_month(month) + timedelta(days=later))
    whole = sum(
        c.whole for day, c in days.items() if (day.year, day.month) == (month.year, month.month)
    )
    assert made.is_over
    assert ended(made) == Estimate.exactly(Decimal(whole))
    assert made.arrived == made.settled == whole


@given(histories(), st.sampled_from(["2", "0.125", "1000"]))
def test_prices_times_k_are_a_forecast_times_k(case: tuple[Days, date], text: str) -> None:
    """The same costs in cents give the same forecast in cents."""
    days, through = case
    k = Decimal(text)
    scaled = {
        day: DayOfCost(c.use * k, {name: bill * k for name, bill in c.bills.items()})
        for day, c in days.items()
    }
    one, other = forecast("USD", days, through), forecast("USD", scaled, through)
    assert (one.end is None) == (other.end is None)
    if one.end and other.end:
        for name in ("low", "point", "high"):
            assert getattr(other.end, name) == getattr(one.end, name) * k


@given(histories())
def test_what_is_not_complete_moves_nothing_but_a_floor(case: tuple[Days, date]) -> None:
    """Use of a day that is not complete raises the forecast at most to what has arrived."""
    days, through = case
    known = {day: cost for day, cost in days.items() if day <= through}
    if not known:
        return
    late = {through + A_DAY: DayOfCost(days[max(days)].use)}
    without, along = (forecast("USD", known | extra, through) for extra in ({}, late))
    if not (without.use and along.use):
        return
    arrived = along.arrived - along.settled
    for name in ("low", "point", "high"):
        expected = getattr(without.use, name)
        assert getattr(along.use, name) == max(expected, arrived)


@given(st.lists(st.decimals(0, 500, places=2), min_size=7, max_size=7), st.integers(1, 27))
def test_a_week_that_repeats_is_forecast_exactly(week: list[Decimal], day: int) -> None:
    """No try on the past is wrong, so the range is a point."""
    first, through = date(2026, 1, 1), date(2026, 4, day)
    days = {d: DayOfCost(week[d.weekday()]) for d in days_between(first, through)}
    expected = sum(week[d.weekday()] for d in days_between(date(2026, 4, 1), date(2026, 4, 30)))
    assert ended(forecast("USD", days, through)) == Estimate.exactly(Decimal(expected))


@pytest.mark.parametrize("growth", [0.0, 0.4])
def test_the_range_holds_about_as_often_as_it_says(growth: float) -> None:
    """On 120 months of noisy weeks, nearly nine in ten ends lie within; the seed is fixed."""
    draws = random.Random(7)
    first, begin, end = date(2026, 1, 1), date(2026, 5, 1), date(2026, 5, 31)
    held = 0
    for _ in range(120):
        cost = {
            d: DayOfCost(
                Decimal(round(draws.gauss(70 if d.weekday() > 4 else 100, 12) + i * growth, 2))
            )
            for i, d in enumerate(days_between(first, end))
        }
        through = begin + timedelta(days=draws.randrange(5, 25))
        known = {d: c for d, c in cost.items() if d <= through}
        made = ended(forecast("USD", known, through))
        held += made.low <= sum(cost[d].use for d in days_between(begin, end)) <= made.high
    assert 96 <= held <= 117


def test_one_spike_moves_nothing() -> None:
    """A median of four weeks does not follow a single day."""
    days = use(date(2026, 3, 1), *[10] * 45)
    spiked = days | {date(2026, 4, 10): DayOfCost(Decimal(900))}
    through = date(2026, 4, 14)
    assert ended(forecast("USD", days, through)).point == 300
    assert ended(forecast("USD", spiked, through)).point == 300 - 10 + 900


@pytest.mark.parametrize(("count", "there"), [(SHORTEST - 1, False), (SHORTEST, True)])
def test_a_week_of_days_is_enough(count: int, there: bool) -> None:
    """Before that there is no forecast; then the range spans the cheapest and dearest days."""
    days = use(date(2026, 4, 1), *range(1, count + 1))
    made = forecast("USD", days, date(2026, 4, count))
    assert (made.end is not None) is there
    if made.use:
        assert (made.tries, made.days_left) == (0, 23)
        assert (made.use.low, made.use.high) == (Decimal(23 * 1), Decimal(23 * count))


def test_a_long_pause_begins_the_history_anew() -> None:
    """A stray day of months ago is no history of free days; a quiet week is part of it."""
    days = use(date(2026, 4, 1), *[10] * 12)
    for stray, known in ((date(2026, 1, 5), 12), (date(2026, 3, 24), 12), (date(2026, 3, 25), 19)):
        made = forecast("USD", days | use(stray, 3), date(2026, 4, 12))
        assert made.history == known
    assert ended(forecast("USD", days | use(date(2026, 1, 5), 3), date(2026, 4, 12))).point == 300


def test_a_short_history_has_a_wide_range() -> None:
    """With too few tries: every day left like the cheapest one, or like the dearest."""
    days = use(date(2026, 4, 1), *[10] * 7, *[14] * 7)
    made = forecast("USD", days, date(2026, 4, 14))
    assert made.use == Estimate(Decimal(160), Decimal(192), Decimal(224))


def bills(*dated: tuple[str, int]) -> dict[date, DayOfCost]:
    """Return a year of one unit a day, with bills of one service on some days."""
    days = use(date(2026, 1, 1), *[1] * 100)
    return days | {
        date.fromisoformat(day): DayOfCost(Decimal(1), {"Tax": Decimal(cost)})
        for day, cost in dated
    }


@pytest.mark.parametrize(
    ("dated", "expected"),
    [
        ([], (0, 0, 0)),
        # In the same part of both months before: the newer amount, both as the range.
        ([("2026-02-20", 50), ("2026-03-21", 40)], (40, 40, 50)),
        ([("2026-02-20", -50), ("2026-03-21", -40)], (-50, -40, -40)),
        # Once is no habit, and the earlier part of the month is over.
        ([("2026-03-21", 40)], (0, 0, 0)),
        ([("2026-02-02", 50), ("2026-03-03", 40)], (0, 0, 0)),
    ],
)
def test_a_bill_is_expected_again_where_it_came_twice(
    dated: list[tuple[str, int]], expected: tuple[int, int, int]
) -> None:
    """Tax on the 20th or so, seen from the 10th of April."""
    made = forecast("USD", bills(*dated), date(2026, 4, 10))
    assert made.bills == Estimate(*map(Decimal, expected))


def test_a_bill_that_has_come_is_not_expected_twice() -> None:
    """It arrived on a day that is not complete yet: the larger of it and of what was expected."""
    usual = [("2026-02-20", 50), ("2026-03-21", 40)]
    for came, expected in ((39, (39, 40, 50)), (60, (40, 60, 60))):
        days = bills(*usual, ("2026-04-09", came))
        made = forecast("USD", days, date(2026, 4, 8))
        assert made.bills.point == expected[1]
        assert made.bills.high == expected[2]
        assert made.arrived == made.settled + 2 + came


def test_the_newest_month_is_that_of_the_first_day_that_is_not_complete() -> None:
    """A few hours of a new month are no month: the old one is finished first."""
    days = use(date(2026, 3, 1), *[10] * 32)
    made = forecast("USD", days, date(2026, 3, 30))
    assert (made.month, made.days_left) == ("2026-03", 1)
    assert ended(made).point == 310
    made = forecast("USD", days, date(2026, 3, 31))
    assert (made.month, made.days_left) == ("2026-04", 30)
    assert ended(made).point == 300
    assert made.arrived == 10
    assert made.settled == 0


def test_the_lines_of_the_chart_end_at_the_numbers() -> None:
    """Known days add up to what is settled, expected ones to the point."""
    days = use(date(2026, 3, 1), *[10] * 31, *[12] * 9)
    made = forecast("USD", days, date(2026, 4, 9))
    assert made.actual[-1] == (date(2026, 4, 9), Decimal(108))
    assert made.expected[0][0] == date(2026, 4, 10)
    assert made.expected[-1] == (date(2026, 4, 30), ended(made).point)
    assert made.previous[-1] == (date(2026, 3, 31), Decimal(310))


def test_an_estimate_is_in_order() -> None:
    """A point outside its range is refused."""
    with pytest.raises(ValueError, match="2 is not between 3 and 4"):
        Estimate(Decimal(3), Decimal(2), Decimal(4))


def test_months_and_their_ends() -> None:
    """Over the turn of a year, and in February."""
    assert end_of_month(date(2028, 2, 10)) == date(2028, 2, 29)
    assert end_of_month(date(2026, 12, 31)) + A_DAY == date(2027, 1, 1)
    assert month_before(date(2026, 1, 31)) == date(2025, 12, 1)
    assert month_before(date(2026, 3, 31), 13) == date(2025, 2, 1)
