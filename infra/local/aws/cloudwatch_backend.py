"""CloudWatch for moto: metrics by the minute, and alarms that are evaluated.

A metric is added up by the minute of the platform's clock. What an alarm asks that cannot be
evaluated here is refused when it is put.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Lock
from typing import Any, ClassVar

from moto.cloudwatch import urls
from moto.cloudwatch.exceptions import InvalidParameterValue
from moto.cloudwatch.models import (
    Alarm,
    CloudWatchBackend,
    MetricAggregatedDatum,
    MetricDatum,
    MetricDatumBase,
    cloudwatch_backends,
)

from infra.local.aws.account import ACCOUNT, REGION
from infra.local.aws.cloudwatch.criterion import UNKNOWN
from infra.local.aws.cloudwatch.definition import (
    MINUTE,
    Definition,
    UnsupportedAlarmError,
    definition_of,
)
from infra.local.aws.cloudwatch.series import Key, MetricStore, Samples
from infra.local.aws.cloudwatch.ticker import set_moment
from infra.local.clock import Clock


class LocalCloudWatchBackend(CloudWatchBackend):
    """The alarms of one account and region; `store` and `clock` are set in a subclass."""

    store: ClassVar[MetricStore]
    clock: ClassVar[Clock]

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._lock = Lock()
        self.definitions: dict[str, Definition] = {}

    @property
    def _url_module(self) -> Any:
        return urls

    def put_metric_alarm(self, name: str, *args: Any, **kwargs: Any) -> Alarm:
        """Keep an alarm; a new one knows nothing yet, an old one keeps its state.

        Raises:
            InvalidParameterValue: it asks for what is not evaluated here.
        """
        before = self.alarms.get(name)
        alarm = super().put_metric_alarm(name, *args, **kwargs)
        try:
            definition = definition_of(alarm)
        except UnsupportedAlarmError as error:
            if before is None:
                del self.alarms[name]
            else:
                self.alarms[name] = before
            raise InvalidParameterValue(f"Not supported locally: {error}") from error
        now = self.clock.now()
        alarm.configuration_updated_timestamp = now.astimezone(UTC).replace(tzinfo=None)
        if before is None:
            alarm.state_value = UNKNOWN
            set_moment(alarm, now)
        else:
            alarm.state_value, alarm.state_reason = before.state_value, before.state_reason
            alarm.state_updated_timestamp = before.state_updated_timestamp
            alarm.history = before.history
        self.definitions[name] = definition
        return alarm

    def evaluated(self) -> list[tuple[Alarm, Definition]]:
        """Return the alarms, each with what it evaluates."""
        return [(a, self.definitions[a.name]) for a in list(self.alarms.values())]

    def set_alarm_state(
        self, alarm_name: str, reason: str, reason_data: str, state_value: str
    ) -> None:
        """Set a state by hand; the next evaluation says what is so."""
        super().set_alarm_state(alarm_name, reason, reason_data, state_value)
        set_moment(self.alarms[alarm_name], self.clock.now())

    def put_metric_data(self, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        """Add values up; one without a time is of now."""
        now = self.clock.now().astimezone(UTC).replace(tzinfo=None)
        timed = [{**datum, "Timestamp": datum.get("Timestamp") or now} for datum in metric_data]
        with self._lock:
            super().put_metric_data(namespace, timed)
            put, self.metric_data = self.metric_data, []
        for datum in put:
            key = Key.of(
                namespace, datum.name, {str(d.name): str(d.value) for d in datum.dimensions}
            )
            minute = minute_of(datum.timestamp)
            self.store.merge(key, minute, _samples(datum), str(datum.unit or "None"))

    def get_all_metrics(self) -> list[MetricDatumBase]:
        """Return everything that was measured, as moto's statistics take it."""
        return [*self._measured(), *self.aws_metric_data]

    def _measured(self) -> Iterator[MetricDatumBase]:
        for key, unit, minute, samples in self.store.everything():
            yield MetricAggregatedDatum(
                namespace=key.namespace,
                name=key.name,
                min_stat=samples.least,
                max_stat=samples.most,
                sample_count=samples.count,
                sum_stat=samples.total,
                dimensions=[{"Name": n, "Value": v} for n, v in key.dimensions],
                timestamp=datetime.fromtimestamp(minute * MINUTE, UTC).replace(tzinfo=None),
                unit=unit,
            )


def minute_of(moment: datetime) -> int:
    """Return the minute since 1970; a moment without a zone is UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(aware.timestamp()) // MINUTE


def _samples(datum: MetricDatumBase) -> Samples:
    if isinstance(datum, MetricAggregatedDatum):
        return Samples(datum.sum, datum.min, datum.max, datum.sample_count)
    assert isinstance(datum, MetricDatum)
    return Samples(datum.value, datum.value, datum.value, 1)


def register_cloudwatch(store: MetricStore, clock: Clock) -> None:
    """Put this CloudWatch in moto's place, for the whole process; earlier alarms are forgotten."""

    class Backend(LocalCloudWatchBackend):
        pass

    Backend.store = store
    Backend.clock = clock
    cloudwatch_backends.clear()
    cloudwatch_backends.backend = Backend


def evaluated_alarms() -> list[tuple[Alarm, Definition]]:
    """Return the alarms there are now."""
    backend = cloudwatch_backends[ACCOUNT][REGION]
    assert isinstance(backend, LocalCloudWatchBackend), "register_cloudwatch came first"
    return backend.evaluated()
