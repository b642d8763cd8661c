"""One simulated month, added up while it streams by: the world the tests look at."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from producers.sources import ChargeRow
from producers.sources.simulator import HourlyExport, Simulator

SEED = 1
START = date(2026, 9, 1)
MIDNIGHT = datetime(2026, 9, 1, tzinfo=UTC)
HOURS = 30 * 24
LAST_ARRIVAL = HOURS + 26


class SeriesName(NamedTuple):
    """A series as a bill names it."""

    service_name: str
    sub_account_id: str
    region_id: str | None


def simulator() -> Simulator:
    """The simulation all tests share."""
    return Simulator(SEED, START)


def scheduled(hours: int) -> datetime:
    """When the schedule fires that ends the given number of hours after the start."""
    return MIDNIGHT + timedelta(hours=hours)


def delivery(world: Simulator, hours: int) -> list[ChargeRow]:
    """What the schedule `hours` after the start delivers."""
    return list(HourlyExport(world, scheduled(hours)).rows())


def day_deliveries(world: Simulator, day: int) -> Iterator[ChargeRow]:
    """What arrives for the 24 hours of a day of September."""
    for hour in range(24):
        yield from delivery(world, (day - 1) * 24 + hour + 1)


def series_of(row: ChargeRow) -> SeriesName:
    """The series a row belongs to."""
    charge = row.charge
    return SeriesName(charge["service_name"], charge["sub_account_id"], charge["region_id"])


@dataclass
class Month:
    """Everything charged in September, late rows included."""

    rows_within: int = 0
    """Rows delivered by the month's own schedules."""
    late: int = 0
    rounded: int = 0
    usage: dict[tuple[SeriesName, str], int] = field(default_factory=lambda: defaultdict(int))
    """Effective cost of Usage, in 10^-12, by series and charge date."""
    told: dict[tuple[SeriesName, str], int] = field(default_factory=lambda: defaultdict(int))
    """The same without restatements and reversals."""
    committed: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    categories: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    accounts: set[str] = field(default_factory=set)
    regions: set[str] = field(default_factory=set)
    resources: Counter[str] = field(default_factory=Counter)
    """Effective cost of each resource, in 10^-12."""


def month(world: Simulator) -> Month:
    """Add up September, from the deliveries until its last late row has come."""
    found = Month()
    for hours in range(1, LAST_ARRIVAL + 1):
        for row in delivery(world, hours):
            found.rows_within += hours <= HOURS
            if row.charge_date.startswith("2026-09"):
                _add(found, row, hours)
    return found


def _add(found: Month, row: ChargeRow, hours: int) -> None:
    charge, amounts = row.charge, dict(row.amounts)
    effective = amounts["effective_cost"].scaled
    restated = charge["charge_description"].startswith(("Restated", "Reversal"))
    found.late += charge["charge_period_start"] < _micros(hours - 1) and not restated
    found.rounded += bool(row.notes)
    found.accounts.add(charge["sub_account_id"])
    found.categories[charge["service_name"]].add(charge["service_category"])
    if charge["charge_category"] == "Usage":
        found.usage[series_of(row), row.charge_date] += effective
        found.told[series_of(row), row.charge_date] += 0 if restated else effective
        found.resources[charge["resource_id"]] += effective
        if charge["region_id"]:
            found.regions.add(charge["region_id"])
    if charge["commitment_discount_id"]:
        paid = found.committed[charge["commitment_discount_id"]]
        status = charge["commitment_discount_status"] or "Purchase"
        paid[status] += effective
        paid["billed"] += amounts["billed_cost"].scaled


def _micros(hours: int) -> int:
    return int((MIDNIGHT + timedelta(hours=hours)).timestamp()) * 1_000_000
