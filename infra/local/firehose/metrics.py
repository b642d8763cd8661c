"""What CloudWatch knows of the streams (§6): values by metric and minute, as many as are kept.

The service publishes a metric once a minute and keeps two weeks of them; here the newest minutes
with values are kept, of each metric of each stream.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

KEPT_MINUTES = 1440
"""A day of steady traffic; a month of hourly schedules."""

_COUNT, _BYTES, _MILLISECONDS, _SECONDS, _NONE = "Count", "Bytes", "Milliseconds", "Seconds", "None"
UNITS = {
    "IncomingRecords": _COUNT,
    "IncomingBytes": _BYTES,
    "IncomingPutRequests": _COUNT,
    "ThrottledRecords": _COUNT,
    "BytesPerSecondLimit": _NONE,
    "RecordsPerSecondLimit": _NONE,
    "PutRequestsPerSecondLimit": _NONE,
    "PutRecord.Bytes": _BYTES,
    "PutRecord.Latency": _MILLISECONDS,
    "PutRecord.Requests": _COUNT,
    "PutRecordBatch.Bytes": _BYTES,
    "PutRecordBatch.Latency": _MILLISECONDS,
    "PutRecordBatch.Records": _COUNT,
    "PutRecordBatch.Requests": _COUNT,
    "ExecuteProcessing.Duration": _MILLISECONDS,
    "ExecuteProcessing.Success": _NONE,
    "SucceedProcessing.Records": _COUNT,
    "SucceedProcessing.Bytes": _BYTES,
    "SucceedConversion.Records": _COUNT,
    "SucceedConversion.Bytes": _BYTES,
    "FailedConversion.Records": _COUNT,
    "FailedConversion.Bytes": _BYTES,
    "DeliveryToS3.Success": _NONE,
    "DeliveryToS3.Records": _COUNT,
    "DeliveryToS3.Bytes": _BYTES,
    "DeliveryToS3.DataFreshness": _SECONDS,
    "DeliveryToS3.ObjectCount": _COUNT,
    "BackupToS3.Success": _NONE,
    "BackupToS3.Records": _COUNT,
    "BackupToS3.Bytes": _BYTES,
    "BackupToS3.DataFreshness": _SECONDS,
    "PartitionCount": _COUNT,
    "PartitionCountExceeded": _COUNT,
}
"""Every metric there is, and its unit in CloudWatch's words; ratios and limits have none."""


@dataclass(slots=True)
class Samples:
    """The values of one metric within one minute."""

    total: float
    least: float
    most: float
    count: int

    def add(self, value: float) -> None:
        """Count another value."""
        self.total += value
        self.least = min(self.least, value)
        self.most = max(self.most, value)
        self.count += 1


@dataclass(frozen=True, slots=True)
class Datum:
    """One metric of one stream in one minute."""

    arn: str
    name: str
    minute: datetime
    samples: Samples


class Metrics:
    """The metrics of all streams. Safe to share between threads.

    Args:
        clock: what minutes are counted by.
        kept: how many minutes of each metric are kept.
    """

    def __init__(self, clock: Callable[[], datetime], kept: int = KEPT_MINUTES) -> None:
        self._clock = clock
        self._kept = kept
        self._lock = Lock()
        self._minutes: defaultdict[tuple[str, str], dict[datetime, Samples]] = defaultdict(dict)

    def record(self, arn: str, values: Iterable[tuple[str, float]]) -> None:
        """Count a value each of some metrics of one stream."""
        minute = self._clock().replace(second=0, microsecond=0)
        with self._lock:
            for name, value in values:
                series = self._minutes[arn, name]
                samples = series.get(minute)
                if samples is not None:
                    samples.add(value)
                    continue
                series[minute] = Samples(value, value, value, 1)
                if len(series) > self._kept:
                    del series[next(iter(series))]

    def between(
        self, arn: str, name: str, begin: datetime, end: datetime
    ) -> list[tuple[datetime, Samples]]:
        """Return the minutes of one metric from `begin` to before `end`, the oldest first."""
        found = []
        with self._lock:
            for minute in reversed(self._minutes.get((arn, name), {})):
                if minute < begin:
                    break
                if minute < end:
                    found.append((minute, self._minutes[arn, name][minute]))
        return found[::-1]

    def data(self) -> Iterator[Datum]:
        """Yield everything that is kept, each metric's oldest minute first."""
        with self._lock:
            kept = [
                Datum(arn, name, minute, Samples(s.total, s.least, s.most, s.count))
                for (arn, name), series in self._minutes.items()
                for minute, s in series.items()
            ]
        yield from kept
