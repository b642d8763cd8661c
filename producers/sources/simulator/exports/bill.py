"""One month of the simulated bill as an export shows it: all that was known by some hour."""

from collections.abc import Collection, Iterator
from datetime import date

from producers.errors import SourceError
from producers.sources import ChargeRow
from producers.sources.simulator import monthly
from producers.sources.simulator.clock import first_hour, moment, next_month
from producers.sources.simulator.commitments import COMMITMENTS
from producers.sources.simulator.lateness import DELAYS
from producers.sources.simulator.simulator import Simulator


class MonthBill:
    """A month's charges, in the order in which they arrived.

    An export made during the month lacks what has not arrived yet; one made later has more.

    Args:
        simulator: the world.
        month: its first day.
        until: the hour up to which charges had arrived, exclusive; None waits for the last one,
            which comes a day after the month.
        services: only the charges of these services; empty takes all.

    Raises:
        SourceError: the month has no charges by then, or no such service exists.
    """

    def __init__(
        self,
        simulator: Simulator,
        month: date,
        until: int | None = None,
        services: Collection[str] = (),
    ) -> None:
        self.simulator = simulator
        self.month = month.strftime("%Y-%m")
        self.first = first_hour(month)
        self.end = next_month(self.first)
        complete = self.end + max(DELAYS)
        self.until = complete if until is None else min(until, complete)
        self.services = frozenset(services)
        self._check()

    def hours(self) -> Iterator[list[ChargeRow]]:
        """Yield the month's rows, hour of arrival by hour of arrival."""
        for hour in range(max(self.first, self.simulator.start), self.until):
            yield [row for row in self.simulator.rows(hour) if self._belongs(row)]

    def _belongs(self, row: ChargeRow) -> bool:
        wanted = not self.services or row.charge["service_name"] in self.services
        return wanted and row.scope.billing_period == self.month

    def _check(self) -> None:
        begin = self.simulator.start
        if begin >= self.end:
            raise SourceError(
                f"the simulated world begins on {moment(begin):%Y-%m-%d}, after {self.month}; "
                "give a later month or an earlier start"
            )
        if self.until <= max(self.first, begin):
            raise SourceError(
                f"nothing of {self.month} is known by {moment(self.until):%Y-%m-%d %H:00} UTC; "
                f"give a later time, up to {moment(self.end + max(DELAYS)):%Y-%m-%dT%H}"
            )
        known = _service_names(self.simulator)
        for name in sorted(self.services - known):
            raise SourceError(
                f"no service {name!r} in the simulated bill; it has: {', '.join(sorted(known))}"
            )


def _service_names(simulator: Simulator) -> set[str]:
    used = {series.service.name for series in simulator.plan.series}
    bought = {commitment.service_name for commitment in COMMITMENTS.values()}
    return used | bought | {charge.service[0] for charge in monthly.charges(simulator.seed)}
