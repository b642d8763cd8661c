"""What the anomaly job says of the simulated month, against what was hidden in it."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest

from producers.sources.simulator import Simulator
from producers.sources.simulator.clock import DAY
from producers.sources.simulator.ground_truth import Truth, ground_truth
from transforms.anomalies import AbnormalDay, Series, judge

Totals = dict[Series, dict[str, Decimal]]
Found = tuple[Series, AbnormalDay]
START = date(2026, 9, 1)
DAYS = 30


def totals(simulator: Simulator) -> Totals:
    """Return usage cost by day and series, as the job asks for it, without any lake."""
    found: Totals = defaultdict(lambda: defaultdict(Decimal))
    # Rows may arrive up to 54 hours after their hour.
    for hour in range(simulator.start, simulator.start + (DAYS + 3) * DAY):
        for row in simulator.rows(hour):
            charge = row.charge
            if charge["charge_category"] == "Usage" and charge["charge_class"] is None:
                series = (
                    charge["billing_account_id"],
                    charge["sub_account_id"],
                    charge["service_name"],
                    charge["region_id"],
                    charge["billing_currency"],
                )
                cost = Decimal(charge["effective_cost"])
                found[series][row.charge_date] += cost
    return found


def is_of(found: Found, truth: Truth) -> bool:
    series, day = found
    first, last = truth.start.date().isoformat(), truth.end.date().isoformat()
    named = (truth.sub_account_id, truth.service_name, truth.region_id)
    return series[1:4] == named and first <= day.charge_date <= last


@pytest.mark.parametrize("seed", [1, 7])
def test_doubled_costs_are_found_and_decoys_are_not(seed: int) -> None:
    """Recall of at least 0.8 at +100 % and more; at most one false anomaly a series; no decoy."""
    simulator = Simulator(seed, START, DAYS)
    found = [
        (series, day)
        for series, costs in totals(simulator).items()
        for offset in range(DAYS)
        if (day := judge(costs, START + timedelta(days=offset)))
    ]
    truths = ground_truth(simulator)
    spikes = [t for t in truths if t.is_anomaly]
    doubled = [t for t in spikes if t.factor >= 2]
    hits = [t for t in doubled if any(is_of(a, t) for a in found)]
    assert len(spikes) == 10
    assert len(hits) >= 0.8 * len(doubled)
    false = [a for a in found if not any(is_of(a, t) for t in spikes)]
    assert max(Counter(series for series, _ in false).values(), default=0) <= 1
    decoys = [t for t in truths if not t.is_anomaly]
    assert not [a for a in false if any(is_of(a, d) for d in decoys)]
