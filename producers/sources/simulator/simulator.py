"""The simulated bill: what each hour's delivery holds, computed from that hour alone."""

import hashlib
from collections.abc import Iterator
from datetime import date

from producers.errors import SourceError
from producers.sources import ChargeRow
from producers.sources.simulator import lateness, monthly, plan, world
from producers.sources.simulator.bookings import bookings
from producers.sources.simulator.charges import Line, usage_row
from producers.sources.simulator.clock import DAY, first_hour, period
from producers.sources.simulator.noise import MILLION
from producers.sources.simulator.organisation import PAYER
from producers.sources.simulator.plan import Kind
from producers.sources.simulator.rhythm import level
from producers.sources.simulator.world import Series

_RESTATED_AFTER = 2 * DAY + 6
"""Hours from the start of the restated day to its restatement: after its last late row."""


class Simulator:
    """A small company's AWS bill; the same arguments give the same bill, hour by hour.

    The world goes on for ever; what is made to happen lies within the first `days`, the spikes
    in their second half. A charge that arrives late, or again, keeps the hour it arose in.

    The restatement is FOCUS's accounting style within an open billing period: every row of the
    day is reversed in full and written anew, without a ChargeClass, in one delivery. An `append`
    stream cannot replace.

    Args:
        seed: any number.
        start: the first day with charges, UTC.
        days: how many days the injected events are spread over.

    Raises:
        SourceError: too few days for the spikes.
    """

    def __init__(self, seed: int, start: date, days: int = 30) -> None:
        if days < plan.MIN_DAYS:
            raise SourceError(
                f"a simulation of {days} days is too short; give at least {plan.MIN_DAYS}"
            )
        self.seed = seed
        self.start = first_hour(start)
        self.days = days
        self.plan = plan.make(seed, world.build(seed, self.start), self.start, days)
        self._lateness = lateness.Lateness(seed, self.plan)
        self._bookings = bookings(self.plan.series)
        self._monthly = monthly.charges(seed)

    def fingerprint(self, hour: int) -> str:
        """Return the hash of what determines an hour's delivery: seed, settings and hour."""
        parts = ("simulator", self.seed, self.start, self.days, hour)
        return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()

    def rows(self, hour: int) -> Iterator[ChargeRow]:
        """Yield what the delivery at the end of an hour holds: its own charges, and late ones."""
        for ordinal, row in enumerate(self._rows(hour)):
            row.charge["ordinal"] = ordinal
            yield row

    def quantity(self, series: Series, line: Line, hour: int) -> int:
        """Return a line's quantity as first told, in 10^-decimals of its unit."""
        return line.quantity(self._level(series, hour), hour)

    def true_quantity(self, series: Series, line: Line, hour: int) -> int:
        """Return a line's quantity as if nothing had been made to happen."""
        return line.quantity(self._undisturbed(series, hour), hour)

    def _rows(self, hour: int) -> Iterator[ChargeRow]:
        if hour < self.start:
            return
        late = self._lateness.late(hour)
        for series in self.plan.series:
            if series.index not in late:
                yield from self._usage(series, hour)
        for delay in lateness.DELAYS:
            for index, taken in self._lateness.late(hour - delay).items():
                if taken == delay and hour - delay >= self.start:
                    yield from self._usage(self.plan.series[index], hour - delay)
        for booking in self._bookings:
            yield from booking.rows(self.quantity, hour, self.start)
        for charge in self._monthly:
            if charge.happens(hour):
                yield monthly.row(charge, hour)
        restated = self.plan.one(Kind.RESTATED_DAY)
        if hour == restated.start + _RESTATED_AFTER:
            for past in range(restated.start, restated.end):
                yield from self._restated(self.plan.series[restated.series], past)

    def _usage(self, series: Series, hour: int) -> Iterator[ChargeRow]:
        level = self._level(series, hour)
        when = period(PAYER, hour, hour + 1)
        for line in series.lines:
            if line.since <= hour:
                yield usage_row(line, line.quantity(level, hour), when)

    def _restated(self, series: Series, hour: int) -> Iterator[ChargeRow]:
        when = period(PAYER, hour, hour + 1)
        for line in series.lines:
            told = self.quantity(series, line, hour)
            yield usage_row(line, -told, when, "Reversal: ")
            yield usage_row(line, self.true_quantity(series, line, hour), when, "Restated: ")

    def _level(self, series: Series, hour: int) -> int:
        return self._undisturbed(series, hour) * self.plan.multiplier(series, hour) // MILLION

    def _undisturbed(self, series: Series, hour: int) -> int:
        return level(series.rhythm, series.key, self.start // DAY, hour)
