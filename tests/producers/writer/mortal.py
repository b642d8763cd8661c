"""A producer in a process of its own that kills itself at a step, as `kill -9` would.

It writes down what it does, a line a step, so that others can judge it when it is dead:

    begins F          its first event has the number F
    sends H H …       a call with these records, by their hashes
    answers + CODE …  what the stream said of each, in order
    fails             the call failed as a whole
    safe N            the writer acknowledged every event below N
    full              the spool took no more
    dies STEP         it kills itself there
    closed            it came to its end
"""

import hashlib
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from infra.local.aws.clients import Clients
from producers.boto_transport import BotoTransport
from producers.errors import SpoolFullError, TransportError
from producers.faulty_transport import FaultyTransport, TransportFaults
from producers.transport import Transport
from producers.writer import DeliveryWriter, WriterSettings
from tests.producers.writer.numbered import numbered

# A fork server has imported everything once; each process of it starts in milliseconds.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    [__name__, "tests.producers.writer.counted", "infra.local.aws.server"]
)
with closing(Clients("http://127.0.0.1:9")) as _clients:
    # Reads the SDK's descriptions of the service, which takes longer than anything else here.
    _clients.client("firehose")

PATIENCE = 10.0
"""Seconds that it waits at the place of its death for the step to come."""


@dataclass(frozen=True, slots=True)
class Life:
    """What one process is to do.

    Attributes:
        endpoint_url: the AWS that it sends to.
        stream: the stream's name.
        name: the producer's.
        folder: for its spool and its lines.
        number: which life this is.
        until: the source has so many events.
        batch_bytes: when a batch is due.
        spool_bytes: how large the spool may grow.
        close_every: seconds until a delivery is closed.
        faults: what goes wrong on its way to the stream.
        dies_at: the step; empty for none.
        dies_from: how many events are put before it may die there.
        deadline: seconds to send in, once the source has ended.
    """

    endpoint_url: str
    stream: str
    name: str
    folder: Path
    number: int
    until: int
    batch_bytes: int
    spool_bytes: int
    close_every: float
    faults: TransportFaults
    dies_at: str
    dies_from: int
    deadline: float

    @property
    def lines(self) -> Path:
        """The file that it writes down in what it does."""
        return self.folder / f"life-{self.number:05}.txt"


def short(record: bytes) -> str:
    """Return a record's name in the lines."""
    return hashlib.sha256(record).hexdigest()[:20]


def live(life: Life) -> None:
    """Go on with the source where the last process was, and die as planned."""
    lines = _Lines(life.lines)
    put = 0

    def reached(step: str) -> None:
        if step == life.dies_at and put >= life.dies_from:
            lines.say("dies", step)
            os.kill(os.getpid(), signal.SIGKILL)

    first = 0

    def acknowledged(rows: int) -> None:
        lines.say("safe", str(first + rows))

    chance = random.Random(life.number)
    way = BotoTransport(Clients(life.endpoint_url).client("firehose"), life.stream)
    settings = WriterSettings(
        linger=0.2,
        batch_bytes=life.batch_bytes,
        close_every=life.close_every,
        deadline=life.deadline,
    )
    writer = DeliveryWriter(
        life.name,
        _Witnessed(FaultyTransport(way, life.faults, chance, time.sleep), lines),
        life.folder / "spool",
        settings,
        max_spool_bytes=life.spool_bytes,
        chance=Hasty(life.number),
        acknowledged=acknowledged,
        reached=reached,
    )
    put = first = 0 if writer.position is None else writer.position + 1
    lines.say("begins", str(first))
    try:
        for number in range(first, life.until):
            writer.put(numbered(number), number)
            put = number + 1
            if life.dies_at and put >= life.dies_from and (put - life.dies_from) % 50 == 0:
                # The step comes when a batch is written or sent; the source waits for it here.
                writer.flush(PATIENCE)
        writer.close()
    except SpoolFullError:
        lines.say("full")
        _close(writer)
    lines.say("closed")


class Hasty(random.Random):
    """Chance that makes every pause a hundredth of what it would be."""

    def uniform(self, a: float, b: float) -> float:
        """Return something near the lower end."""
        return a + (b - a) * self.random() / 100


def _close(writer: DeliveryWriter) -> None:
    """End a writer whose disk is full: what it could not write was never acknowledged."""
    with suppress(SpoolFullError):
        writer.close()


class _Lines:
    """Lines that stay when the process is killed: each is one write to the system."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def say(self, *words: str) -> None:
        """Write one line."""
        os.write(self._file, (" ".join(words) + "\n").encode())


class _Witnessed:
    """Writes down what is sent and what was answered, before the writer learns of it."""

    def __init__(self, inner: Transport, lines: _Lines) -> None:
        self._inner = inner
        self._lines = lines

    def put_record_batch(self, records: Sequence[bytes]) -> list[str | None]:
        """Send, and say so."""
        self._lines.say("sends", *map(short, records))
        try:
            answers = self._inner.put_record_batch(records)
        except TransportError:
            self._lines.say("fails")
            raise
        self._lines.say("answers", *(code or "+" for code in answers))
        return answers
