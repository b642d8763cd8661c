"""The scheduled ingest Lambda: the simulated hour that ended, or what is new in an AWS export.

The simulated hour follows from the time the schedule fired for, never from the clock: a repeated
invocation makes the same delivery, finds it ingested, and sends nothing. An export is taken in
steps, see `producers.export_ingest`.

An hour's records that the stream does not accept within the bounded attempts are kept in the
bucket; each invocation begins with those of earlier ones.
"""

import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Protocol

import orjson

from producers.boto_transport import BotoTransport
from producers.delivery import Delivery, Outbox
from producers.errors import SourceError
from producers.export_ingest import Advance, Continuation, advance
from producers.ingest import Ingest
from producers.ingest_report import IngestReport
from producers.limits import BUFFER_SECONDS
from producers.outbox import Drained, StoreOutbox
from producers.sending import Sender
from producers.sources import Source
from producers.sources.simulator import HourlyExport, Simulator
from producers.spool import MemorySpool
from producers.transport import Transport
from schemas.emf import emf_line
from schemas.lake import ObjectStore
from schemas.s3_store import S3Store

TIME_TO_END_SECONDS = 60.0
"""What an invocation keeps for spooling its last chunk and sending its message."""


class LambdaContext(Protocol):
    """What we ask of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the invocation may still take."""
        ...


@dataclass(frozen=True, slots=True)
class Producer:
    """What an invocation is given: where rows come from, where records and notes go."""

    transport: Transport
    store: ObjectStore
    sleep: Callable[[float], None]
    jitter: random.Random
    now: Callable[[], int]
    """Microseconds since 1970 UTC."""
    hour: Callable[[datetime], Source] | None = None
    """The simulated hour that ended at a moment."""
    export: Callable[[], Sequence[Source]] | None = None
    """The current assemblies of an AWS export; one of the two is set."""
    send: Callable[[dict[str, Any]], None] = lambda message: None
    """Sends a message to this function."""
    service: str = ""
    """The function's name, for its metrics."""

    def delivery(self, outbox: Outbox | None = None) -> Delivery:
        """Return a way into the stream.

        Args:
            outbox: keeps what is not accepted; an export needs none, its spool has everything.
        """
        return Delivery(
            self.transport,
            sleep=self.sleep,
            jitter=self.jitter,
            next_interval=lambda: self.sleep(BUFFER_SECONDS),
            outbox=outbox,
        )

    @property
    def outbox(self) -> StoreOutbox:
        """Where records of an hour wait that the stream did not accept."""
        return StoreOutbox(self.store, self.now)

    def drain(self) -> Drained:
        """Send what earlier invocations had to keep, oldest first.

        Raises:
            DeliveryError: the service refuses the call for good; nothing is lost.
        """
        sender = Sender(self.transport, self.sleep, self.jitter)
        return self.outbox.drain(sender)


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Deliver what is new at `scheduled_time`, or go on where the last message left off."""
    producer = _producer()
    drained = asdict(producer.drain())
    if producer.export is not None:
        margin = TIME_TO_END_SECONDS * 1_000
        done = run_export(producer, event, lambda: context.get_remaining_time_in_millis() < margin)
        print(metrics_line(producer, done.reports))
        reports = [_said(r) for r in done.reports]
        return {"reports": reports, "continues": done.next is not None, "drained": drained}
    report = run_hour(producer, scheduled_time(event))
    print(metrics_line(producer, [report]))
    return {**_said(report), "drained": drained}


def metrics_line(producer: Producer, reports: Sequence[IngestReport]) -> str:
    """Return what an invocation sent, for the log that CloudWatch makes metrics of."""
    scopes = [scope for report in reports for scope in report.scopes if scope.asserted]
    return emf_line(
        producer.service,
        {
            "EventsDelivered": (sum(scope.events for scope in scopes), "Count"),
            "RowsRejected": (sum(r["rows"] for s in scopes for r in s.rejected), "Count"),
            "RecordsSpooled": (sum(report.sent.spooled for report in reports), "Count"),
        },
        producer.now() // 1_000,
    )


def run_hour(producer: Producer, moment: datetime) -> IngestReport:
    """Deliver one scheduled hour.

    Raises:
        SourceError: the source cannot be read.
        DeliveryError: the service refuses records for good; they are kept, and sent first by the
            schedule's retry.
    """
    assert producer.hour is not None
    report = Ingest(
        producer.hour(moment),
        producer.delivery(producer.outbox),
        producer.store,
        MemorySpool(),
        producer.now,
    ).run()
    assert report is not None, "an hour is read without limits"
    return report


def run_export(
    producer: Producer, event: Mapping[str, Any], out_of_time: Callable[[], bool]
) -> Advance:
    """Take the export as far as this invocation may, and tell the next one what is left.

    Raises:
        SourceError: some of it could not be ingested; said at the end, when all else is done.
        DeliveryError: the stream refused records; Lambda's retry of the event continues.
    """
    assert producer.export is not None
    done = advance(
        producer.export,
        producer.delivery,
        producer.store,
        producer.now,
        out_of_time,
        Continuation.of(event),
    )
    if done.next is not None:
        producer.send(done.next.message())
    elif done.failed:
        raise SourceError("; ".join(done.failed))
    return done


def scheduled_time(event: Mapping[str, Any]) -> datetime:
    """Return the moment the schedule fired for.

    Raises:
        SourceError: the event does not say.
    """
    try:
        return datetime.fromisoformat(event["scheduled_time"])
    except (KeyError, TypeError, ValueError) as error:
        raise SourceError(
            'the event needs {"scheduled_time": "2026-09-01T05:00:00Z"}; call it by its schedule'
        ) from error


def _said(report: IngestReport) -> dict[str, Any]:
    return {
        "rows": report.rows,
        "deliveries": [s.delivery_id for s in report.scopes],
        "nothing_new": report.nothing_new,
        "sent": asdict(report.sent),
        "billed_bytes_as_json_records": report.json_billed_bytes,
    }


@cache
def _producer() -> Producer:
    # The SDK comes with Lambda's runtime; importing it here keeps it out of everything else.
    import boto3

    environment = os.environ  # noqa: TID251 the Lambda's edge
    s3 = boto3.client("s3")
    simulated = environment["FINOPS_SOURCE"] == "simulator"
    function = environment.get("AWS_LAMBDA_FUNCTION_NAME", "")

    def send(message: dict[str, Any]) -> None:
        boto3.client("lambda").invoke(
            FunctionName=function, InvocationType="Event", Payload=orjson.dumps(message)
        )

    return Producer(
        transport=BotoTransport(boto3.client("firehose"), environment["FINOPS_STREAM"]),
        store=S3Store(s3, environment["FINOPS_BUCKET"]),
        sleep=time.sleep,
        jitter=random.Random(),
        now=lambda: time.time_ns() // 1_000,
        hour=_hours(environment) if simulated else None,
        export=None if simulated else _export(environment, s3),
        send=send,
        service=function,
    )


def _hours(environment: Mapping[str, str]) -> Callable[[datetime], Source]:
    simulator = Simulator(
        int(environment["FINOPS_SIMULATOR_SEED"]),
        date.fromisoformat(environment["FINOPS_SIMULATOR_START"]),
        int(environment["FINOPS_SIMULATOR_DAYS"]),
    )
    return lambda moment: HourlyExport(simulator, moment)


def _export(environment: Mapping[str, str], s3: Any) -> Callable[[], Sequence[Source]]:
    """Return what finds the configured export.

    Raises:
        SourceError: the configuration names no kind of export, or no place.
    """
    # What reads files is not needed for a simulated hour.
    from producers.sources.discovery import assemblies
    from producers.sources.kinds import KINDS
    from producers.sources.s3_place import S3Prefix, parse_s3_address
    from producers.sources.table_source import TableSource

    kind = environment["FINOPS_SOURCE"]
    if kind not in KINDS:
        known = ", ".join(["simulator", *KINDS])
        raise SourceError(f"FINOPS_SOURCE {kind!r} cannot be scheduled; use one of {known}")
    bucket, prefix = parse_s3_address(environment["FINOPS_EXPORT"])

    def find() -> Sequence[Source]:
        place = S3Prefix(s3, bucket, prefix)
        return [TableSource(found, place, kind) for found in assemblies(place)]

    return find
