"""An alarm as it was put, read into what can be evaluated; all else is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.cloudwatch.models import Alarm

from infra.local.aws.cloudwatch.criterion import COMPARISONS, Criterion
from infra.local.aws.cloudwatch.expressions import Expression, Points, UnsupportedMathError
from infra.local.aws.cloudwatch.series import STATISTICS, Key, Minutes, Samples

MINUTE, HOUR, DAY = 60, 3_600, 86_400
_MISSING = ("breaching", "notBreaching", "ignore", "missing")


class UnsupportedAlarmError(Exception):
    """An alarm needs more than can be evaluated here."""


@dataclass(frozen=True, slots=True)
class Query:
    """One metric that an alarm looks at, and how it is added up."""

    key: Key
    statistic: str


@dataclass(frozen=True, slots=True)
class Definition:
    """What an alarm evaluates.

    Attributes:
        queries: by the names that the expression has for them.
        expression: None for the one metric itself.
        period: seconds.
    """

    queries: dict[str, Query]
    expression: Expression | None
    period: int
    criterion: Criterion

    @property
    def minutes(self) -> int:
        """How many minutes are looked at."""
        return self.criterion.range * self.period // MINUTE

    @property
    def every(self) -> int:
        """Minutes between evaluations: an alarm over more than a day is evaluated each hour."""
        return HOUR // MINUTE if self.criterion.periods * self.period > DAY else 1

    def points(
        self, found: dict[str, list[tuple[int, Samples]]], minute: int
    ) -> list[float | None]:
        """Return the alarm's value in each period up to a minute, the oldest first.

        Periods slide: the newest ends now.

        Args:
            found: each metric's minutes within the range, by the metric's name.
            minute: since 1970; the first that is not looked at any more.
        """
        metrics = {
            name: self._periods(found[name], query, minute) for name, query in self.queries.items()
        }
        if self.expression is not None:
            return self.expression.points(metrics, self.period)
        (points,) = metrics.values()
        return list(points)

    def moved(self, found: Mapping[str, Minutes], before: int, minute: int) -> bool:
        """Tell whether a value came into another period since an earlier evaluation.

        Values that came late into a minute long past are seen when that minute moves on.
        """
        length = self.period // MINUTE
        return any(
            (minute - 1 - at) // length != (before - 1 - at) // length
            for minutes in found.values()
            for at, _ in minutes
        )

    def _periods(self, found: Minutes, query: Query, minute: int) -> Points:
        length = self.period // MINUTE
        periods: list[Samples | None] = [None] * self.criterion.range
        for at, samples in found:
            place = self.criterion.range - 1 - (minute - 1 - at) // length
            period = periods[place]
            if period is None:
                period = periods[place] = Samples()
            period.merge(samples)
        return [None if p is None else p.statistic(query.statistic) for p in periods]


def definition_of(alarm: Alarm) -> Definition:
    """Read an alarm.

    Raises:
        UnsupportedAlarmError: naming what cannot be evaluated.
    """
    if alarm.rule is not None:
        raise UnsupportedAlarmError("composite alarms")
    if alarm.extended_statistic or alarm.evaluate_low_sample_count_percentile:
        raise UnsupportedAlarmError("percentiles")
    if alarm.threshold_metric_id:
        raise UnsupportedAlarmError("anomaly detection")
    if alarm.comparison_operator not in COMPARISONS:
        raise UnsupportedAlarmError(f"the comparison {alarm.comparison_operator}")
    if alarm.threshold is None:
        raise UnsupportedAlarmError("an alarm without a threshold")
    missing = alarm.treat_missing_data or "missing"
    if missing not in _MISSING:
        raise UnsupportedAlarmError(f"TreatMissingData {missing}")
    for action in (*alarm.alarm_actions, *alarm.ok_actions, *alarm.insufficient_data_actions):
        if not action.startswith("arn:aws:sns:"):
            raise UnsupportedAlarmError(f"the action {action}; only SNS topics are told")
    queries, expression, period = _single(alarm) if alarm.metric_name else _math(alarm)
    periods = int(alarm.evaluation_periods)
    criterion = Criterion(
        comparison=alarm.comparison_operator,
        threshold=float(alarm.threshold),
        periods=periods,
        datapoints=int(alarm.datapoints_to_alarm or periods),
        missing=missing,
    )
    _check_times(criterion, period)
    return Definition(queries, expression, period, criterion)


def _single(alarm: Alarm) -> tuple[dict[str, Query], None, int]:
    if alarm.unit:
        raise UnsupportedAlarmError("an alarm with a Unit")
    dimensions = {str(d.name): str(d.value) for d in alarm.dimensions}
    key = Key.of(alarm.namespace, alarm.metric_name, dimensions)
    return {"value": _query(key, alarm.statistic)}, None, int(alarm.period)


def _math(alarm: Alarm) -> tuple[dict[str, Query], Expression | None, int]:
    queries: dict[str, Query] = {}
    periods = set()
    returned = []
    for query in alarm.metric_data_queries:
        if str(query.return_data).lower() != "false":
            returned.append(query)
        if query.metric_stat is not None:
            queries[query.id], period = _stat(query.metric_stat)
            periods.add(period)
    if len(returned) != 1:
        raise UnsupportedAlarmError(f"{len(returned)} queries with ReturnData; one is needed")
    if len(periods) != 1:
        raise UnsupportedAlarmError("metrics of several periods, or none")
    (last,) = returned
    if last.metric_stat is not None:
        return {last.id: queries[last.id]}, None, periods.pop()
    if any(q.expression for q in alarm.metric_data_queries if q is not last):
        raise UnsupportedAlarmError("expressions of expressions")
    try:
        return queries, Expression(str(last.expression), set(queries)), periods.pop()
    except UnsupportedMathError as error:
        raise UnsupportedAlarmError(str(error)) from None


def _stat(stat: Any) -> tuple[Query, int]:
    if stat.unit:
        raise UnsupportedAlarmError("a metric with a Unit")
    dimensions = {str(d.name): str(d.value) for d in stat.metric.dimensions}
    key = Key.of(stat.metric.namespace, stat.metric.metric_name, dimensions)
    return _query(key, stat.stat), int(stat.period)


def _query(key: Key, statistic: str | None) -> Query:
    if statistic not in STATISTICS:
        raise UnsupportedAlarmError(f"the statistic {statistic}")
    return Query(key, statistic)


def _check_times(criterion: Criterion, period: int) -> None:
    """Refuse what the service refuses, and what is finer than a minute here."""
    if period < MINUTE or period % MINUTE:
        raise UnsupportedAlarmError(f"a period of {period} s; take whole minutes")
    longest = 7 * DAY if period >= HOUR else DAY
    if criterion.periods * period > longest:
        raise UnsupportedAlarmError(
            f"{criterion.periods} periods of {period} s, more than {longest // DAY} day(s)"
        )
    if not 1 <= criterion.datapoints <= criterion.periods:
        raise UnsupportedAlarmError(
            f"{criterion.datapoints} datapoints to alarm of {criterion.periods} periods"
        )
