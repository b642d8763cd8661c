"""Measured values, by metric and minute: CloudWatch's standard resolution."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock

Dimensions = tuple[tuple[str, str], ...]
KEPT_MINUTES = 15 * 24 * 60
"""Fifteen days of one value a minute; the service keeps minutes as long."""


@dataclass(frozen=True, slots=True)
class Key:
    """What tells one metric from others; dimensions in the order of their names."""

    namespace: str
    name: str
    dimensions: Dimensions

    @classmethod
    def of(cls, namespace: str, name: str, dimensions: Mapping[str, str]) -> "Key":
        """Return the key of a metric."""
        return cls(namespace, name, tuple(sorted(dimensions.items())))


@dataclass(slots=True)
class Samples:
    """The values of one metric in some time."""

    total: float = 0.0
    least: float = float("inf")
    most: float = float("-inf")
    count: float = 0.0

    def add(self, value: float) -> None:
        """Count a value."""
        self.merge(Samples(value, value, value, 1))

    def merge(self, other: "Samples") -> None:
        """Count others."""
        self.total += other.total
        self.least = min(self.least, other.least)
        self.most = max(self.most, other.most)
        self.count += other.count

    def statistic(self, name: str) -> float:
        """Return one of `STATISTICS`."""
        return STATISTICS[name](self)


STATISTICS: dict[str, Callable[[Samples], float]] = {
    "Sum": lambda s: s.total,
    "Minimum": lambda s: s.least,
    "Maximum": lambda s: s.most,
    "SampleCount": lambda s: s.count,
    "Average": lambda s: s.total / s.count,
}


Minutes = list[tuple[int, Samples]]
"""Minutes since 1970, ascending, and what was measured in each."""


@dataclass(slots=True)
class Series:
    """One metric: minutes since 1970, ascending, and what was measured in each."""

    unit: str = "None"
    minutes: list[int] = field(default_factory=list)
    samples: list[Samples] = field(default_factory=list)

    def at(self, minute: int) -> Samples:
        """Return a minute's samples, to add to."""
        if self.minutes and self.minutes[-1] == minute:
            return self.samples[-1]
        place = bisect_left(self.minutes, minute)
        if place == len(self.minutes) or self.minutes[place] != minute:
            self.minutes.insert(place, minute)
            self.samples.insert(place, Samples())
        return self.samples[place]

    def between(self, begin: int, end: int) -> Iterator[tuple[int, Samples]]:
        """Yield the minutes from `begin` to before `end` that have values."""
        for place in range(bisect_left(self.minutes, begin), bisect_left(self.minutes, end)):
            yield self.minutes[place], self.samples[place]

    def forget_before(self, minute: int) -> None:
        """Drop what is older, now and then: a list gives up its head as slowly as its whole."""
        if len(self.minutes) > 2 * KEPT_MINUTES:
            place = bisect_left(self.minutes, minute)
            del self.minutes[:place], self.samples[:place]


class MetricStore:
    """All metrics that are not the streams' own. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._series: dict[Key, Series] = {}

    def record(self, minute: int, values: Iterable[tuple[Key, float, str]]) -> None:
        """Count a value each of some metrics, with their units, in a minute since 1970."""
        with self._lock:
            for key, value, unit in values:
                self._open(key, unit, minute).at(minute).add(value)

    def merge(self, key: Key, minute: int, samples: Samples, unit: str) -> None:
        """Count values that were added up elsewhere."""
        with self._lock:
            self._open(key, unit, minute).at(minute).merge(samples)

    def read(self, key: Key, begin: int, end: int) -> Minutes:
        """Return a metric's minutes from `begin` to before `end` that have values."""
        with self._lock:
            series = self._series.get(key)
            return [] if series is None else list(series.between(begin, end))

    def everything(self) -> list[tuple[Key, str, int, Samples]]:
        """Return all there is: key, unit, minute, values."""
        with self._lock:
            return [
                (key, series.unit, minute, Samples(s.total, s.least, s.most, s.count))
                for key, series in self._series.items()
                for minute, s in zip(series.minutes, series.samples, strict=True)
            ]

    def _open(self, key: Key, unit: str, minute: int) -> Series:
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = Series(unit)
        series.forget_before(minute - KEPT_MINUTES)
        return series
