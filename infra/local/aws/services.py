"""Puts our services in moto's place, connected to each other and to one clock."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from botocore.exceptions import ClientError
from moto.core.base_backend import BackendDict

from infra.local.aws.athena_backend import register_athena
from infra.local.aws.buckets import Buckets
from infra.local.aws.cloudwatch.series import Key, MetricStore, Minutes
from infra.local.aws.cloudwatch.ticker import AlarmTicker
from infra.local.aws.cloudwatch_backend import evaluated_alarms, register_cloudwatch
from infra.local.aws.firehose_control import FirehoseControl, register_firehose
from infra.local.aws.firehose_metrics import NAMESPACE, stream_metric
from infra.local.aws.functions import FunctionRunner
from infra.local.aws.iam.access import OPEN, Access
from infra.local.aws.lambda_backend import Functions, LambdaWiring, register_lambda
from infra.local.aws.meter_control import METER_FILE
from infra.local.aws.s3_backend import register_s3
from infra.local.aws.s3_files import BucketFiles
from infra.local.aws.scheduler_backend import register_scheduler, stored_schedules
from infra.local.aws.scheduler_schedules import Schedule
from infra.local.aws.scheduler_ticker import FailedInvocation, SchedulerTicker
from infra.local.aws.usage_metrics import FunctionMetrics, QueueMetrics
from infra.local.clock import Clock
from infra.local.firehose import DEFAULT_CHOICES, Choices
from infra.local.firehose.file_journal import file_journals
from infra.local.firehose.meter import Meter
from infra.local.iam import Call

_LOG = logging.getLogger(__name__)

LONGEST_STEP = 60.0
"""Seconds of simulated time between two looks at the streams' buffers; their least interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The running services of one embedded AWS."""

    files: BucketFiles
    buckets: Buckets
    functions: Functions
    firehose: FirehoseControl
    scheduler: SchedulerTicker
    runner: FunctionRunner
    queues: QueueMetrics
    alarms: AlarmTicker

    def tick(self) -> None:
        """Do what is due by the clock: schedules, then buffers, then alarms."""
        self.scheduler.tick()
        self._after_schedules()

    def run_until(self, moment: datetime) -> int:
        """Let the clock go to `moment`, doing everything on its way; return what was fired."""
        fired = self.scheduler.run_until(moment)
        self._after_schedules()
        return fired

    def _after_schedules(self) -> None:
        try:
            self.firehose.tick()
        finally:
            # A delivery that fails is what alarms are for.
            self.queues.tick()
            self.alarms.tick()

    def close(self) -> None:
        """Deliver what is buffered and end the functions' processes."""
        try:
            self.firehose.flush()
        finally:
            self.firehose.close()
            self.runner.close()
            forget()


def start_services(
    data_dir: Path,
    *,
    endpoint_url: str,
    client: Callable[[str], Any],
    clock: Clock,
    random: Random,
    code_root: Path | None,
    choices: Choices = DEFAULT_CHOICES,
    crash: Callable[[], None] | None = None,
    access: Access = OPEN,
) -> Services:
    """Register all services for this process; what earlier ones held in memory is forgotten.

    Args:
        data_dir: where everything on disk lies.
        endpoint_url: where functions find the services.
        client: returns a boto3 client of a service.
        clock: time.
        random: chance.
        code_root: what code folders in a template are relative to; None runs our own sources.
        choices: of Firehose, where nobody knows what the service does.
        crash: ends the process, where it may be asked to crash.
        access: what roles may do.
    """
    forget()
    files = BucketFiles(data_dir)
    register_s3(files)
    buckets = Buckets()
    runner = FunctionRunner(
        endpoint_url, random, data_dir / "logs" / "functions.log", access.session
    )

    def send(queue: str, message: str, attributes: Sequence[tuple[str, str]] = ()) -> None:
        name = queue.rpartition(":")[2]
        sqs = client("sqs")
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        typed = {k: {"DataType": "String", "StringValue": v} for k, v in attributes}
        sqs.send_message(QueueUrl=url, MessageBody=message, MessageAttributes=typed)

    def authorize(schedule: Schedule) -> None:
        call = Call("lambda:InvokeFunction", schedule.target)
        access.require(schedule.principal, call)

    def give_up(failed: FailedInvocation) -> None:
        queue, principal = failed.dead_letter_queue, failed.occurrence.schedule.principal
        if queue and not access.denied(principal, Call("sqs:SendMessage", queue)):
            attributes = list(failed.attributes().items())
            send(queue, failed.occurrence.payload(), attributes)

    def folder(bucket: str) -> Path:
        assert buckets[bucket]
        return files.bucket(bucket)

    def publish(topic: str, subject: str, message: str) -> None:
        try:
            client("sns").publish(TopicArn=topic, Subject=subject, Message=message)
        except ClientError as error:
            _LOG.warning("nobody was told %r: %s", subject, error)

    metrics = MetricStore()
    register_cloudwatch(metrics, clock)
    functions = register_lambda(
        LambdaWiring(
            runner=runner,
            code_root=code_root,
            unpacked=data_dir / "functions",
            send=send,
            clock=clock,
            metrics=FunctionMetrics(metrics, clock),
            access=access,
        )
    )
    firehose = register_firehose(
        bucket_store=buckets.__getitem__,
        invoke=functions.__getitem__,
        clock=clock,
        random=random,
        journals=file_journals(data_dir / "firehose", report=_LOG.warning),
        choices=choices,
        crash=crash,
        meter=Meter(clock.now, data_dir / METER_FILE, _LOG.warning),
        access=access,
    )
    register_athena(
        bucket_store=buckets.__getitem__,
        bucket_folder=folder,
        clock=clock,
        random=random,
        access=access,
    )
    register_scheduler(access)
    queues = QueueMetrics(metrics, clock)
    of_streams = stream_metric(firehose.metrics)

    def read(key: Key, begin: int, end: int) -> Minutes:
        source = of_streams if key.namespace == NAMESPACE else metrics.read
        return source(key, begin, end)

    alarms = AlarmTicker(evaluated_alarms, read, clock, publish)
    steps = _Steps(clock, firehose, queues, alarms)
    scheduler = SchedulerTicker(
        stored_schedules, functions.send_event, steps, random, give_up, authorize
    )
    return Services(
        files=files,
        buckets=buckets,
        functions=functions,
        firehose=firehose,
        scheduler=scheduler,
        runner=runner,
        queues=queues,
        alarms=alarms,
    )


def forget() -> None:
    """Drop moto's memory of everything; files stay."""
    for backends in list(BackendDict._instances):  # type: ignore[misc]
        backends.clear()
    BackendDict._instances.clear()  # type: ignore[misc]


class _Steps:
    """The clock as the schedules see it: while it moves on, buffers are delivered when due."""

    def __init__(
        self, clock: Clock, firehose: FirehoseControl, queues: QueueMetrics, alarms: AlarmTicker
    ) -> None:
        self._clock = clock
        self._firehose = firehose
        self._queues = queues
        self._alarms = alarms

    def now(self) -> datetime:
        """Return the moment."""
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        """Let the time pass, in steps no longer than a buffer's interval."""
        while seconds > 0:
            step = min(seconds, LONGEST_STEP)
            self._clock.sleep(step)
            self._queues.tick()
            self._alarms.tick()
            self._firehose.tick()
            seconds -= step

    def monotonic(self) -> float:
        """Return the clock's monotonic seconds."""
        return self._clock.monotonic()
