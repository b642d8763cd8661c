"""What really happened in a simulated bill: to count what detection finds and what it invents.

No rule may import it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from producers.sources.simulator import monthly
from producers.sources.simulator.clock import DAY, moment
from producers.sources.simulator.monthly import Monthly
from producers.sources.simulator.plan import Injection, Kind
from producers.sources.simulator.simulator import Simulator
from schemas.amounts import EXACT, SCALE

_ONLY_TOLD_OTHERWISE = (Kind.LATE_DAY, Kind.RESTATED_DAY)


@dataclass(frozen=True, slots=True)
class Truth:
    """One thing made to happen, in the words of the bill."""

    truth_id: str
    kind: Kind
    service_name: str
    sub_account_id: str
    region_id: str | None
    start: datetime
    """First charge period, UTC."""
    end: datetime
    """End of the last charge period, exclusive."""
    factor: Decimal
    """The day's cost against an ordinary one, a restated day's as first told; 1: ordinary."""
    extra_cost: Decimal
    """Effective cost that would not be there otherwise, as stored, in `currency`."""
    currency: str = "USD"

    @property
    def is_anomaly(self) -> bool:
        """Whether detection should report it; everything else is a decoy."""
        return self.kind is Kind.SPIKE


def ground_truth(simulator: Simulator) -> tuple[Truth, ...]:
    """Return everything made to happen within a simulation's days, in order of time."""
    found = [_injected(simulator, injection) for injection in simulator.plan.injections]
    found += _monthly(simulator)
    found.sort(key=lambda truth: (not truth.is_anomaly, truth.start, truth.truth_id))
    return tuple(found)


def _injected(simulator: Simulator, injection: Injection) -> Truth:
    series = simulator.plan.series[injection.series]
    start = moment(injection.start)
    return Truth(
        truth_id=_id(injection.kind, series.service.name, start),
        kind=injection.kind,
        service_name=series.service.name,
        sub_account_id=series.account.account_id,
        region_id=series.region_id,
        start=start,
        end=moment(injection.end),
        factor=Decimal(injection.percent).scaleb(-2),
        extra_cost=_extra(simulator, injection),
    )


def _extra(simulator: Simulator, injection: Injection) -> Decimal:
    series, extra = simulator.plan.series[injection.series], 0
    if injection.kind in _ONLY_TOLD_OTHERWISE:
        return Decimal(0)
    for hour in range(injection.start, injection.end):
        for line in series.lines:
            told = line.effective(simulator.quantity(series, line, hour)).scaled
            extra += told - line.effective(simulator.true_quantity(series, line, hour)).scaled
            if injection.kind is Kind.NEW_RESOURCE and line.since == injection.start:
                extra += told
    return EXACT.scaleb(Decimal(extra), -SCALE)


def _monthly(simulator: Simulator) -> Iterator[Truth]:
    for charge in monthly.charges(simulator.seed):
        for hour in range(simulator.start, simulator.start + simulator.days * DAY, DAY):
            if charge.happens(hour):
                yield _charged(charge, hour)


def _charged(charge: Monthly, hour: int) -> Truth:
    name = charge.service[0]
    return Truth(
        truth_id=_id(charge.kind, f"{name}/{charge.account.name}", moment(hour)),
        kind=charge.kind,
        service_name=name,
        sub_account_id=charge.account.account_id,
        region_id=None,
        start=moment(hour),
        end=moment(hour + DAY),
        factor=Decimal(1),
        extra_cost=Decimal(charge.cost),
    )


def _id(kind: Kind, name: str, start: datetime) -> str:
    return f"{kind}/{name}/{start:%Y-%m-%d}"
