"""The scheduled ingest: one hour, once, whatever the clock says."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from random import Random

import pytest

from infra.local.store import MemoryStore
from producers.errors import DeliveryError, SourceError
from producers.outbox import RECORDS, Drained, StoreOutbox
from producers.packing import Record
from producers.scheduled_handler import Producer, run_hour, scheduled_time
from producers.sending import Sender
from producers.sources.simulator import HourlyExport, Simulator
from producers.transport import ScriptedTransport
from schemas.codec import Batch, decode

HOUR = datetime(2026, 9, 2, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return Simulator(1, date(2026, 9, 1), 31)


def producer(simulator: Simulator, transport: ScriptedTransport, store: MemoryStore) -> Producer:
    return Producer(
        transport,
        store,
        sleep=lambda seconds: None,
        jitter=Random(1),
        now=lambda: 1_788_000_000_000_000,
        hour=lambda moment: HourlyExport(simulator, moment),
    )


def test_a_repeated_invocation_sends_nothing(simulator: Simulator) -> None:
    """The schedule may fire twice; the delivery is one."""
    transport, store = ScriptedTransport(), MemoryStore()
    first = run_hour(producer(simulator, transport, store), HOUR)
    sent = list(transport.accepted)
    again = run_hour(producer(simulator, transport, store), HOUR)
    assert not first.nothing_new
    assert again.nothing_new
    assert transport.accepted == sent
    assert [s.delivery_id for s in again.scopes] == [s.delivery_id for s in first.scopes]


def test_what_the_stream_does_not_take_is_kept_and_sent_first(simulator: Simulator) -> None:
    """Nothing depends on the schedule's retry: the next hour's invocation sends it."""
    store = MemoryStore()
    down = ScriptedTransport(lambda call, i: "ServiceUnavailableException")
    report = run_hour(producer(simulator, down, store), HOUR)
    assert (report.sent.records, report.sent.spooled) == (0, len({*down.calls[0], *down.calls[-1]}))
    up = ScriptedTransport()
    drained = producer(simulator, up, store).drain()
    assert (drained.sent, drained.left, drained.unreadable) == (report.sent.spooled, 0, [])
    assert {*down.calls[0], *down.calls[-1]} == set(up.accepted)
    assert not list(store.list(RECORDS))
    assert producer(simulator, up, store).drain() == Drained()


def test_records_that_are_refused_for_good_are_kept_too(simulator: Simulator) -> None:
    """The error is a person's to act on; the schedule's retry keeps nothing twice."""

    class Denied(ScriptedTransport):
        def put_record_batch(self, records: Sequence[bytes]) -> list[str | None]:
            raise DeliveryError("AccessDenied; allow firehose:PutRecordBatch on the stream")

    store = MemoryStore()
    for _ in range(2):
        with pytest.raises(DeliveryError, match="allow"):
            run_hour(producer(simulator, Denied(), store), HOUR)
    (kept,) = store.list(RECORDS)
    up = ScriptedTransport()
    assert producer(simulator, up, store).drain().sent > 0
    assert kept.key not in {info.key for info in store.list(RECORDS)}


def test_the_drain_stops_where_the_stream_takes_no_more() -> None:
    """Only what is left is kept, and what is damaged stands in nobody's way."""
    store = MemoryStore()
    moments = iter(range(10))
    outbox = StoreOutbox(store, lambda: next(moments))
    kept = [[Record(b"%d-%d" % (n, i), "p", 1, 1) for i in range(3)] for n in range(3)]
    for records in kept:
        outbox.keep(records)
    store.put(f"{RECORDS}{0:020}-damaged.spool", b"FINOPS SPOOL 1\nnothing")
    stream = ScriptedTransport(lambda call, i: "Throttled" if call and i else None)
    sender = Sender(stream, lambda seconds: None, Random(1))
    drained = outbox.drain(sender)
    # The second object's first record was accepted, then its second, then its third.
    assert (drained.sent, drained.left) == (9, 0)
    never = ScriptedTransport(lambda call, i: "Throttled" if call or i else None)
    for records in kept[:2]:
        outbox.keep(records)
    drained = outbox.drain(Sender(never, lambda seconds: None, Random(1)))
    assert (drained.sent, drained.left) == (1, 5)
    assert drained.unreadable == [f"{RECORDS}{0:020}-damaged.spool"]
    rest = ScriptedTransport()
    assert outbox.drain(Sender(rest, lambda seconds: None, Random(1))).sent == 5
    assert rest.accepted == [b"0-1", b"0-2", b"1-0", b"1-1", b"1-2"]


def test_rows_append_and_the_last_record_closes_the_delivery(simulator: Simulator) -> None:
    """Every event is accepted before its DeliveryCompleted is sent."""
    transport = ScriptedTransport()
    report = run_hour(producer(simulator, transport, MemoryStore()), HOUR)
    batches = list(decoded(transport.accepted))
    assert {b.envelope["delivery_mode"] for b in batches} == {"append"}
    assert [b.is_charges for b in batches] == [True] * (len(batches) - 1) + [False]
    assert (
        sum(len(b.events) for b in batches[:-1]) == report.rows == batches[-1].events[0]["events"]
    )


def decoded(records: list[bytes]) -> Iterator[Batch]:
    for record in records:
        batch = decode(record)
        assert isinstance(batch, Batch)
        yield batch


@pytest.mark.parametrize("event", [{}, {"scheduled_time": "soon"}, {"scheduled_time": None}])
def test_an_event_without_its_time_is_an_error_with_the_next_step(event: dict[str, str]) -> None:
    """Never the clock's time instead."""
    with pytest.raises(SourceError, match="call it by its schedule"):
        scheduled_time(event)
