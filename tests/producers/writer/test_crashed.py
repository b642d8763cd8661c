"""A producer that crashed and the next one of its name; two of one name at once."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from producers.errors import SpoolError
from producers.transport import ScriptedTransport
from producers.writer import DeliveryWriter, WriterSettings
from tests.producers.writer.events import AT_ONCE, charges, completions, event

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__])
ONE_DELIVERY = WriterSettings(linger=60.0, close_every=None, deadline=20.0)

Living = tuple[int, str]
"""A process's id, and the id of its last event."""


@contextmanager
def crashing(folder: Path, count: int) -> Iterator[Living]:
    """Run a producer that has put events and made them safe; it is killed in the end."""
    here, there = CONTEXT.Pipe()
    process = CONTEXT.Process(target=_produce, args=(folder, count, there))
    process.start()
    try:
        assert here.poll(60), "the producer never said that its events are safe"
        pid = process.pid
        assert pid is not None
        yield pid, here.recv()
    finally:
        process.kill()
        process.join()
        here.close()
        there.close()
    assert process.exitcode == -signal.SIGKILL


def _produce(folder: Path, count: int, tell: Connection) -> None:
    # A stream that takes nothing: everything is left to the next producer.
    down = ScriptedTransport(lambda call, i: "ServiceUnavailableException")
    writer = DeliveryWriter("p", down, folder, ONE_DELIVERY)
    first = 0 if writer.position is None else writer.position + 1
    ids = [writer.put(event(n), position=n) for n in range(first, first + count)]
    writer.flush()
    writer.put(event(999), position=999)  # put, and never safe
    tell.send(ids[-1])
    signal.pause()


def test_a_crashed_producer_is_continued_with_the_next_ordinal(tmp_path: Path) -> None:
    """Two crash, the third goes on: one delivery, no ordinal missing or used twice."""
    with crashing(tmp_path, 5) as (_, last):
        delivery, _, ordinal = last.rpartition(":")
        assert ordinal == "4"
    with crashing(tmp_path, 3) as (_, last):
        assert last == f"{delivery}:7"
    stream = ScriptedTransport()
    with DeliveryWriter("p", stream, tmp_path, ONE_DELIVERY) as writer:
        assert writer.position == 7
        assert writer.report().found_events == 8
        assert writer.put(event(8), position=8) == f"{delivery}:8"
    costs = ["0", *(f"0.0{n}" for n in range(1, 9))]
    assert charges(stream) == {(delivery, n, cost): 1 for n, cost in enumerate(costs)}
    (done,) = completions(stream)
    assert (done["events"], done["ordinal"]) == (9, 9)


def test_a_later_version_closes_what_a_crashed_one_left_open(tmp_path: Path) -> None:
    """Rows are made otherwise now: they belong to a delivery of their own."""
    with crashing(tmp_path, 5) as (_, last):
        pass
    stream = ScriptedTransport()
    with DeliveryWriter("p", stream, tmp_path, AT_ONCE, mapper_version="later") as writer:
        assert writer.position == 4
        assert writer.put(event(5), position=5).endswith(":0")
    first, second = completions(stream)
    assert (first["events"], first["ordinal"]) == (5, 5)
    assert (second["events"], second["ordinal"]) == (1, 1)
    assert len(charges(stream)) == 6
    assert {delivery for delivery, _, _ in charges(stream)} > {last.rpartition(":")[0]}


def test_a_name_is_refused_while_its_producer_lives_and_no_longer(tmp_path: Path) -> None:
    """The second of a name is told who has it; after kill -9 of the first it may begin."""

    def second() -> DeliveryWriter:
        return DeliveryWriter("p", ScriptedTransport(), tmp_path, AT_ONCE)

    with crashing(tmp_path, 2) as (pid, _):
        refused(second, pid)
        # A producer that was stopped, not killed, still has its name.
        os.kill(pid, signal.SIGSTOP)
        refused(second, pid)
    with second() as writer:
        assert writer.position == 1


def refused(second: Callable[[], DeliveryWriter], pid: int) -> None:
    with pytest.raises(SpoolError, match=f"process {pid} writes here already; stop it, or use"):
        second()
