"""What is made to happen does happen, as large as the ground truth says, and nowhere else."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.sources.simulator import Simulator
from producers.sources.simulator.clock import moment
from producers.sources.simulator.ground_truth import Truth, ground_truth
from producers.sources.simulator.plan import Kind
from tests.producers.simulator.september import (
    MIDNIGHT,
    Month,
    SeriesName,
    delivery,
    series_of,
    simulator,
)

END = MIDNIGHT + timedelta(days=30)


def _series(truth: Truth) -> SeriesName:
    return SeriesName(truth.service_name, truth.sub_account_id, truth.region_id)


def _cost(month: Month, truth: Truth, day: date) -> Decimal:
    return Decimal(month.usage[_series(truth), day.isoformat()]).scaleb(-12)


def _usual(month: Month, truth: Truth) -> Decimal:
    """The level of the other days of the same weekday."""
    day = truth.start.date()
    others = [date(2026, 9, n) for n in range(1, 31) if date(2026, 9, n) != day]
    return median(_cost(month, truth, d) for d in others if d.weekday() == day.weekday())


def _of(truths: tuple[Truth, ...], kind: Kind) -> list[Truth]:
    found = [truth for truth in truths if truth.kind is kind]
    assert found
    return found


def test_ten_spikes_and_as_many_decoys(truths: tuple[Truth, ...]) -> None:
    """Ten spikes on ten services on ten days, and at least ten kinds of decoy."""
    spikes = [truth for truth in truths if truth.is_anomaly]
    decoys = [truth for truth in truths if not truth.is_anomaly]
    assert len(spikes) == len({t.service_name for t in spikes}) == 10
    assert len({t.start.date() for t in spikes}) == 10
    assert len({t.kind for t in decoys}) >= 10
    assert len({t.truth_id for t in truths}) == len(truths)
    assert not {_series(t) for t in spikes} & {_series(t) for t in decoys if t.region_id}


@given(seed=st.integers(0, 2**32), days=st.integers(28, 90))
@settings(max_examples=10, deadline=None)
def test_spikes_of_any_seed(seed: int, days: int) -> None:
    """Spikes last hours to a day, within one UTC day of the second half, 1.3 to 5 times a day."""
    first = MIDNIGHT.date()
    spikes = [t for t in ground_truth(Simulator(seed, first, days)) if t.is_anomaly]
    for spike in spikes:
        assert MIDNIGHT + timedelta(days=days // 2) <= spike.start
        assert spike.end <= MIDNIGHT + timedelta(days=days - 2)
        assert timedelta(hours=6) <= spike.end - spike.start <= timedelta(hours=24)
        assert (spike.end - timedelta(seconds=1)).date() == spike.start.date()
        assert Decimal("1.3") <= spike.factor <= 5
        assert spike.extra_cost > 5
    assert len({(t.service_name) for t in spikes}) == 10


def test_the_same_truth_again(truths: tuple[Truth, ...]) -> None:
    """The truth follows from the seed alone."""
    assert ground_truth(simulator()) == truths
    assert ground_truth(Simulator(2, MIDNIGHT.date())) != truths


def test_spiked_days(month: Month, truths: tuple[Truth, ...]) -> None:
    """A spiked day costs about its factor times an ordinary day of its weekday."""
    for spike in _of(truths, Kind.SPIKE):
        ratio = _cost(month, spike, spike.start.date()) / _usual(month, spike)
        assert abs(ratio / spike.factor - 1) < Decimal("0.17"), (spike, ratio)


def test_extra_cost(month: Month, truths: tuple[Truth, ...]) -> None:
    """Without its extra cost a spiked day is an ordinary one, but for its noise."""
    for spike in _of(truths, Kind.SPIKE):
        usual = _usual(month, spike)
        rest = _cost(month, spike, spike.start.date()) - spike.extra_cost
        assert abs(rest / usual - 1) < Decimal("0.2"), spike


def test_spiked_hours_only(world: Simulator, truths: tuple[Truth, ...]) -> None:
    """The money of a spike lies within its window: to the digit nothing else changed."""
    for spike in _of(truths, Kind.SPIKE)[:3]:
        injected = next(
            i
            for i in world.plan.injections
            if moment(i.start) == spike.start and i.kind is Kind.SPIKE
        )
        series = world.plan.series[injected.series]
        for hour in range(injected.start // 24 * 24 - 24, injected.start // 24 * 24 + 48):
            changed = any(
                world.quantity(series, line, hour) != world.true_quantity(series, line, hour)
                for line in series.lines
            )
            assert changed == (injected.start <= hour < injected.end)


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        (Kind.DROP, "0.25", "0.45"),
        (Kind.SMALL_PERCENTAGE, "0.93", "1.22"),
        (Kind.TINY_BASE, "8", "16"),
        (Kind.RESTATED_DAY, "0.85", "1.15"),
        (Kind.LATE_DAY, "0.85", "1.15"),
    ],
)
def test_one_day_decoys(
    month: Month, truths: tuple[Truth, ...], kind: Kind, low: str, high: str
) -> None:
    """A decoy's day, when all has arrived, is what the ground truth says of it."""
    (decoy,) = _of(truths, kind)
    ratio = _cost(month, decoy, decoy.start.date()) / _usual(month, decoy)
    assert Decimal(low) < ratio < Decimal(high)


def test_tiny_base(month: Month, truths: tuple[Truth, ...]) -> None:
    """The largest ratio of all is worth less than half a dollar."""
    (decoy,) = _of(truths, Kind.TINY_BASE)
    assert 0 < decoy.extra_cost < Decimal("0.5")
    assert decoy.factor > max(t.factor for t in _of(truths, Kind.SPIKE))
    assert _usual(month, decoy) < Decimal("0.05")


def test_weekly_batch(month: Month, truths: tuple[Truth, ...]) -> None:
    """Every Saturday, from the first on, costs about twice the other days."""
    (decoy,) = _of(truths, Kind.WEEKLY_BATCH)
    friday = median(_cost(month, decoy, date(2026, 9, n)) for n in (4, 11, 18, 25))
    for saturday in (5, 12, 19, 26):
        assert Decimal("1.8") < _cost(month, decoy, date(2026, 9, saturday)) / friday < 3


def test_weekend_pattern(month: Month, truths: tuple[Truth, ...]) -> None:
    """Mondays cost over 30 % more than the Sundays before them."""
    (decoy,) = _of(truths, Kind.WEEKEND_PATTERN)
    for sunday in (6, 13, 20, 27):
        days = (date(2026, 9, sunday), date(2026, 9, sunday + 1))
        before, after = (_cost(month, decoy, day) for day in days)
        assert after > before * Decimal("1.3")


def test_growth(month: Month, truths: tuple[Truth, ...]) -> None:
    """A growing series ends well above its first week, without a jump in between."""
    (decoy,) = _of(truths, Kind.GROWTH)
    weeks = [
        sum(_cost(month, decoy, date(2026, 9, n)) for n in range(start, start + 7))
        for start in (1, 8, 15, 22)
    ]
    assert weeks == sorted(weeks)
    assert weeks[3] > weeks[0] * Decimal("1.12")
    assert all(b < a * Decimal("1.15") for a, b in pairwise(weeks))


def test_new_resource(world: Simulator, month: Month, truths: tuple[Truth, ...]) -> None:
    """A resource appears for the first time, and its series hardly notices."""
    (decoy,) = _of(truths, Kind.NEW_RESOURCE)
    born = int((decoy.start - MIDNIGHT).total_seconds()) // 3600
    day_before, day_after = (
        {
            row.charge["resource_id"]
            for hours in range(born + offset + 1, born + offset + 25)
            for row in delivery(world, hours)
            if series_of(row) == _series(decoy)
        }
        for offset in (-24, 0)
    )
    assert len(day_after - day_before) == 1
    days = Decimal((END - decoy.start).days)
    assert 0 < decoy.extra_cost / days < _usual(month, decoy) * Decimal("0.15")


def test_late_day(world: Simulator, truths: tuple[Truth, ...]) -> None:
    """Half of the late day is missing when it ends, and there two days later."""
    (decoy,) = _of(truths, Kind.LATE_DAY)
    first = int((decoy.start - MIDNIGHT).total_seconds()) // 3600
    arrived = [
        hours
        for hours in range(first + 1, first + 51)
        for row in delivery(world, hours)
        if series_of(row) == _series(decoy) and row.charge_date == f"{decoy.start:%Y-%m-%d}"
    ]
    on_time = sum(hours <= first + 24 for hours in arrived)
    assert 0.3 < on_time / len(arrived) <= 0.5


def test_restated_day(world: Simulator, month: Month, truths: tuple[Truth, ...]) -> None:
    """Reversals cancel every row of the day, so that its net money is the restated money."""
    (decoy,) = _of(truths, Kind.RESTATED_DAY)
    day, series = f"{decoy.start:%Y-%m-%d}", _series(decoy)
    first = int((decoy.start - MIDNIGHT).total_seconds()) // 3600
    rows = [
        row
        for hours in range(first + 1, first + 100)
        for row in delivery(world, hours)
        if series_of(row) == series and row.charge_date == day
    ]
    sums = {"Reversal": 0, "Restated": 0, "told": 0}
    for row in rows:
        words = row.charge["charge_description"].split(":")[0]
        sums[words if words in sums else "told"] += dict(row.amounts)["effective_cost"].scaled
        assert row.charge["charge_class"] is None
    assert sums["Reversal"] == -sums["told"] != 0
    assert month.usage[series, day] == sums["Restated"]
    assert month.told[series, day] == sums["told"]
    assert Decimal("0.78") < Decimal(sums["told"]) / sums["Restated"] < Decimal("0.82")


def test_monthly_charges(world: Simulator, truths: tuple[Truth, ...]) -> None:
    """Fees, tax and the credit are charged once, on their day, with the truth's amount."""
    once = [t for t in truths if t.kind in {Kind.MONTHLY_FEE, Kind.TAX_DAY, Kind.CREDIT}]
    categories = {Kind.MONTHLY_FEE: "Purchase", Kind.TAX_DAY: "Tax", Kind.CREDIT: "Credit"}
    assert {t.kind for t in once} == set(categories)
    for truth in once:
        hours = int((truth.start - MIDNIGHT).total_seconds()) // 3600 + 1
        charged = [
            Decimal(row.charge["billed_cost"])
            for row in delivery(world, hours)
            if series_of(row) == _series(truth)
            and row.charge["charge_category"] == categories[truth.kind]
        ]
        assert charged == [truth.extra_cost]
