"""The dashboard: alarms first, then the way of a record from the put to the report.

Its body is JSON (CloudWatch API reference, "Dashboard body structure"), laid out here so that the
template shows a metric a line.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from infra.aws.monitoring.alarm import Alarm
from infra.aws.monitoring.facts import AUDIT, Facts, Function
from schemas.emf import NAMESPACE, SERVICE

WIDE, HALF, HEIGHT = 24, 12, 6
_ALARM = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:${Name}-"
_STREAM = ("DeliveryStreamName", "${Stream}")


@dataclass(frozen=True, slots=True)
class Graph:
    """A widget of metrics over time."""

    title: str
    metrics: Sequence[Sequence[Any]]
    stat: str = "Sum"
    period: int = 300


def dashboard_body(alarms: Iterable[Alarm], facts: Facts) -> str:
    """Return the body, with the template's variables in it."""
    arns = [f"{_ALARM}{alarm.name}" for alarm in alarms]
    first = {
        "type": "alarm",
        "x": 0,
        "y": 0,
        "width": WIDE,
        "height": HEIGHT,
        "properties": {"title": "Alarms", "alarms": arns},
    }
    widgets = [_widget(first, "alarms")]
    for n, graph in enumerate(_graphs(facts)):
        frame = {
            "type": "metric",
            "x": HALF * (n % 2),
            "y": HEIGHT * (1 + n // 2),
            "width": HALF,
            "height": HEIGHT,
            "properties": {
                "title": graph.title,
                "region": "${AWS::Region}",
                "view": "timeSeries",
                "stat": graph.stat,
                "period": graph.period,
                "metrics": list(graph.metrics),
            },
        }
        widgets.append(_widget(frame, "metrics"))
    return '{"widgets": [\n' + ",\n".join(widgets) + "\n]}"


def _graphs(facts: Facts) -> list[Graph]:
    transform, ingest = "TransformFunction", "IngestFunction"
    settle, anomalies = "SettleFunction", "AnomaliesFunction"
    summaries = "SummariesFunction"
    audit = [
        Graph(
            "Audit (events)",
            [_ours(name, AUDIT) for name in ("AuditGaps", "AuditInFlight", "AuditLate")],
            "Maximum",
            3_600,
        )
    ]
    return [
        Graph(
            "Taken by the stream",
            [_firehose("IncomingBytes"), _firehose("IncomingRecords"),
             _firehose("IncomingPutRequests"), _firehose("ThrottledRecords")],
        ),
        Graph(
            "Age of the oldest record (seconds)",
            [_firehose("DeliveryToS3.DataFreshness"), _firehose("BackupToS3.DataFreshness")],
            "Maximum",
        ),
        Graph(
            "What succeeds (1 is all)",
            [_firehose("ExecuteProcessing.Success"), _firehose("DeliveryToS3.Success"),
             _firehose("BackupToS3.Success")],
            "Average",
        ),
        Graph(
            "What fails (records)",
            [_firehose("FailedConversion.Records"), _firehose("PartitionCountExceeded"),
             _ours("RecordsFailed", transform)],
        ),
        Graph(
            "Partitions",
            [_firehose("PartitionCount")],
            "Maximum",
        ),
        Graph(
            "Events",
            [_ours("EventsDelivered", ingest), _ours("Events", transform),
             _ours("RowsRejected", ingest)],
            period=3_600,
        ),
        Graph(
            "Findings by rule",
            [_search("Findings", (SERVICE, "rule"), transform)],
            period=3_600,
        ),
        Graph(
            "Money in findings, by rule and currency",
            [_search("FindingsAmount", (SERVICE, "rule", "currency"), transform)],
            period=3_600,
        ),
        Graph("Largest answer (bytes)", [_ours("AnswerBytes", transform)], "Maximum"),
        Graph(
            "Deliveries that wait",
            [_ours("SettleLag", settle), _ours("DeliveriesInFlight", settle),
             _ours("DeliveriesIncomplete", settle)],
            "Maximum",
            900,
        ),
        Graph(
            "Errors and spool",
            [_ours("ErrorObjects", settle), _ours("SpooledObjects", settle),
             _ours("SpoolAge", settle)],
            "Maximum",
            900,
        ),
        Graph(
            "Queues of what failed",
            [_queue("FailedInvocations"), _queue("UndeliveredSchedules")],
            "Maximum",
        ),
        Graph("Functions: errors", [_lambda("Errors", f) for f in facts.functions]),
        Graph(
            "Functions: longest run (ms)",
            [_lambda("Duration", f) for f in facts.functions],
            "Maximum",
        ),
        Graph(
            "Continuous producers: events that wait",
            [_search("SpoolEvents", ("producer",), stat="Maximum")],
            "Maximum",
        ),
        Graph("Summaries (days built)", [_ours("SummariesBuilt", summaries)], period=3_600),
        Graph(
            "Anomalies",
            [_ours("Anomalies", anomalies),
             _search("AnomalyImpact", (SERVICE, "currency"), anomalies)],
            period=86_400,
        ),
        *(audit if facts.audits else ()),
    ]  # fmt: skip


def _firehose(name: str) -> list[str]:
    return ["AWS/Firehose", name, *_STREAM]


def _lambda(name: str, function: Function) -> list[str]:
    return ["AWS/Lambda", name, "FunctionName", f"${{{function.key}}}"]


def _queue(queue: str) -> list[str]:
    name = "ApproximateNumberOfMessagesVisible"
    return ["AWS/SQS", name, "QueueName", f"${{{queue}.QueueName}}"]


def _ours(name: str, function: str) -> list[str]:
    return [NAMESPACE, name, SERVICE, f"${{{function}}}"]


def _search(
    name: str, dimensions: Sequence[str], of: str = "", stat: str = "Sum"
) -> list[dict[str, str]]:
    """Return one line for each value that the dimensions have, whatever they are."""
    schema = ",".join((NAMESPACE, *dimensions))
    where = f'MetricName="{name}"' + (f' {SERVICE}="${{{of}}}"' if of else "")
    return [{"expression": f"SEARCH('{{{schema}}} {where}', '{stat}', 3600)"}]


def _widget(frame: dict[str, Any], many: str) -> str:
    """Return a widget's JSON, each item of its longest list on a line of its own."""
    listed = frame["properties"][many]
    rest = json.dumps({**frame, "properties": {**frame["properties"], many: []}})
    lines = ",\n   ".join(json.dumps(item) for item in listed)
    head, _, tail = rest.rpartition(f'"{many}": []')
    return f' {head}"{many}": [\n   {lines}]{tail}'
