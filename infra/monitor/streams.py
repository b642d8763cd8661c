"""A delivery stream by its own description and its metrics."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.monitor.snapshot import Gauge, Rate, StreamState

_NAMESPACE = "AWS/Firehose"
LATELY = timedelta(minutes=5)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_RATES = (
    ("bytes", "IncomingBytes", "BytesPerSecondLimit"),
    ("records", "IncomingRecords", "RecordsPerSecondLimit"),
    ("requests", "IncomingPutRequests", "PutRequestsPerSecondLimit"),
)


@dataclass(frozen=True, slots=True)
class Metrics:
    """Reads a stream's metrics.

    Args:
        cloudwatch: a boto3 client.
        stream: the stream's name.
        now: the moment.
    """

    cloudwatch: Any
    stream: str
    now: datetime

    def points(
        self, name: str, statistic: str, back: timedelta, period: timedelta
    ) -> list[tuple[datetime, float]]:
        """Return a metric's datapoints from some time back to now, the oldest first."""
        answer = self.cloudwatch.get_metric_statistics(
            Namespace=_NAMESPACE,
            MetricName=name,
            Dimensions=[{"Name": "DeliveryStreamName", "Value": self.stream}],
            # Of whole minutes, the one that runs included.
            StartTime=(self.now - back).replace(second=0, microsecond=0),
            EndTime=(self.now + timedelta(minutes=1)).replace(second=0, microsecond=0),
            Period=round(period.total_seconds()),
            Statistics=[statistic],
        )
        found = [(p["Timestamp"].astimezone(UTC), p[statistic]) for p in answer["Datapoints"]]
        return sorted(found)

    def total(self, name: str, back: timedelta) -> float:
        """Return how much there was of something."""
        return sum(value for _, value in self.points(name, "Sum", back, back))

    def newest(self, name: str, statistic: str) -> Gauge:
        """Return the newest minute's value within the last hour."""
        points = self.points(name, statistic, HOUR, timedelta(minutes=1))
        return Gauge(points[-1][1], points[-1][0]) if points else Gauge(None, None)

    def share(self, name: str) -> float | None:
        """Return the average of a ratio over the last hour."""
        total = sum(v for _, v in self.points(name, "Sum", HOUR, HOUR))
        count = sum(v for _, v in self.points(name, "SampleCount", HOUR, HOUR))
        return total / count if count else None


def stream_state(firehose: Any, cloudwatch: Any, stream: str, now: datetime) -> StreamState:
    """Return how a stream is."""
    described = firehose.describe_delivery_stream(DeliveryStreamName=stream)
    metrics = Metrics(cloudwatch, stream, now)
    taken = metrics.total("IncomingRecords", DAY)
    return StreamState(
        name=stream,
        status=described["DeliveryStreamDescription"]["DeliveryStreamStatus"],
        rates=tuple(_rates(metrics)),
        throttled=metrics.total("ThrottledRecords", HOUR),
        freshness=metrics.newest("DeliveryToS3.DataFreshness", "Maximum"),
        backup_freshness=metrics.newest("BackupToS3.DataFreshness", "Maximum"),
        processing_success=metrics.share("ExecuteProcessing.Success"),
        delivery_success=metrics.share("DeliveryToS3.Success"),
        backup_success=metrics.share("BackupToS3.Success"),
        # What is delivered twice, or was taken the day before, makes these too small, not negative.
        waiting_for_backup=max(taken - metrics.total("BackupToS3.Records", DAY), 0),
        waiting_for_delivery=max(taken - metrics.total("DeliveryToS3.Records", DAY), 0),
    )


def _rates(metrics: Metrics) -> Iterable[Rate]:
    for name, incoming, limit in _RATES:
        limits = metrics.points(limit, "Minimum", HOUR, HOUR)
        yield Rate(
            name,
            metrics.total(incoming, LATELY) / LATELY.total_seconds(),
            limits[-1][1] if limits else None,
        )
