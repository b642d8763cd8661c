"""The daily anomaly judgement: two gates, two floors, silence where there is no reason."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.amounts import EXACT
from transforms.anomalies.judging import HISTORY_DAYS, MIN_DAYS, RECENT_DAYS, judge

DAY = date(2026, 9, 28)


def history(
    usual: str | int = 100, today: str | int = 100, days: int = 28, weekend: str | int | None = None
) -> dict[str, Decimal]:
    costs = {}
    for back in range(1, days + 1):
        day = DAY - timedelta(days=back)
        quiet = weekend is not None and day.weekday() >= 5
        costs[day.isoformat()] = Decimal(weekend if quiet and weekend is not None else usual)
    costs[DAY.isoformat()] = Decimal(today)
    return costs


@pytest.mark.parametrize(
    ("costs", "impact"),
    [
        (history(today=200), "100"),
        (history(today=131), "31"),
        (history(today=129), None),
        (history(usual=1, today=5), None),
        (history(usual=0, today=50), "50"),
        (history(days=MIN_DAYS - 1, today=900), None),
        (history(today=-500), None),
        ({k: v for k, v in history().items() if k != DAY.isoformat()}, None),
    ],
    ids=["double", "above 30 %", "below 30 %", "tiny base", "from nothing", "young", "credit",
         "no cost"],
)  # fmt: skip
def test_floors(costs: dict[str, Decimal], impact: str | None) -> None:
    """An amount and a percentage together; never on too little history."""
    found = judge(costs, DAY)
    assert (found and found.impact) == (impact and Decimal(impact))


def test_every_digit_counts() -> None:
    """Amounts of 38 digits are compared as they are."""
    level = Decimal("12345678901234567890123456.123456789013")
    costs = dict.fromkeys(history(), level) | {DAY.isoformat(): EXACT.multiply(level, Decimal(2))}
    found = judge(costs, DAY)
    assert found is not None
    assert found.expected == level


def test_a_monday_after_quiet_weekends_is_no_anomaly() -> None:
    """The same-weekday gate: 100 on a Monday is usual, 100 on a Sunday is not."""
    costs = history(usual=100, weekend=20)
    assert judge(costs, DAY) is None
    sunday = DAY - timedelta(days=1)
    loud = costs | {sunday.isoformat(): Decimal(100)}
    assert judge(loud, sunday) is None
    louder = costs | {sunday.isoformat(): Decimal(200)}
    found = judge(louder, sunday)
    assert found is not None
    assert (found.recent_level, found.weekday_level) == (Decimal(100), Decimal(20))


@given(st.lists(st.decimals(0, 1000, places=12), min_size=28, max_size=28), st.integers(0, 3_000))
def test_the_future_does_not_change_the_past(levels: list[Decimal], later: int) -> None:
    """Rows of later days are never part of a day's judgement."""
    costs = {(DAY - timedelta(days=i + 1)).isoformat(): c for i, c in enumerate(levels)}
    costs[DAY.isoformat()] = Decimal(1_500)
    tomorrow = {(DAY + timedelta(days=1)).isoformat(): Decimal(later)}
    assert judge(costs, DAY) == judge(costs | tomorrow, DAY)


def test_a_series_that_was_silent_lately_has_a_level_still() -> None:
    """Ten old days and none of the last fourteen: its recent level is nothing."""
    costs = {
        (DAY - timedelta(days=back)).isoformat(): Decimal(5)
        for back in range(RECENT_DAYS + 1, HISTORY_DAYS)
    }
    found = judge({**costs, DAY.isoformat(): Decimal(90)}, DAY)
    assert found is not None
    assert [found.recent_level, found.expected, found.impact] == [Decimal(n) for n in (0, 5, 85)]


def test_only_its_own_history_counts() -> None:
    """What lies further back than the history changes no verdict."""
    costs = history(today=200)
    old = {
        (DAY - timedelta(days=HISTORY_DAYS + 1 + n)).isoformat(): Decimal(900) for n in range(30)
    }
    assert judge({**costs, **old}, DAY) == judge(costs, DAY)
