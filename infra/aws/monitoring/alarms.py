"""Every alarm of the stack, and why it is set as it is.

A quiet stream is no incident: Firehose tells nothing where nothing happens, so a missing datapoint
is filled in as well. Left missing, CloudWatch would look further back for one, nobody says how far,
and find the last fault again after it was over. Where CloudWatch's guides advise an alarm, its
numbers are theirs (docs/reference/firehose-behaviour.md).
"""

from collections.abc import Iterator

from infra.aws.errors import TemplateError
from infra.aws.monitoring.alarm import Alarm, Metric
from infra.aws.monitoring.facts import AUDIT, Facts, Function, Schedule
from rules.engine import RULE_ERROR
from schemas.emf import NAMESPACE, SERVICE
from transforms.firehose_io import MAX_REPLY_BYTES
from transforms.settle import IN_FLIGHT

MINUTES, HOUR = 60, 3_600
QUARTER = 15 * MINUTES
LEAST_FRESHNESS = 900
"""Seconds; the longest buffer that Firehose allows, and AWS's advice for any shorter one."""
NEAR = 0.8
"""Of a limit: time enough to act."""
PARTITIONS = 400
"""Of the 500 that a stream may have active."""
MISSED_AFTER_HOURS: dict[str, int | str] = {
    "ingest": 2,
    "settle": "!Ref SettleMissedAfterHours",
    "summaries": "!Ref SummariesMissedAfterHours",
    "baseline": "!Ref BaselineMissedAfterHours",
    "anomalies": 26,
    "audit": 26,
}
"""By schedule: so many hours without a run are one too many; daily jobs may run two hours late."""


def alarms(facts: Facts) -> list[Alarm]:
    """Return every alarm, in the template's order.

    Raises:
        TemplateError: nobody has said how long a schedule may be silent.
    """
    found = [*_delivery(facts), *_intake(), *_processing(), *_lake(), *_queues()]
    if facts.audits:
        found.append(_audit())
    for function in facts.functions:
        found += _function(function)
    return found + [_missed(schedule) for schedule in facts.schedules]


def _firehose(name: str, statistic: str) -> Metric:
    return Metric("AWS/Firehose", name, statistic, (("DeliveryStreamName", "!Ref Stream"),))


def _ours(name: str, statistic: str, function: str, **dimensions: str) -> Metric:
    own = ((SERVICE, f"!Ref {function}"), *dimensions.items())
    return Metric(NAMESPACE, name, statistic, own)


def _lambda(name: str, statistic: str, function: Function) -> Metric:
    return Metric("AWS/Lambda", name, statistic, (("FunctionName", f"!Ref {function.key}"),))


def _delivery(facts: Facts) -> Iterator[Alarm]:
    for kind, interval, where, name in (
        ("DeliveryToS3", facts.interval, "processed/", "delivery"),
        ("BackupToS3", facts.backup_interval, "raw/", "backup"),
    ):
        yield Alarm(
            name=f"{name}-freshness",
            entry=f"{name}-freshness",
            meaning=f"Records reach {where} later than their buffers explain.",
            metrics={"age": _firehose(f"{kind}.DataFreshness", "Maximum")},
            well=0,
            comparison=">",
            threshold=max(LEAST_FRESHNESS, 2 * interval),
            # An hourly ingest is delivered once: its one late datapoint must do.
            periods=3,
            datapoints=1,
        )
        yield Alarm(
            name=f"{name}-success",
            entry=f"{name}-success",
            meaning=f"Firehose cannot write to {where}; it tries for 24 hours and then gives up.",
            metrics={"share": _firehose(f"{kind}.Success", "Average")},
            well=1,
            comparison="<",
            threshold=1,
            # A single dip is one put that was tried again, not a loss.
            periods=3,
            datapoints=2,
        )


def _intake() -> Iterator[Alarm]:
    yield Alarm(
        name="throttled-records",
        entry="throttled-records",
        meaning="The stream refused records because of its quota; producers send them again.",
        metrics={"refused": _firehose("ThrottledRecords", "Sum")},
        well=0,
        comparison=">",
        threshold=0,
    )
    for name, incoming, limit in (
        ("incoming-bytes", "IncomingBytes", "BytesPerSecondLimit"),
        ("incoming-records", "IncomingRecords", "RecordsPerSecondLimit"),
        ("incoming-requests", "IncomingPutRequests", "PutRequestsPerSecondLimit"),
    ):
        yield Alarm(
            name=f"{name}-near-limit",
            entry="incoming-near-limit",
            meaning=f"{incoming} use more than 80 % of the stream's quota.",
            metrics={"incoming": _firehose(incoming, "Sum"), "limit": _firehose(limit, "Minimum")},
            expression="FILL(incoming, 0) / PERIOD(incoming) / FILL(limit, 1)",
            comparison=">=",
            threshold=NEAR,
        )
    yield Alarm(
        name="partitions-near-limit",
        entry="partitions-near-limit",
        meaning="More than 400 of 500 partitions are active: deliveries of many days at once.",
        metrics={"partitions": _firehose("PartitionCount", "Maximum")},
        well=0,
        comparison=">",
        threshold=PARTITIONS,
    )
    yield Alarm(
        name="partitions-exceeded",
        entry="partitions-exceeded",
        meaning="More than 500 partitions: records go to errors/ instead of processed/.",
        metrics={"exceeded": _firehose("PartitionCountExceeded", "Maximum")},
        well=0,
        comparison=">=",
        threshold=1,
    )


def _processing() -> Iterator[Alarm]:
    yield Alarm(
        name="processing-success",
        entry="processing-success",
        meaning="Invocations of the transform fail again and again.",
        metrics={"share": _firehose("ExecuteProcessing.Success", "Average")},
        well=1,
        comparison="<",
        threshold=1,
        periods=3,
        datapoints=2,
    )
    yield Alarm(
        name="failed-records",
        entry="failed-records",
        meaning="The transform answered ProcessingFailed: records that cannot be rows.",
        metrics={"failed": _ours("RecordsFailed", "Sum", "TransformFunction")},
        well=0,
        comparison=">",
        threshold=0,
    )
    yield Alarm(
        name="failed-conversion",
        entry="failed-conversion",
        meaning="Rows do not fit the Glue table; Firehose could not make Parquet of them.",
        metrics={"failed": _firehose("FailedConversion.Records", "Sum")},
        well=0,
        comparison=">",
        threshold=0,
    )
    yield Alarm(
        name="rule-errors",
        entry="rule-errors",
        meaning="A rule raised; its rows are delivered without its verdict.",
        metrics={"errors": _ours("Findings", "Sum", "TransformFunction", rule=RULE_ERROR)},
        well=0,
        comparison=">",
        threshold=0,
    )
    yield Alarm(
        name="answer-near-limit",
        entry="answer-near-limit",
        meaning="An answer of the transform comes near the 6 MB that Lambda allows.",
        metrics={"bytes": _ours("AnswerBytes", "Maximum", "TransformFunction")},
        well=0,
        comparison=">",
        # A full buffer of the densest records makes 5 MB by design.
        threshold=MAX_REPLY_BYTES * 9 // 10,
    )


def _lake() -> Iterator[Alarm]:
    yield Alarm(
        name="settle-lag",
        entry="settle-lag",
        meaning="A delivery has waited for rows twice as long as buffers explain; it is not shown.",
        metrics={"lag": _ours("SettleLag", "Maximum", "SettleFunction")},
        comparison=">",
        threshold=2 * IN_FLIGHT.total_seconds(),
        period=QUARTER,
        # Settle tells it each quarter; where it does not run, nothing has become well.
        missing="ignore",
    )
    yield Alarm(
        name="error-objects",
        entry="error-objects",
        meaning="There are new objects under errors/: records that are not in processed/.",
        metrics={"objects": _ours("ErrorObjects", "Maximum", "SettleFunction")},
        # What lies there already was told once; redrive and audit say what is left of it. Filled,
        # so that the first of a new stack are new, too.
        expression="DIFF(FILL(objects, 0))",
        comparison=">",
        threshold=0,
        period=HOUR,
    )
    yield Alarm(
        name="spool-age",
        entry="spool-age",
        meaning="Records have waited in spool/records/ for two hourly ingests and longer.",
        metrics={"age": _ours("SpoolAge", "Maximum", "SettleFunction")},
        comparison=">",
        threshold=2 * HOUR,
        period=QUARTER,
        missing="ignore",
    )


def _audit() -> Alarm:
    return Alarm(
        name="audit-gaps",
        entry="audit-gaps",
        meaning="The audit misses events or finds other money; finops audit names where.",
        metrics={"gaps": _ours("AuditGaps", "Maximum", AUDIT)},
        comparison=">",
        threshold=0,
        period=HOUR,
        # Between two audits the last one's answer stands.
        missing="ignore",
    )


def _queues() -> Iterator[Alarm]:
    for name, queue, meaning in (
        ("failed-invocations", "FailedInvocations", "A scheduled function failed three times."),
        ("undelivered-schedules", "UndeliveredSchedules", "A schedule could not invoke its job."),
    ):
        depth = Metric(
            "AWS/SQS",
            "ApproximateNumberOfMessagesVisible",
            "Maximum",
            (("QueueName", f"!GetAtt {queue}.QueueName"),),
        )
        yield Alarm(
            name=name,
            entry=name,
            meaning=f"{meaning} Its event is in the queue.",
            metrics={"messages": depth},
            comparison=">",
            threshold=0,
            # SQS tells nothing of a queue that nobody has used for six hours.
            missing="ignore",
        )


def _function(function: Function) -> Iterator[Alarm]:
    yield Alarm(
        name=f"{function.word}-errors",
        entry="function-errors",
        meaning=f"The {function.word} function raised or timed out.",
        metrics={"errors": _lambda("Errors", "Sum", function)},
        well=0,
        comparison=">",
        threshold=0,
    )
    yield Alarm(
        name=f"{function.word}-throttles",
        entry="function-throttles",
        meaning=f"Lambda refused to run the {function.word} function: no concurrency is left.",
        metrics={"throttles": _lambda("Throttles", "Sum", function)},
        well=0,
        comparison=">",
        threshold=0,
    )
    yield Alarm(
        name=f"{function.word}-duration",
        entry="function-duration",
        meaning=f"The {function.word} function used more than 80 % of its {function.timeout} s.",
        metrics={"duration": _lambda("Duration", "Maximum", function)},
        well=0,
        comparison=">",
        threshold=NEAR * function.timeout * 1_000,
    )


def _missed(schedule: Schedule) -> Alarm:
    if schedule.word not in MISSED_AFTER_HOURS:
        raise TemplateError(
            f"{schedule.key}: say in infra/aws/monitoring/alarms.py after how many hours it is "
            "missed"
        )
    return Alarm(
        name=f"{schedule.word}-missed",
        entry="schedule-missed",
        meaning=f"The {schedule.word} function has not run to its end when it was due.",
        metrics={
            "runs": _lambda("Invocations", "Sum", schedule.function),
            "errors": _lambda("Errors", "Sum", schedule.function),
        },
        expression="FILL(runs, 0) - FILL(errors, 0)",
        comparison="<",
        threshold=1,
        period=HOUR,
        periods=MISSED_AFTER_HOURS[schedule.word],
        # A new stack has had no runs yet; once it has, those that are missing are zeros.
        missing="ignore",
        condition="SchedulesRun",
    )
