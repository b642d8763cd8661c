"""The scheduled ingest: one hour, once, whatever the clock says."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from random import Random

import pytest

from infra.local.store import MemoryStore
from producers.errors import DeliveryError, SourceError
from producers.scheduled_handler import Producer, run_hour, scheduled_time
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


def test_an_invocation_that_failed_is_sent_again_with_the_same_bytes(simulator: Simulator) -> None:
    """Nothing is noted before everything is accepted."""
    store = MemoryStore()
    down = ScriptedTransport(lambda call, i: "ServiceUnavailableException")
    with pytest.raises(DeliveryError):
        run_hour(producer(simulator, down, store), HOUR)
    assert not list(store.list(""))
    up = ScriptedTransport()
    run_hour(producer(simulator, up, store), HOUR)
    assert set(down.calls[0]) <= set(up.accepted)


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
