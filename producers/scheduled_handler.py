"""The scheduled ingest Lambda: one hour of the configured source, delivered once.

It works from the time it was scheduled for, never from the clock: a repeated invocation makes the
same delivery, finds it ingested, and sends nothing.
"""

import os
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

import orjson

from producers.boto_transport import BotoTransport
from producers.delivery import Delivery
from producers.errors import SourceError
from producers.ingest import Completed, Ingest, IngestReport
from producers.sources import Source
from producers.sources.simulator import HourlyExport, Simulator
from producers.transport import Transport
from schemas.lake import INGESTED, ObjectStore
from schemas.s3_store import S3Store

BUFFER_SECONDS = 300.0
"""Firehose's buffer interval; beyond 300 partitions the producer waits it out."""


@dataclass(frozen=True, slots=True)
class Producer:
    """What an invocation is given: where rows come from, where records and notes go."""

    source: Callable[[datetime], Source]
    transport: Transport
    store: ObjectStore
    sleep: Callable[[float], None]
    jitter: random.Random


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Deliver the hour that ended at `scheduled_time`."""
    report = run(_producer(), scheduled_time(event))
    return {
        "rows": report.rows,
        "deliveries": [s.delivery_id for s in report.scopes],
        "nothing_new": report.nothing_new,
        "sent": asdict(report.sent),
        "billed_bytes_as_json_records": report.json_billed_bytes,
    }


def run(producer: Producer, moment: datetime) -> IngestReport:
    """Deliver one scheduled hour and note that it was.

    Raises:
        SourceError: the source cannot be read.
        DeliveryError: the stream refused records; the schedule's retry sends them again.
    """
    delivery = Delivery(
        producer.transport,
        sleep=producer.sleep,
        jitter=producer.jitter,
        next_interval=lambda: producer.sleep(BUFFER_SECONDS),
    )
    notes = _Notes(producer.store)
    report = Ingest(producer.source(moment), delivery, producer.store, notes.read).run()
    for scope in report.scopes:
        if scope.asserted:
            notes.write(scope.delivery_id, int(moment.timestamp() * 1_000_000))
    return report


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


class _Notes:
    """Which deliveries were completed: one small object each."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def read(self, delivery_id: str) -> Completed | None:
        try:
            note = orjson.loads(self._store.get(INGESTED + delivery_id))
        except KeyError:
            return None
        return Completed(asserted_at=note["asserted_at"], current=True)

    def write(self, delivery_id: str, asserted_at: int) -> None:
        self._store.put(INGESTED + delivery_id, orjson.dumps({"asserted_at": asserted_at}))


@cache
def _producer() -> Producer:
    # The SDK comes with Lambda's runtime; importing it here keeps it out of everything else.
    import boto3

    environment = os.environ  # noqa: TID251 the Lambda's edge
    return Producer(
        source=_source(environment),
        transport=BotoTransport(boto3.client("firehose"), environment["FINOPS_STREAM"]),
        store=S3Store(boto3.client("s3"), environment["FINOPS_BUCKET"]),
        sleep=time.sleep,
        jitter=random.Random(),
    )


def _source(environment: Mapping[str, str]) -> Callable[[datetime], Source]:
    if environment["FINOPS_SOURCE"] != "simulator":
        raise SourceError(
            f"FINOPS_SOURCE {environment['FINOPS_SOURCE']!r} cannot be scheduled; use 'simulator'"
        )
    simulator = Simulator(
        int(environment["FINOPS_SIMULATOR_SEED"]),
        date.fromisoformat(environment["FINOPS_SIMULATOR_START"]),
        int(environment["FINOPS_SIMULATOR_DAYS"]),
    )
    return lambda moment: HourlyExport(simulator, moment)
