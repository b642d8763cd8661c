"""How well the anomalies match what the simulator hid: true, false and missed, by name."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from producers.sources.simulator import Simulator
from producers.sources.simulator.ground_truth import Truth, ground_truth
from transforms.ports import Query

_ANOMALIES = """
select charge_date, end_date, sub_account_id, service_name, region_id, billing_currency,
       actual, expected, impact
from anomalies where status <> 'withdrawn'
order by charge_date, service_name, sub_account_id, region_id
"""
_SERIES = """
select count(*) as n from (
    select distinct sub_account_id, service_name, region_id from charges
    where charge_date between '{first}' and '{last}' and charge_category = 'Usage'
)
"""


@dataclass(frozen=True, slots=True)
class Spike:
    """A hidden spike, and whether an anomaly names its series on one of its days."""

    truth: Truth
    found: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict on detection."""

    spikes: list[Spike]
    decoys: list[Truth]
    false: list[tuple[dict[str, Any], Truth | None]]
    """Anomalies where no spike was hidden, with the decoy that explains them, if one does."""
    series: int


def judge_detection(query: Query, simulator: Simulator, until: date) -> Judged:
    """Compare the anomalies in the lake with what was hidden in the bill before a day."""
    truths = [t for t in ground_truth(simulator) if t.start.date() < until]
    anomalies = query.rows(_ANOMALIES)
    spikes = [t for t in truths if t.is_anomaly]
    decoys = [t for t in truths if not t.is_anomaly]
    found = [Spike(t, any(_is_of(a, t) for a in anomalies)) for t in spikes]
    false = [
        (anomaly, next((d for d in decoys if _is_of(anomaly, d)), None))
        for anomaly in anomalies
        if not any(_is_of(anomaly, t) for t in spikes)
    ]
    days = {a["charge_date"] for a in anomalies} | {until.isoformat()}
    days |= {moment.date().isoformat() for t in truths for moment in (t.start, t.end)}
    series = query.rows(_SERIES.format(first=min(days), last=max(days)))
    return Judged(found, decoys, false, series[0]["n"])


def _is_of(anomaly: dict[str, Any], truth: Truth) -> bool:
    """Tell whether an anomaly names a truth's series on one of its days."""
    series = (anomaly["service_name"], anomaly["sub_account_id"], anomaly["region_id"])
    if series != (truth.service_name, truth.sub_account_id, truth.region_id):
        return False
    first, last = truth.start.date().isoformat(), truth.end.date().isoformat()
    return bool(anomaly["charge_date"] <= last and first <= anomaly["end_date"])
