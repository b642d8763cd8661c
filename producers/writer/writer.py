"""The library: `with DeliveryWriter(...) as writer: writer.put(event)`.

`put` packs; the event is acknowledged when its batch is in the spool, after at most the linger.
Two threads of the writer's own do the rest: one closes batches that are due, one drains the spool.
"""

import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from threading import Condition, Event, Thread
from types import TracebackType
from typing import Any

import orjson

from producers.errors import (
    DeliveryError,
    RejectedEventError,
    SpoolError,
    SpoolFullError,
    WriterClosedError,
)
from producers.packing import Record
from producers.sending import Sender
from producers.sources import ChargeRow, RejectedRow
from producers.sources.focus import MAPPER_VERSION
from producers.sources.focus_object import FocusObjects
from producers.transport import Transport
from producers.writer.books import Books, Origin, as_documents, reopened
from producers.writer.draining import Drain, Keeper, NothingKept
from producers.writer.intake import MAX_EVENT_BYTES, Batch, EventTooLargeError, Intake
from producers.writer.report import WriterReport
from producers.writer.settings import REST_SECONDS, WriterSettings
from producers.writer.spool import FileSpool
from schemas import codec

_TICK = 1_000
"""Microseconds: what Athena tells apart (`producers.decision`)."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_NEVER = float("inf")
_RETRY_SECONDS = 1.0
"""How long until a full disk is tried again."""
_LOOK_SECONDS = 1.0
_JOIN_SECONDS = 2.0
"""How long `close` waits, after its deadline, for a call that is under way."""
_KEPT_OF_TOO_LARGE = 4_096


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
        self._stopping = Event()
        self._hurry = Event()
        self._changed = Condition()
        self._sender = Sender(
            transport,
            self._pause,
            self._chance,
            quota=self._settings.quota,
            monotonic=monotonic,
            gives_up=self._stopping.is_set,
        )
        self._drain = Drain(self._spool, self._sender, keeper or NothingKept(), monotonic, reached)
        self._put = self._safe = self._safe_rows = self._rejected = 0
        self._unwritten: list[Batch] = []
        self._idle = False
        self._oldest_at: int | None = None
        self._due_at = _NEVER
        self._ends_at = self._next_end()
        self._problems: dict[str, str] = {}
        self._closed = self._drains_on = False
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
        self._threads = [
            Thread(target=self._keep_time, name=f"{name}-linger", daemon=True),
            Thread(target=self._keep_draining, name=f"{name}-drain", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

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
            return self._add(row, position)

    def put_row(self, row: ChargeRow | RejectedRow, position: Any = None) -> str:
        """Take one mapped row, good or rejected, whose ordinal is `next_ordinal`; return its id.

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
                except RejectedEventError as error:
                    row = _too_large(row, str(error))
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
            self._changed.wait_for(lambda: self._idle, timeout)
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
            self._hurry.set()
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._idle, self._settings.deadline)
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(_JOIN_SECONDS)
        with self._changed:
            # A call that hangs keeps the spool until it ends: its answer may still be noted.
            self._drains_on = self._threads[1].is_alive()
            if not self._drains_on:
                self._spool.close()
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
        try:
            event_id = self._intake.add(row, position)
        except EventTooLargeError as error:
            raise RejectedEventError(
                f"the event was not taken: event-too-large, no Firehose record holds it "
                f"({MAX_EVENT_BYTES:,} bytes); shorten its texts"
            ) from error
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
                self._problems["spool"] = str(error)
                self._due_at = self._monotonic() + _RETRY_SECONDS
                raise
            self._problems.pop("spool", None)
            self._unwritten.pop(0)
            self._safe += batch.events
            self._safe_rows += batch.ordinals - batch.first
            self._acknowledged(self._safe_rows)

    def _write(self, batch: Batch, ends: dict[str, Any] | None) -> None:
        books = self._books
        position = self.position if batch.position is None else batch.position
        # A new segment says everything that the older ones did, which may be gone one day.
        begins = self._spool.is_new_segment
        meta = {
            "at": self._now(),
            "origin": books.origin.as_document(),
            "carried": as_documents(books.scopes) if begins else [],
            "counted": [] if begins else batch.counted,
            "first": batch.first,
            "ordinals": batch.ordinals,
            "position": position,
            "rejected": batch.rejected,
            "ends": ends,
        }
        # The end of a delivery is small, and without it nothing new could begin, a drain included.
        self._spool.append(meta, batch.records, beyond=ends is not None)
        self.position = position
        self._idle = False
        self._changed.notify_all()

    def _end_delivery(self) -> None:
        """Close the open delivery with a completion a scope, and begin the next one."""
        books = self._books
        if books.scopes:
            completions = books.completions(self._now() // _TICK * _TICK)
            records = [
                Record(codec.compress(codec.encode_completed(books.envelope(scope), completed)),
                       "deliveries", 0, 0)
                for scope, completed in completions
            ]  # fmt: skip
            ends = {
                "ingest_id": books.origin.ingest_id,
                "deliveries": [
                    [books.delivery_id(scope), completed] for scope, completed in completions
                ],
                "kind": books.origin.kind,
                "mapper_version": books.origin.mapper_version,
            }
            ordinals = books.ordinals
            batch = Batch(records, [], [], 0, ordinals, first=ordinals, position=None)
            self._write(batch, ends)
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

    def _keep_draining(self) -> None:
        """Send what the spool holds until the writer is closed and it is empty, or time is up."""
        self._drain_until_stopped()
        with self._changed:
            if self._drains_on:
                self._spool.close()

    def _drain_until_stopped(self) -> None:
        while not self._stopping.is_set():
            try:
                problem = self._drain.step()
            except DeliveryError as error:
                problem = str(error)
            except Exception as error:
                # The disk or the bucket for the mark, quarantine or receipts: all can be repeated.
                problem = f"{type(error).__name__}: {error}"
            with self._changed:
                if not problem:
                    self._problems.pop("stream", None)
                    self._idle = self._drain.is_idle
                    if self._idle:
                        self._oldest_at = None
                        self._changed.notify_all()
                        if not self._stopping.is_set():
                            self._changed.wait(_LOOK_SECONDS)
                        continue
                self._oldest_at = self._drain.oldest_at
            if problem:
                self._note_problem(problem)

    def _note_problem(self, problem: str) -> None:
        with self._changed:
            self._problems["stream"] = problem
        rest = self._drain.wait() or self._chance.uniform(0, REST_SECONDS)
        if self._hurry.is_set():
            self._stopping.wait(min(rest, _RETRY_SECONDS))
        else:
            self._hurry.wait(rest)

    def _pause(self, seconds: float) -> None:
        """Wait between attempts; not while the writer is told to stop."""
        self._stopping.wait(seconds)

    def _report(self) -> WriterReport:
        found = self._spool.found
        oldest = self._oldest_at
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
            problem="; ".join(self._problems.values()),
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


def _too_large(row: ChargeRow, why: str) -> RejectedRow:
    text = orjson.dumps(row.charge, default=str).decode()
    cost = next((a for name, a in row.amounts if name == "billed_cost"), None)
    return RejectedRow(
        scope=row.scope,
        ordinal=row.charge["ordinal"],
        file="",
        line=0,
        reason="event-too-large",
        detail=why,
        text=text[:_KEPT_OF_TOO_LARGE],
        currency=row.charge["billing_currency"],
        billed_cost=None if cost is None else Decimal(cost.text) + cost.residue,
    )
