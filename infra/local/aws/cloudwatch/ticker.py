"""What makes alarms change: each minute of the clock, each alarm's datapoints, once."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from moto.cloudwatch.models import Alarm

from infra.local.aws.cloudwatch.criterion import ALARM, OK
from infra.local.aws.cloudwatch.definition import MINUTE, Definition
from infra.local.aws.cloudwatch.series import Key, Minutes
from infra.local.clock import Clock

Read = Callable[[Key, int, int], Minutes]
"""A metric's minutes from one to before another that have values."""
Publish = Callable[[str, str, str], None]
"""A topic's ARN, a subject, a message."""


class AlarmTicker:
    """Evaluates alarms; nothing happens by itself, `tick` looks at the clock.

    Args:
        alarms: the alarms now, each with what it evaluates.
        read: reads a metric.
        clock: time.
        publish: tells a topic.
    """

    def __init__(
        self,
        alarms: Callable[[], Iterable[tuple[Alarm, Definition]]],
        read: Read,
        clock: Clock,
        publish: Publish,
    ) -> None:
        self._alarms = alarms
        self._read = read
        self._clock = clock
        self._publish = publish
        self._minute = 0
        self._left: dict[str, tuple[int, str, int]] = {}
        """Each alarm's definition, the state it was left in, and how many minutes led to it."""

    def tick(self) -> None:
        """Evaluate every alarm, if a minute has passed since the last time."""
        now = self._clock.now()
        minute = int(now.timestamp()) // MINUTE
        if minute <= self._minute:
            return
        before, self._minute = self._minute, minute
        for alarm, definition in self._alarms():
            if minute // definition.every > before // definition.every:
                self._evaluate(alarm, definition, minute, before, now)

    def _evaluate(
        self, alarm: Alarm, definition: Definition, minute: int, before: int, now: datetime
    ) -> None:
        found = {
            name: self._read(query.key, minute - definition.minutes, minute)
            for name, query in definition.queries.items()
        }
        values = sum(map(len, found.values()))
        as_left = id(definition), alarm.state_value, values
        if self._left.get(alarm.name) == as_left and not definition.moved(found, before, minute):
            return  # the same datapoints, and so the same state
        points = definition.points(found, minute)
        state, reason = definition.criterion.judge(points, alarm.state_value)
        if state != alarm.state_value:
            self._change(alarm, definition, points, state, reason, now)
        self._left[alarm.name] = id(definition), state, values

    def _change(
        self,
        alarm: Alarm,
        definition: Definition,
        points: list[float | None],
        state: str,
        reason: str,
        now: datetime,
    ) -> None:
        before = alarm.state_value
        newest = [point for point in points if point is not None][-definition.criterion.periods :]
        alarm.update_state(
            reason,
            json.dumps(
                {
                    "version": "1.0",
                    "queryDate": _iso(now),
                    "period": definition.period,
                    "recentDatapoints": newest,
                    "threshold": definition.criterion.threshold,
                }
            ),
            state,
        )
        set_moment(alarm, now)
        actions = {ALARM: alarm.alarm_actions, OK: alarm.ok_actions}
        if alarm.actions_enabled:
            for topic in actions.get(state, alarm.insufficient_data_actions):
                subject = f'{state}: "{alarm.name}" in {alarm.region_name}'
                self._publish(topic, subject, _message(alarm, definition, before, now))


def set_moment(alarm: Alarm, now: datetime) -> None:
    """Say since when an alarm is in its state; moto's own times have no zone."""
    moment = now.astimezone(UTC).replace(tzinfo=None)
    alarm.state_updated_timestamp = moment
    alarm.state_transitioned_timestamp = moment  # type: ignore[attr-defined]


def _message(alarm: Alarm, definition: Definition, before: str, now: datetime) -> str:
    """Return what a topic is told (CloudWatch user guide, "Notify users on alarm changes")."""
    criterion = definition.criterion
    account = alarm.alarm_arn.split(":")[4]
    document = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": account,
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": _iso(now),
        "Region": alarm.region_name,
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": before,
        "Trigger": {
            "Period": definition.period,
            "EvaluationPeriods": criterion.periods,
            "DatapointsToAlarm": criterion.datapoints,
            "ComparisonOperator": alarm.comparison_operator,
            "Threshold": criterion.threshold,
            "TreatMissingData": criterion.missing,
        },
    }
    return json.dumps(document)


def _iso(moment: datetime) -> str:
    millis = moment.astimezone(UTC) - timedelta(microseconds=moment.microsecond % 1_000)
    return millis.isoformat(timespec="milliseconds").replace("+00:00", "+0000")
