"""The simulated organisation: large enough, real enough, and in FOCUS's terms."""

from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from statistics import mean, stdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.errors import SourceError
from producers.sources.simulator import Simulator
from producers.sources.simulator.ground_truth import Truth
from schemas.tables import FOCUS
from tests.producers.simulator.focus_rules import broken
from tests.producers.simulator.september import Month, SeriesName, day_deliveries, delivery

REQUIRED_TAGS = ("application", "environment", "business_unit")


def test_size(month: Month) -> None:
    """A month has the accounts, services, resources and events that the demo promises."""
    assert len(month.accounts) >= 5
    assert len(month.categories) >= 12
    assert len(month.resources) >= 400
    assert len(month.regions) >= 3
    assert month.rows_within >= 300_000


def test_one_category_a_service(month: Month) -> None:
    """A ServiceName has exactly one ServiceCategory."""
    assert all(len(categories) == 1 for categories in month.categories.values())


@given(seed=st.integers(0, 2**32), start=st.dates(date(2020, 1, 1), date(2030, 12, 31)))
@settings(max_examples=12, deadline=None)
def test_any_seed(seed: int, start: date) -> None:
    """Any seed and any first day give a world of the promised size whose rows keep the rules."""
    world = Simulator(seed, start)
    rows = list(world.rows(world.start))
    assert 420 <= len(rows) <= 600
    assert not [b for row in rows if (b := broken(row.charge))]
    assert len({row.charge["resource_id"] for row in rows}) >= 400
    assert len(world.plan.injections) == len({i.series for i in world.plan.injections})


def test_too_short() -> None:
    """A range that cannot hold the spikes is refused in one line."""
    with pytest.raises(SourceError, match="give at least 28"):
        Simulator(1, date(2026, 9, 1), days=27)


@pytest.mark.parametrize("day", [1, 14, 18, 20, 21, 27])
def test_focus(world: Simulator, day: int) -> None:
    """Every row of a day keeps FOCUS's cross-column rules, on the days of monthly charges too."""
    bad = Counter(n for row in day_deliveries(world, day) for n in broken(row.charge))
    assert not bad


def test_prices_and_skus(world: Simulator) -> None:
    """A SkuPriceId has one SkuId and one list price."""
    found = defaultdict(set)
    for row in day_deliveries(world, 1):
        charge = row.charge
        if charge["sku_price_id"] and charge["charge_category"] == "Usage":
            found[charge["sku_price_id"]].add((charge["sku_id"], charge["list_unit_price"]))
    assert all(len(values) == 1 for values in found.values())


def test_every_kind_of_charge(world: Simulator) -> None:
    """Usage, Purchase, Tax, Credit, and commitments used and unused all occur."""
    rows = [row.charge for day in (1, 20, 21) for row in day_deliveries(world, day)]
    assert {row["charge_category"] for row in rows} == {"Usage", "Purchase", "Tax", "Credit"}
    assert {row["commitment_discount_status"] for row in rows} == {None, "Used", "Unused"}
    assert {row["commitment_discount_category"] for row in rows} == {None, "Spend", "Usage"}


def test_commitments(month: Month) -> None:
    """Over a month, effective used + effective unused = billed purchases, to the last digit."""
    assert len(month.committed) >= 2
    for paid in month.committed.values():
        assert paid["Used"] > paid["Unused"] > 0
        assert paid["Used"] + paid["Unused"] == paid["billed"]
        assert paid["Purchase"] == 0


def test_columns(world: Simulator) -> None:
    """A charge has every column of the contract, in its order, and no other."""
    names = ["ordinal", *(column.name for column in FOCUS), "x_extensions"]
    assert all(list(row.charge) == names for row in delivery(world, 1))


def test_amounts(world: Simulator) -> None:
    """A row's amounts are its amount columns; stored + residue is price times quantity, exactly."""
    rounded = 0
    for row in delivery(world, 30):
        assert {name: amount.text for name, amount in row.amounts} == {
            name: row.charge[name] for name, _ in row.amounts
        }
        assert all(
            row.charge[c.name] is None or c.name in dict(row.amounts)
            for c in FOCUS
            if c.type.startswith("decimal")
        )
        amounts = dict(row.amounts)
        listed = amounts["list_cost"]
        price, quantity = row.charge["list_unit_price"], row.charge["pricing_quantity"]
        assert Decimal(listed.text) + listed.residue == Decimal(price) * Decimal(quantity)
        assert (row.notes != ()) == any(amount.residue for amount in amounts.values())
        rounded += row.notes != ()
    assert rounded > 20


def test_tags(world: Simulator) -> None:
    """Some tags are good; others are in the wrong case, empty, of another value, or missing."""
    seen: Counter[str] = Counter()
    for row in delivery(world, 1):
        tags = row.charge["tags"] if row.charge["resource_type"] else {}
        if tags is None:
            seen["none"] += 1
        elif all(tags.get(key) for key in REQUIRED_TAGS):
            seen["good" if tags["environment"] in {"prod", "staging", "dev"} else "value"] += 1
        elif "Environment" in tags:
            seen["case"] += 1
        elif "" in tags.values():
            seen["empty"] += 1
        elif tags:
            seen["key"] += 1
    assert seen["good"] > sum(seen.values()) / 2
    assert min(seen[kind] for kind in ("none", "value", "case", "empty", "key")) >= 10


def test_tiny_recurring_costs(month: Month) -> None:
    """Many resources cost between one and ten dollars a month, and many less than one."""
    costs = [cost / 10**12 for cost in month.resources.values()]
    assert sum(1 <= cost <= 10 for cost in costs) >= 80
    assert sum(0 < cost < 1 for cost in costs) >= 20


def test_noise_and_weekends(month: Month, truths: tuple[Truth, ...]) -> None:
    """Quiet series stray 2 to 9 % on weekdays; some dip 20 to 40 % at weekends, some not at all."""
    disturbed = {SeriesName(t.service_name, t.sub_account_id, t.region_id) for t in truths}
    noise, dips = [], []
    for series in {series for series, _ in month.usage} - disturbed:
        week, weekend = _levels(month, series)
        if mean(week) > 30:
            noise.append(stdev(week) / mean(week))
            dips.append(1 - mean(weekend) / mean(week))
    assert 0.03 < mean(noise) < 0.08
    assert all(0.015 < deviation < 0.10 for deviation in noise)
    assert sum(0.15 < dip < 0.42 for dip in dips) > 20
    assert sum(abs(dip) < 0.05 for dip in dips) >= 2


def _levels(month: Month, series: SeriesName) -> tuple[list[float], list[float]]:
    days = [date(2026, 9, day) for day in range(1, 31)]
    costs = {day: month.usage[series, day.isoformat()] / 10**12 for day in days}
    weekend = [cost for day, cost in costs.items() if day.weekday() >= 5]
    return [cost for day, cost in costs.items() if day.weekday() < 5], weekend
