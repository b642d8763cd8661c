"""The streams' metrics as CloudWatch asks for them: namespace, dimension, statistics."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import ClassVar

from moto.cloudwatch.models import MetricAggregatedDatum
from moto.core.common_models import CloudWatchMetricProvider

from infra.local.aws.account import ACCOUNT, REGION
from infra.local.aws.cloudwatch.definition import MINUTE
from infra.local.aws.cloudwatch.series import Key, Minutes, Samples
from infra.local.aws.cloudwatch_backend import minute_of
from infra.local.firehose.metrics import UNITS, Datum, Metrics

NAMESPACE = "AWS/Firehose"


class FirehoseMetrics(CloudWatchMetricProvider):
    """What moto finds by being a provider's subclass; one process has one server."""

    metrics: ClassVar[Metrics | None] = None

    @classmethod
    def get_cloudwatch_metrics(cls, account_id: str, region: str) -> list[MetricAggregatedDatum]:
        """Return everything that is kept of the streams of an account in a Region."""
        if cls.metrics is None:
            return []
        return [
            _datum(datum)
            for datum in cls.metrics.data()
            if datum.arn.split(":")[3:5] == [region, account_id]
        ]


def _datum(datum: Datum) -> MetricAggregatedDatum:
    samples = datum.samples
    return MetricAggregatedDatum(
        namespace=NAMESPACE,
        name=datum.name,
        min_stat=samples.least,
        max_stat=samples.most,
        sample_count=samples.count,
        sum_stat=samples.total,
        dimensions=[{"Name": "DeliveryStreamName", "Value": datum.arn.rpartition("/")[2]}],
        # moto's own times have no zone.
        timestamp=datum.minute.astimezone(UTC).replace(tzinfo=None),
        unit=UNITS[datum.name],
    )


def stream_metric(metrics: Metrics) -> Callable[[Key, int, int], Minutes]:
    """Return what reads one metric of one stream, for alarms."""

    @cache
    def arn_of(key: Key) -> str | None:
        match key.dimensions:
            case (("DeliveryStreamName", name),):
                return f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/{name}"
        return None

    def read(key: Key, begin: int, end: int) -> Minutes:
        arn = arn_of(key)
        if arn is None:
            return []
        first, last = (datetime.fromtimestamp(m * MINUTE, UTC) for m in (begin, end))
        return [
            (minute_of(moment), Samples(s.total, s.least, s.most, s.count))
            for moment, s in metrics.between(arn, key.name, first, last)
        ]

    return read
