"""The library: `with DeliveryWriter(...) as writer: writer.put(event)`.

`put` packs; the event is acknowledged when its batch is in the spool, after at most the linger.
Two threads of the writer's own do the rest: one closes batches that are due, one drains the spool.
"""

import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Condition, Event, Thread
from types import TracebackType
from typing import Any

from producers.errors import (
    RejectedEventError,
    SpoolError,
    SpoolFullError,
    WriterClosedError,
)
from producers.sending import Sender
from producers.sources import ChargeRow, RejectedRow
from producers.sources.focus import MAPPER_VERSION
from producers.sources.focus_object import FocusObjects
from producers.transport import Transport
from producers.writer.books import Books, Origin
from producers.writer.drain_loop import DrainLoop
from producers.writer.draining import Drain, Keeper, NothingKept
from producers.writer.entries import closing, entry_meta, reopened
from producers.writer.intake import TOO_LARGE, Batch, EventTooLargeError, Intake
from producers.writer.report import WriterReport
from producers.writer.settings import WriterSettings
from producers.writer.spool import FileSpool

_TICK = 1_000
"""Microseconds: what Athena tells apart (`producers.decision`)."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_NEVER = float("inf")
_RETRY_SECONDS = 1.0
"""How long until a full disk is tried again."""


class DeliveryWriter:
    """Delivers events to one stream, continuously; safe to use from many threads.

    An event is safe once it is acknowledged: from then on it survives this process, and is sent
    until the stream accepts it. `flush` waits for that. A process that dies is continued by the
    next writer over the same spool, with the next ordinal.

    Args:
        name: the producer's name; one writer at a time has it, on this machine.
        transport: the stream.
        spool: the folder for what is not accepted yet; the producer's name is added.
        settings: latency against cost.
        kind: what the events come from, as their envelope says.
        mapper_version: of the code that made them.
        keeper: keeps rejected rows and receipts, where there is a bucket for them.
        max_spool_bytes: how large the spool may grow.
        now: microseconds since 1970 UTC.
        monotonic: seconds on a clock that never goes back.
        chance: makes pauses and nonces.
        acknowledged: told after each batch how many of the rows that were put are safe, in the
            order of `put`; by the thread that wrote it, and it must not call the writer.
        reached: called at each step where a process may die; for tests.

    Raises:
        SpoolError: another writer has the name, or something else lies in the folder.

    Example:
        transport = BotoTransport(boto3.client("firehose"), "finops")
        with DeliveryWriter("invoices", transport, Path("/var/lib/invoices")) as writer:
            writer.put({"BilledCost": "0.25", ...})
    """

    def __init__(
        self,
        name: str,
        transport: Transport,
        spool: Path,
        settings: WriterSettings | None = None,
        *,
        kind: str = "focus",
        mapper_version: str = MAPPER_VERSION,
        keeper: Keeper | None = None,
        max_spool_bytes: int | None = None,
        now: Callable[[], int] = lambda: time.time_ns() // 1_000,
        monotonic: Callable[[], float] = time.monotonic,
        chance: random.Random | None = None,
        acknowledged: Callable[[int], None] = lambda rows: None,
        reached: Callable[[str], None] = lambda step: None,
    ) -> None:
        self.name = checked_name(name)
        self._settings = settings or WriterSettings()
        self._kind = kind
        self._mapper_version = mapper_version
        self._now = now
        self._monotonic = monotonic
        self._chance = chance or random.Random()
        self._acknowledged = acknowledged
        self._objects = FocusObjects(self.name)
        limit = {} if max_spool_bytes is None else {"max_bytes": max_spool_bytes}
        self._spool = FileSpool(spool / self.name, reached=reached, **limit)
        stopping = Event()
        self._changed = Condition()
        self._sender = Sender(
            transport,
            # It waits between attempts, and not once the writer is told to stop.
            stopping.wait,
            self._chance,
            quota=self._settings.quota,
            monotonic=monotonic,
            gives_up=stopping.is_set,
        )
        self._drain = Drain(self._spool, self._sender, keeper or NothingKept(), monotonic, reached)
        self._draining = DrainLoop(self._drain, self._changed, self._chance, stopping)
        self._put = self._safe = self._safe_rows = self._rejected = 0
        self._unwritten: list[Batch] = []
        self._due_at = _NEVER
        self._ends_at = self._next_end()
        self._disk_problem = ""
        self._closed = False
        metas = [entry.meta for entry in self._spool.found.entries]
        self.position: Any = metas[-1]["position"] if metas else None
        """Where the source stood after the newest row that is safe; what `put` was given."""
        try:
            with self._changed:
                self._books = self._continued(reopened(metas))
        except BaseException:
            self._spool.close()
            raise
        self._intake = Intake(self._books)
        self._lingering = Thread(target=self._keep_time, name=f"{name}-linger", daemon=True)
        self._lingering.start()
        self._draining.start(f"{name}-drain")

    def put(self, event: Mapping[str, Any], position: Any = None) -> str:
        """Take one FOCUS-shaped event; return its id.

        It is safe when it is acknowledged, after at most the linger, or by `flush`.

        Args:
            event: FOCUS columns in any spelling; amounts as text or Decimal, times as text or
                datetime, tags as a map.
            position: where its source stands after it, any JSON value; `position` gives the
                newest one back after a restart.

        Raises:
            RejectedEventError: it cannot be a cost event; it was not taken.
            SpoolFullError: the disk takes no more; it was not taken, put it again later.
            WriterClosedError: it was not taken.
        """
        with self._changed:
            self._make_room()
            row = self._objects.map_object(self._intake.ordinal, event)
            if isinstance(row, RejectedRow):
                raise RejectedEventError(
                    f"the event was not taken: {row.reason}, {row.detail}; mend it and put it again"
                )
            try:
                return self._add(row, position)
            except EventTooLargeError as error:
                raise RejectedEventError(
                    f"the event was not taken: {TOO_LARGE}, {error}"
                ) from error

    def put_row(self, row: ChargeRow | RejectedRow, position: Any = None) -> str:
        """Take one mapped row, good or rejected, and give it the next ordinal; return its id.

        A rejected row goes to quarantine with its text and is counted in the delivery.

        Raises:
            SpoolFullError: the disk takes no more; it was not taken, put it again later.
            WriterClosedError: it was not taken.
        """
        with self._changed:
            self._make_room()
            if isinstance(row, ChargeRow):
                row.charge["ordinal"] = self._intake.ordinal
                try:
                    return self._add(row, position)
                except EventTooLargeError as error:
                    event_id = self._intake.reject_too_large(row, error, position)
            else:
                event_id = self._intake.reject(replace(row, ordinal=self._intake.ordinal), position)
            self._rejected += 1
            self._begin_linger()
            return event_id

    def flush(self, timeout: float = 0.0) -> WriterReport:
        """Make everything safe that was put; then wait a while for the stream to accept it.

        Args:
            timeout: how many seconds to wait for the stream; 0 does not wait for it.

        Raises:
            SpoolFullError: the disk takes no more; `report().pending` events are not safe.
        """
        with self._changed:
            self._check_open()
            self._commit()
            self._changed.wait_for(lambda: self._draining.idle, timeout)
            return self._report()

    def report(self) -> WriterReport:
        """Return how things stand."""
        with self._changed:
            return self._report()

    def close(self) -> None:
        """Make everything safe, close the delivery, and send until the deadline; once is enough.

        What the stream has not accepted by then stays in the spool: the next writer sends it first.

        Raises:
            SpoolFullError: the disk takes no more; `report().pending` events are not safe.
        """
        problem: SpoolFullError | None = None
        with self._changed:
            if self._closed:
                return
            try:
                self._commit()
                self._end_delivery()
            except SpoolFullError as error:
                problem = error
            self._closed = True
            self._draining.hurry()
            self._changed.wait_for(lambda: self._draining.idle, self._settings.deadline)
        self._lingering.join()
        self._draining.stop()
        if problem is not None:
            raise problem

    def __enter__(self) -> "DeliveryWriter":
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it; what was put before an error is delivered as well."""
        self.close()

    def _check_open(self) -> None:
        if self._closed:
            raise WriterClosedError(f"{self.name}: the writer is closed; the event was not taken")

    def _make_room(self) -> None:
        """Write what is due before anything more is taken: memory holds one batch."""
        self._check_open()
        if self._unwritten or self._intake.raw_bytes >= self._settings.batch_bytes:
            self._commit()

    def _add(self, row: ChargeRow, position: Any) -> str:
        event_id = self._intake.add(row, position)
        self._put += 1
        self._begin_linger()
        return event_id

    def _begin_linger(self) -> None:
        if self._due_at == _NEVER:
            self._due_at = self._monotonic() + self._settings.linger
            self._changed.notify_all()

    def _commit(self) -> None:
        """Write the batch to the spool: here its events become safe."""
        if not self._intake.is_empty:
            self._unwritten.append(self._intake.close())
        self._due_at = _NEVER
        while self._unwritten:
            batch = self._unwritten[0]
            try:
                self._write(batch, ends=None)
            except SpoolFullError as error:
                self._disk_problem = str(error)
                self._due_at = self._monotonic() + _RETRY_SECONDS
                raise
            self._disk_problem = ""
            self._unwritten.pop(0)
            self._safe += batch.events
            self._safe_rows += batch.ordinals - batch.first
            self._acknowledged(self._safe_rows)

    def _write(self, batch: Batch, ends: dict[str, Any] | None) -> None:
        position = self.position if batch.position is None else batch.position
        meta = entry_meta(
            batch,
            self._books,
            at=self._now(),
            position=position,
            begins=self._spool.is_new_segment,
            ends=ends,
        )
        # The end of a delivery is small, and without it nothing new could begin, a drain included.
        self._spool.append(meta, batch.records, beyond=ends is not None)
        self.position = position
        self._draining.more()

    def _end_delivery(self) -> None:
        """Close the open delivery with a completion a scope, and begin the next one."""
        if self._books.scopes:
            self._write(*closing(self._books, self._now() // _TICK * _TICK))
        self._books = self._fresh()
        self._intake = Intake(self._books)
        self._ends_at = self._next_end()

    def _continued(self, open_: Books | None) -> Books:
        """Go on with the delivery that a process left open, unless rows are made otherwise now."""
        if open_ is None:
            return self._fresh()
        origin = open_.origin
        if (origin.kind, origin.mapper_version) == (self._kind, self._mapper_version):
            return open_
        self._books = open_
        self._end_delivery()
        return self._books

    def _fresh(self) -> Books:
        nonce = f"{self._chance.getrandbits(64):016x}"
        return Books(Origin(self.name, self._kind, self._mapper_version, self._now(), nonce))

    def _next_end(self) -> float:
        every = self._settings.close_every
        return _NEVER if every is None else self._monotonic() + every

    def _keep_time(self) -> None:
        """Write batches that are due, and close the delivery when it is time."""
        with self._changed:
            while not self._closed:
                now = self._monotonic()
                try:
                    if now >= self._due_at:
                        self._commit()
                    if now >= self._ends_at and not self._unwritten:
                        self._commit()
                        self._end_delivery()
                except SpoolFullError:
                    self._ends_at = max(self._ends_at, now + _RETRY_SECONDS)
                wait = min(self._due_at, self._ends_at) - self._monotonic()
                self._changed.wait(None if wait == _NEVER else max(wait, 0.0))

    def _report(self) -> WriterReport:
        found = self._spool.found
        oldest = self._draining.oldest_at
        return WriterReport(
            delivery=self._books.origin.ingest_id,
            put=self._put,
            acknowledged=self._safe,
            rejected=self._rejected,
            sent=self._sender.sent,
            in_flight=self._drain.in_flight,
            waiting_records=self._spool.waiting_records,
            waiting_events=self._spool.waiting_events,
            spool_bytes=self._spool.size,
            oldest_waiting=0.0 if oldest is None else max(0.0, (self._now() - oldest) / 1e6),
            found_events=found.waiting_events,
            cut_bytes=found.cut_bytes,
            damaged_bytes=found.damaged_bytes,
            problem="; ".join(filter(None, (self._disk_problem, self._draining.problem))),
        )


def checked_name(name: str) -> str:
    """Return a producer's name.

    Raises:
        SpoolError: it cannot be a folder's name everywhere.
    """
    if not _NAME.fullmatch(name):
        raise SpoolError(
            f"{name!r} cannot name a producer; use up to 64 of a-z, 0-9, dot, dash and underscore"
        )
    return name
