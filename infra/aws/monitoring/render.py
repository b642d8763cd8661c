"""Alarms and the dashboard as the template's YAML."""

import re
from collections.abc import Iterable, Iterator

from infra.aws.monitoring.alarm import OPERATORS, Alarm, Metric

TOPIC = "[!Ref AlarmTopic]"


def alarms_yaml(alarms: Iterable[Alarm]) -> str:
    """Return the resources of alarms."""
    return "".join("\n".join(_alarm(alarm)) + "\n" for alarm in alarms)


def _alarm(alarm: Alarm) -> Iterator[str]:
    yield f"  {alarm.key}:"
    yield "    Type: AWS::CloudWatch::Alarm"
    if alarm.condition:
        yield f"    Condition: {alarm.condition}"
    yield "    Properties:"
    yield f'      AlarmName: !Sub "${{Name}}-{alarm.name}"'
    yield (f'      AlarmDescription: !Sub "{alarm.meaning} Runbook: ${{RunbookUrl}}#{alarm.entry}"')
    yield from _queries(alarm) if alarm.math else _metric(alarm)
    yield f"      EvaluationPeriods: {alarm.periods}"
    if alarm.datapoints is not None:
        yield f"      DatapointsToAlarm: {alarm.datapoints}"
    yield f"      ComparisonOperator: {OPERATORS[alarm.comparison]}"
    yield f"      Threshold: {alarm.threshold:.12g}"
    yield f"      TreatMissingData: {alarm.missing}"
    yield f"      AlarmActions: {TOPIC}"
    yield f"      OKActions: {TOPIC}"


def _metric(alarm: Alarm) -> Iterator[str]:
    (metric,) = alarm.metrics.values()
    yield f"      Namespace: {metric.namespace}"
    yield f"      MetricName: {metric.name}"
    yield f"      Dimensions: {_dimensions(metric)}"
    yield f"      Statistic: {metric.statistic}"
    yield f"      Period: {alarm.period}"


def _queries(alarm: Alarm) -> Iterator[str]:
    yield "      Metrics:"
    yield f'        - {{Id: value, Expression: "{alarm.math}", ReturnData: true}}'
    for name, metric in alarm.metrics.items():
        yield f"        - Id: {name}"
        yield "          ReturnData: false"
        yield "          MetricStat:"
        yield (
            f"            Metric: {{Namespace: {metric.namespace}, MetricName: {metric.name},\n"
            f"                     Dimensions: {_dimensions(metric)}}}"
        )
        yield f"            Period: {alarm.period}"
        yield f"            Stat: {metric.statistic}"


def _dimensions(metric: Metric) -> str:
    return (
        "["
        + ", ".join(f"{{Name: {name}, Value: {value}}}" for name, value in metric.dimensions)
        + "]"
    )


def dashboard_yaml(body: str) -> str:
    """Return the resource of the dashboard; its body's variables are the template's."""
    indented = re.sub("^", " " * 8, body, flags=re.M)
    return (
        "  Dashboard:\n"
        "    Type: AWS::CloudWatch::Dashboard\n"
        "    Properties:\n"
        "      DashboardName: !Ref Name\n"
        "      DashboardBody: !Sub |\n"
        f"{indented}\n"
    )
