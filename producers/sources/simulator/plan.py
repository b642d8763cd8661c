"""What is made to happen in the simulated months: spikes, and decoys that only look like them.

Decided once, from the seed. `ground_truth` says it in the words of a bill; no rule sees either.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from producers.sources.simulator import world
from producers.sources.simulator.clock import DAY, moment
from producers.sources.simulator.noise import MILLION, Draws
from producers.sources.simulator.world import Series

SPIKES = 10
SPIKE_PERCENT = (130, 140, 160, 180, 200, 220, 250, 300, 400, 500)
"""The spiked day's cost against an ordinary one, one for each spike."""
MIN_DAYS = 28
"""Half of it must hold ten spikes on different days, and leave late rows time to arrive."""

_SETTLING_DAYS = 2
_SPIKE_SERVICES = (
    *("AWSLambda", "AmazonECS", "AmazonDynamoDB", "AmazonRedshift", "AmazonAthena", "AWSGlue"),
    *("AmazonKinesisFirehose", "AmazonES", "AmazonBedrock", "AmazonSageMaker", "AmazonVPC"),
    *("AWSQueueService", "AmazonApiGateway", "AmazonCloudWatch"),
)
_SPIKE_HOURS = (8, DAY)
_WEEKLY_BATCH = (1000, 1000, 1000, 1000, 1000, 2200, 1000)
_GROWTH = 12_000


class Kind(StrEnum):
    """What is made to happen. Only the first is an anomaly."""

    SPIKE = "spike"
    MONTHLY_FEE = "monthly_fee"
    TAX_DAY = "tax_day"
    CREDIT = "credit"
    WEEKEND_PATTERN = "weekend_pattern"
    WEEKLY_BATCH = "weekly_batch"
    GROWTH = "growth"
    NEW_RESOURCE = "new_resource"
    TINY_BASE = "tiny_base"
    SMALL_PERCENTAGE = "small_percentage"
    DROP = "drop"
    LATE_DAY = "late_day"
    RESTATED_DAY = "restated_day"


@dataclass(frozen=True, slots=True)
class Injection:
    """Something made to happen to one series, from hour `start` to hour `end`, exclusive."""

    kind: Kind
    series: int
    start: int
    end: int
    percent: int = 100
    """The day's cost against an ordinary one."""
    multiplier: int = MILLION
    """What each hour's quantities are multiplied by to get there, in parts per million."""


class Plan:
    """All that is made to happen, and the series as they are then."""

    def __init__(self, series: list[Series], injections: Iterable[Injection]) -> None:
        self.series = tuple(series)
        self.injections = tuple(injections)
        self._by_day: dict[tuple[int, int], Injection] = {
            (injection.series, injection.start // DAY): injection
            for injection in self.injections
            if injection.multiplier != MILLION
        }

    def multiplier(self, series: Series, hour: int) -> int:
        """Return what an hour's quantities are multiplied by, in parts per million."""
        found = self._by_day.get((series.index, hour // DAY))
        return found.multiplier if found and found.start <= hour < found.end else MILLION

    def one(self, kind: Kind) -> Injection:
        """Return the only injection of a kind."""
        (found,) = (injection for injection in self.injections if injection.kind is kind)
        return found


def make(seed: int, series: list[Series], start: int, days: int) -> Plan:
    """Decide what happens between hour `start` and `days` days later."""
    return _Planner(seed, series, start, days).plan()


class _Planner:
    def __init__(self, seed: int, series: list[Series], start: int, days: int) -> None:
        self._seed = seed
        self._draws = Draws(seed, "plan")
        self._series = list(series)
        self._free = {s.index for s in series}
        self._start, self._end = start, start + days * DAY
        half = start + days // 2 * DAY
        self._late_days = list(range(half, self._end - _SETTLING_DAYS * DAY, DAY))
        self._injections: list[Injection] = []

    def plan(self) -> Plan:
        self._one_day(Kind.TINY_BASE, self._take("AmazonSNS"), 1200)
        self._one_day(Kind.DROP, self._take("AmazonECS"), 35)
        self._one_day(Kind.LATE_DAY, self._take("AmazonS3"), 100)
        self._restated(self._take("AmazonDynamoDB"))
        self._patterns()
        self._newcomer(self._take("AmazonEC2"))
        self._spikes()
        largest = max(self._free, key=lambda index: self._series[index].moving_daily_cost)
        self._one_day(Kind.SMALL_PERCENTAGE, self._series[largest], 107)
        return Plan(self._series, self._injections)

    def _take(self, code: str) -> Series:
        """Take a series of a service that nothing else happens to."""
        free = [s for s in self._series if s.service.code == code and s.index in self._free]
        taken = self._draws.pick(free)
        self._free.discard(taken.index)
        return taken

    def _one_day(self, kind: Kind, series: Series, percent: int) -> None:
        start = self._draws.pick(self._late_days)
        self._raise(kind, series, start, start + DAY, percent)

    def _raise(self, kind: Kind, series: Series, start: int, end: int, percent: int) -> None:
        """Raise some hours so far that their day reaches `percent` of an ordinary one."""
        day = series.rhythm.hours
        window = sum(day[hour % DAY] for hour in range(start, end))
        multiplier = MILLION + (percent - 100) * MILLION // 100 * sum(day) // window
        self._injections.append(Injection(kind, series.index, start, end, percent, multiplier))

    def _restated(self, series: Series) -> None:
        """First told too low; put right while its month is still open."""
        same_month = [
            day
            for day in self._late_days
            if moment(day).month == moment(day + _SETTLING_DAYS * DAY).month
        ]
        start = self._draws.pick(same_month)
        self._raise(Kind.RESTATED_DAY, series, start, start + DAY, 80)

    def _patterns(self) -> None:
        """What goes on all the time; the second half is where one could fall for it."""
        batch, growing = self._take("AWSGlue"), self._take("AWSELB")
        self._series[batch.index] = replace(
            batch, rhythm=replace(batch.rhythm, week=_WEEKLY_BATCH, deviation=30_000)
        )
        self._series[growing.index] = replace(
            growing, rhythm=replace(growing.rhythm, growth=_GROWTH)
        )
        found = (Kind.WEEKEND_PATTERN, self._take("AmazonAthena"))
        for kind, series in (found, (Kind.WEEKLY_BATCH, batch), (Kind.GROWTH, growing)):
            self._injections.append(Injection(kind, series.index, self._late_days[0], self._end))

    def _newcomer(self, series: Series) -> None:
        since = self._draws.pick(self._late_days)
        lines = world.newcomer(self._seed, series, since)
        self._series[series.index] = replace(series, lines=series.lines + lines)
        self._injections.append(Injection(Kind.NEW_RESOURCE, series.index, since, self._end))

    def _spikes(self) -> None:
        services = self._draws.shuffled(_SPIKE_SERVICES)[:SPIKES]
        days = self._draws.shuffled(self._late_days)[:SPIKES]
        percents = self._draws.shuffled(SPIKE_PERCENT)
        for code, day, percent in zip(services, days, percents, strict=True):
            hours = self._draws.between(*_SPIKE_HOURS)
            start = day + self._draws.below(DAY - hours + 1)
            self._raise(Kind.SPIKE, self._take(code), start, start + hours, percent)
