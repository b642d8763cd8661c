"""The Lambdas of the scheduled jobs: settle, summaries, baseline, anomalies, audit.

Each wires itself from the environment once, does one job for the time it was scheduled for, and
says in its answer what it did, and in its log how things are, as metrics. A repeated invocation
repeats nothing.
"""

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

from schemas.emf import emf_line
from schemas.lake import ObjectStore
from schemas.s3_store import S3Store
from transforms.anomalies import Anomaly, run
from transforms.anomalies.notice import message, subject
from transforms.athena_query import AthenaQuery
from transforms.audit import AuditReport, audit
from transforms.auditing.flight import Flight, StreamTimes
from transforms.auditing.runs import write_run
from transforms.baseline_builder import build_baseline
from transforms.baseline_store import publish
from transforms.context import Context, context_from
from transforms.errors import EvaluationError, JobError
from transforms.evaluations import register_first, registered
from transforms.ports import Query
from transforms.settle import settle
from transforms.summaries import refresh
from transforms.vitals import vitals

COUNT_ALL_HOUR = 5
"""The hour (UTC) in which settle counts every row: after the baseline and anomaly jobs."""
_WAITING = ("incomplete", "in-flight", "open")
_MOST_NAMED = 20
"""Differences that an answer names; the table `audits` has more of them."""

# The stack's name is in the dimension: several stacks may share an account.
_service = f"{os.environ.get('FINOPS_STREAM', 'finops')}-audit"  # noqa: TID251 the Lambda's edge
metrics = Metrics(namespace="FinOpsFirehose", service=_service)


@dataclass(frozen=True, slots=True)
class Job:
    """What every job is given: the lake in SQL and as objects, and its first evaluation."""

    query: Query
    store: ObjectStore
    first: Context
    """The evaluation that the stack's parameters describe."""
    now: Callable[[], datetime]
    """The moment, aware: only for telling what is late."""
    tell: Callable[[str], None] = print
    """Takes a line of metrics; what a Lambda prints is its log."""
    service: str = ""
    """The function's name, for its metrics."""
    announce: Callable[[str, str], None] = lambda subject, message: None
    """Tells people something: a subject and a message."""


def settle_handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Write down which delivery is the truth for each day."""
    moment = _scheduled(event)
    # What is late is told by the schedule's clock: a retry of this hour says what this hour would.
    return run_settle(replace(_job(), now=lambda: moment), scheduled_hour(event))


def baseline_handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Publish the baseline of the day the job was scheduled for."""
    return run_baseline(_job(), scheduled_day(event))


def summaries_handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Sum up again the days that have changed."""
    return run_summaries(_job(), _scheduled(event))


def anomalies_handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Judge the days that are complete before the one the job was scheduled for."""
    return run_anomalies(replace(_job(), announce=_topic()), _scheduled(event))


@metrics.log_metrics
def audit_handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Compare what was recorded with what can be queried; what it finds is a metric."""
    report = run_audit(_job(), _scheduled(event), _stream_times())
    for name, value in {
        "AuditGaps": len(report.gaps),
        "AuditEvents": report.events,
        "AuditInFlight": report.in_flight,
        "AuditLate": report.late,
        "AuditFailed": report.failed_events,
        "AuditWaitingObjects": report.waiting.objects,
    }.items():
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
    return {
        "clean": report.clean,
        "events": report.events,
        "in_flight": report.in_flight,
        "late": report.late,
        "failed": report.failed_by_type,
        "gaps": len(report.gaps),
        "first_gaps": [asdict(gap) for gap in report.gaps[:_MOST_NAMED]],
    }


def run_audit(job: Job, moment: datetime, times: StreamTimes) -> AuditReport:
    """Audit what is new since the last audit, under the active evaluation, and write it down.

    Args:
        job: the lake.
        moment: the one it was scheduled for; what arrived after it is on its way.
        times: how long the stream may keep a record.

    Raises:
        StateError: what earlier audits kept is damaged.
    """
    flight = Flight(moment, times)
    report = audit(job.query, job.store, flight=flight, now=moment, keep=job.store)
    write_run(job.store, report, moment)
    return report


def run_settle(job: Job, hour: int) -> dict[str, Any]:
    """Settle, and make sure that the first evaluation is registered and the views know it.

    Once a day everything is counted; otherwise only what was last seen waiting.

    Raises:
        EvaluationError: the stack's parameters say something else of an evaluation that is
            registered. The rest is done first.
    """
    changed: EvaluationError | None = None
    try:
        register_first(job.store, job.first)
    except EvaluationError as error:
        changed = error
    now = job.now()
    report = settle(job.query, job.store, now, only_waiting=hour != COUNT_ALL_HOUR)
    _tell(job, vitals(report, job.store, now).metrics)
    waiting = [asdict(s) for s in report.statuses if s.status in _WAITING]
    if changed:
        raise changed
    return {"became_active": report.became_active, "waiting": waiting}


def run_baseline(job: Job, today: date) -> dict[str, Any]:
    """Build the baseline published on `today` and append it to every series in use."""
    baseline = build_baseline(job.query, today)
    if baseline is None:
        return {"published": None, "reason": "no history yet"}
    in_use = {d.baselines for d in registered(job.store)} or {job.first.evaluation}
    appended = [name for name in sorted(in_use) if publish(job.store, name, baseline)]
    return {
        "published": baseline.version if appended else None,
        "appended_to": appended,
        "through": baseline.through,
        "effective_from": baseline.effective_from,
        "series": len(baseline.entries),
    }


def run_summaries(job: Job, moment: datetime) -> dict[str, Any]:
    """Bring the summaries up to date with what the views show."""
    done = refresh(job.query, job.store, moment)
    _tell(job, {"SummariesBuilt": (len(done.days), "Count")})
    return asdict(done)


def run_anomalies(job: Job, moment: datetime) -> dict[str, Any]:
    """Judge what has changed, write down how anomalies stand, and tell of new ones."""

    def tell(anomalies: Sequence[Anomaly]) -> None:
        job.announce(subject(anomalies), message(anomalies))

    outcome = run(job.query, job.store, moment, tell)
    found = [anomaly for change, anomaly in outcome.changes if change == "found"]
    _tell(job, {"Anomalies": (len(found), "Count")})
    for currency, impact in sorted(_impacts(found).items()):
        _tell(job, {"AnomalyImpact": (impact, "None")}, {"currency": currency})
    return {
        "newest_day": outcome.newest,
        "judged": len(outcome.judged),
        "changes": [[change, anomaly.anomaly_id] for change, anomaly in outcome.changes],
        "told": [anomaly.anomaly_id for anomaly in outcome.told],
    }


def _impacts(found: Iterable[Anomaly]) -> dict[str, Decimal]:
    impacts: defaultdict[str, Decimal] = defaultdict(Decimal)
    for anomaly in found:
        impacts[anomaly.series[4]] += anomaly.impact
    return impacts


def _tell(
    job: Job,
    values: Mapping[str, tuple[float | Decimal, str]],
    dimensions: Mapping[str, str] | None = None,
) -> None:
    job.tell(emf_line(job.service, values, round(job.now().timestamp() * 1_000), dimensions))


def scheduled_hour(event: Mapping[str, Any]) -> int:
    """Return the UTC hour a job was scheduled for.

    Raises:
        JobError: the event does not say.
    """
    return _scheduled(event).hour


def scheduled_day(event: Mapping[str, Any]) -> date:
    """Return the UTC day a job was scheduled for.

    Raises:
        JobError: the event does not say.
    """
    return _scheduled(event).date()


def _scheduled(event: Mapping[str, Any]) -> datetime:
    try:
        return datetime.fromisoformat(event["scheduled_time"])
    except (KeyError, TypeError, ValueError) as error:
        raise JobError(
            'the event needs {"scheduled_time": "2026-09-01T04:00:00Z"}; call it by its schedule'
        ) from error


@cache
def _job() -> Job:
    # The SDK comes with Lambda's runtime; importing it here keeps it out of everything else.
    import boto3

    environment = os.environ  # noqa: TID251 the Lambda's edge
    s3 = boto3.client("s3")
    query = AthenaQuery(
        boto3.client("athena"),
        s3,
        environment["FINOPS_DATABASE"],
        environment["FINOPS_WORKGROUP"],
        time.sleep,
    )
    return Job(
        query,
        S3Store(s3, environment["FINOPS_BUCKET"]),
        first=context_from(environment),
        now=lambda: datetime.now(UTC),  # noqa: TID251 the Lambda's edge
        service=environment["AWS_LAMBDA_FUNCTION_NAME"],
    )


def _topic() -> Callable[[str, str], None]:
    """Return what tells everybody who subscribed to the stack's topic of anomalies."""
    import boto3

    topic = os.environ["FINOPS_ANOMALY_TOPIC"]  # noqa: TID251 the Lambda's edge
    sns = boto3.client("sns")

    def announce(subject: str, message: str) -> None:
        sns.publish(TopicArn=topic, Subject=subject, Message=message)

    return announce


def _stream_times() -> StreamTimes:
    """Ask the stream itself, each time: its buffers may be set otherwise at any moment."""
    import boto3

    stream = os.environ["FINOPS_STREAM"]  # noqa: TID251 the Lambda's edge
    return StreamTimes.of(
        boto3.client("firehose").describe_delivery_stream(DeliveryStreamName=stream)
    )
