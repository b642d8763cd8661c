"""What is to be known of the streams from outside: metrics, the bill and the error log."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from infra.local.firehose import limits
from infra.local.firehose.diagnostics import (
    Diagnostic,
    ObjectKind,
    Report,
    Sampler,
    ignore,
    storing_error,
)
from infra.local.firehose.meter import Meter
from infra.local.firehose.metrics import Metrics
from infra.local.firehose.processing import Function
from infra.local.firehose.quotas import quota
from infra.local.firehose.records import ErrorLine, Failure, Output, Source

_BY_FUNCTION = "Lambda.ProcessingFailedStatus"
"""What a function fails itself, it is to log itself: "Handle failure in data transformation"."""


class Telemetry:
    """Collects it for all streams.

    Args:
        clock: time.
        metrics: where metrics are counted.
        meter: where the bill is.
        report: is told of errors, sampled.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        metrics: Metrics | None = None,
        meter: Meter | None = None,
        report: Report = ignore,
    ) -> None:
        self.clock = clock
        self.metrics = metrics or Metrics(clock)
        self.meter = meter or Meter(clock)
        self._report = report
        self._sampler = Sampler(clock)

    def say(self, diagnostic: Diagnostic) -> None:
        """Report an error, unless the same was said often enough."""
        if self._sampler.passes(diagnostic):
            self._report(diagnostic)


class Watch:
    """Tells what one stream does, as it does it."""

    def __init__(self, telemetry: Telemetry, name: str, arn: str) -> None:
        self._all = telemetry
        self._name = name
        self._arn = arn
        limit = quota(arn.split(":")[3])
        self._limits = (
            ("BytesPerSecondLimit", limit.bytes),
            ("RecordsPerSecondLimit", limit.records),
            ("PutRequestsPerSecondLimit", limit.requests),
        )

    def called(
        self, operation: str, accepted: Sequence[bytes], *, throttled: int, begun: datetime
    ) -> None:
        """Count a call of `PutRecord` or `PutRecordBatch`, by the records it accepted."""
        size = sum(map(len, accepted))
        values: list[tuple[str, float]] = [
            (f"{operation}.Requests", 1),
            (f"{operation}.Bytes", size),
            (f"{operation}.Latency", _millis(self._all.clock() - begun)),
            ("ThrottledRecords", throttled),
            *self._limits,
        ]
        if operation == "PutRecordBatch":
            values.append(("PutRecordBatch.Records", len(accepted)))
        if accepted:
            values += [
                ("IncomingPutRequests", 1),
                ("IncomingRecords", len(accepted)),
                ("IncomingBytes", size),
            ]
        self._record(values)

    def accepted(self, records: Sequence[bytes], *, converts: bool, partitions: bool) -> None:
        """Bill the records of one put."""
        sizes = [len(record) for record in records]
        self._all.meter.accepted(self._arn, sizes, converts=converts, partitions=partitions)

    def timed(self, function: Function | None) -> Function | None:
        """Return a function that counts its invocations."""
        if function is None:
            return None
        sound = function

        def call(request: str) -> str:
            begun, good = self._all.clock(), False
            try:
                response = sound(request)
                good = len(response.encode()) <= limits.MAX_LAMBDA_PAYLOAD_BYTES
                return response
            finally:
                self._record(
                    [
                        ("ExecuteProcessing.Duration", _millis(self._all.clock() - begun)),
                        ("ExecuteProcessing.Success", good),
                    ]
                )

        return call

    def processed(
        self, sources: Sequence[Source], failures: Sequence[Failure], function: str
    ) -> None:
        """Count the records a function answered Ok, in their original size, and log its errors."""
        self._record(
            [
                ("SucceedProcessing.Records", len(sources)),
                ("SucceedProcessing.Bytes", _size(sources)),
            ]
        )
        for code, message in dict.fromkeys((f.code, f.message) for f in failures):
            if code != _BY_FUNCTION:
                self._say(ObjectKind.MAIN, code, message, function)

    def converted(self, sources: Sequence[Source], failures: Sequence[Failure]) -> None:
        """Count the records of one object, in their original size; the failures are among them."""
        failed = [failure.source for failure in failures]
        self._record(
            [
                ("SucceedConversion.Records", len(sources) - len(failed)),
                ("SucceedConversion.Bytes", _size(sources) - _size(failed)),
                ("FailedConversion.Records", len(failed)),
                ("FailedConversion.Bytes", _size(failed)),
            ]
        )

    def partitions(self, active: int, *, exceeded: bool) -> None:
        """Count the active partitions."""
        self._record([("PartitionCount", active), ("PartitionCountExceeded", exceeded)])

    def object(
        self, kind: ObjectKind, items: Sequence[Source | Output | ErrorLine], *, partitions: bool
    ) -> "ObjectWatch":
        """Return what is to be told of the puts of one object with these items."""
        return ObjectWatch(self, kind, items, partitions=partitions)

    def stored(
        self, kind: ObjectKind, items: Sequence[Source | Output | ErrorLine], *, partitions: bool
    ) -> None:
        """Count an object in its records' original size; error objects count as well (§6)."""
        self._all.meter.stored(self._arn, kind, partitions=partitions)
        metric = _metric(kind)
        oldest = min(item.arrival for item in items)
        values: list[tuple[str, float]] = [
            (f"{metric}.Success", 1),
            (f"{metric}.Records", len(items)),
            (f"{metric}.Bytes", sum(item.size for item in items)),
            (f"{metric}.DataFreshness", (self._all.clock() - oldest).total_seconds()),
        ]
        if partitions and kind is not ObjectKind.BACKUP:
            values.append((f"{metric}.ObjectCount", 1))
        self._record(values)

    def not_stored(self, kind: ObjectKind, error: Exception) -> None:
        """Count an object that could not be stored, as captured with zeros, and log why."""
        self._record([(f"{_metric(kind)}.{what}", 0) for what in ("Success", "Records", "Bytes")])
        self._say(kind, *storing_error(error))

    def _say(self, kind: ObjectKind, code: str, message: str, processor: str = "") -> None:
        self._all.say(Diagnostic(self._arn, self._name, kind, code, message, processor))

    def _record(self, values: Sequence[tuple[str, float]]) -> None:
        self._all.metrics.record(self._arn, values)


class ObjectWatch:
    """Tells of the puts of one object."""

    def __init__(
        self,
        watch: Watch,
        kind: ObjectKind,
        items: Sequence[Source | Output | ErrorLine],
        *,
        partitions: bool,
    ) -> None:
        self._watch = watch
        self._kind = kind
        self._items = items
        self._partitions = partitions

    @contextmanager
    def put(self) -> Iterator[None]:
        """Count one put, whether it succeeds or not."""
        try:
            yield
        except Exception as error:
            self._watch.not_stored(self._kind, error)
            raise
        self._watch.stored(self._kind, self._items, partitions=self._partitions)


def _metric(kind: ObjectKind) -> str:
    return "BackupToS3" if kind is ObjectKind.BACKUP else "DeliveryToS3"


def _size(sources: Sequence[Source]) -> int:
    return sum(source.size for source in sources)


def _millis(time: timedelta) -> float:
    return time / timedelta(milliseconds=1)
