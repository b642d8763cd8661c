"""The simulated organisation: every resource, its meters and its tags, drawn once from the seed.

A series is one service in one account and region: what moves together, and what spikes.
"""

from dataclasses import dataclass

from producers.sources.simulator.catalogue import Service, services
from producers.sources.simulator.charges import Line
from producers.sources.simulator.clock import DAY
from producers.sources.simulator.noise import Draws, key
from producers.sources.simulator.organisation import ACCOUNTS, REGIONS, Account, Region
from producers.sources.simulator.resources import Place
from producers.sources.simulator.rhythm import Rhythm


@dataclass(frozen=True, slots=True)
class Series:
    """One service in one account and region, with everything that is metered there."""

    index: int
    key: int
    service: Service
    account: Account
    region: Region
    rhythm: Rhythm
    lines: tuple[Line, ...]

    @property
    def region_id(self) -> str | None:
        """The region its charges name; none for a global service."""
        return self.region.region_id if self.service.regional else None

    @property
    def committed(self) -> bool:
        """Whether a commitment covers any of it."""
        return any(line.commitment for line in self.lines)

    @property
    def moving_daily_cost(self) -> int:
        """About what a day of it costs, without what never moves; in 10^-12 dollars."""
        moving = (line for line in self.lines if not line.steady)
        return DAY * sum(line.effective(line.base).scaled for line in moving)


def build(seed: int, start: int) -> list[Series]:
    """Draw the organisation; it exists from hour `start`."""
    found: list[Series] = []
    for service in services():
        for account, region in _sites(Draws(seed, "sites", service.code), service):
            place = Place(seed, service, account, region)
            lines = tuple(
                line
                for fleet in service.fleets
                for number in range(1, fleet.count + 1)
                for line in place.resource(fleet, number, start)
            )
            found.append(
                Series(
                    index=len(found),
                    key=key(seed, service.code, account.name, region.region_id),
                    service=service,
                    account=account,
                    region=region,
                    rhythm=service.rhythm,
                    lines=lines,
                )
            )
    return found


def newcomer(seed: int, series: Series, since: int) -> tuple[Line, ...]:
    """Return the lines of one more resource of the series' first fleet, from hour `since` on."""
    fleet = series.service.fleets[0]
    place = Place(seed, series.service, series.account, series.region)
    return tuple(place.resource(fleet, fleet.count + 1, since))


def _sites(draws: Draws, service: Service) -> list[tuple[Account, Region]]:
    """Every account is at home in two neighbouring regions; a global service has no region."""
    homes = [
        (account, REGIONS[(number + offset) % len(REGIONS)])
        for number, account in enumerate(ACCOUNTS)
        for offset in (range(2) if service.regional else range(1))
    ]
    return draws.shuffled(homes)[: service.sites]
