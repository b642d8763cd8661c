"""Redrive: failed records go back to the stream, with the producers' sender and packer.

`transforms.redrive` decides; here the originals are read, packed anew where they were too large,
sent, and marked when the stream has accepted them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from producers.limits import (
    ANSWER_PER_WIRE_BYTE,
    MAX_PARTITIONS_PER_INTERVAL,
    TARGET_WIRE_BYTES,
    VERDICT_BYTES,
)
from producers.packing import Packer, Record
from producers.sending import Sender
from schemas.codec import Batch, ChargeEncoder, Reason, compress
from schemas.events import ChargeEnvelope, ChargeRecorded
from schemas.lake import ERRORS, ObjectStore
from schemas.rows import charge_row, json_line
from transforms.auditing.rows import read_rows
from transforms.context import Context
from transforms.core import Ok, transform
from transforms.deliveries import read_assertions
from transforms.error_objects import ErrorLine, error_lines
from transforms.ports import Query
from transforms.redrive.failed import NO_ORIGINAL, Failed, in_lake
from transforms.redrive.marks import Mark, Marks
from transforms.redrive.originals import find_originals
from transforms.redrive.plan import Action, Planner, Step
from transforms.tallies import Day

_MAX_ANSWER = TARGET_WIRE_BYTES * ANSWER_PER_WIRE_BYTE
_QUERY_PARTITIONS = 31
"""Days whose rows are asked for at a time."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which failed records; None is all of them.

    Attributes:
        kind: processing, conversion or partitioning.
        since: those that arrived from this moment on, aware.
        delivery: those of deliveries whose id begins so.
    """

    kind: str | None = None
    since: datetime | None = None
    delivery: str | None = None

    def wants(self, failed: Failed) -> bool:
        """Tell whether a record is meant."""
        if self.kind not in (None, failed.kind):
            return False
        if self.since and failed.arrival_millis < self.since.timestamp() * 1_000:
            return False
        if self.delivery is None:
            return True
        return failed.day is not None and failed.day[0].startswith(self.delivery)


@dataclass(frozen=True, slots=True)
class Poison:
    """A record that is not put back any more, and what to do about it."""

    id: str
    type: str
    reason: str
    delivery_id: str
    billing_period: str
    charge_date: str
    events: int
    billed: dict[str, str]
    rounds: int
    next: str


@dataclass(slots=True)
class Report:
    """What a redrive did, or would do."""

    lines: int = 0
    """Failed records that were looked at: those that no earlier redrive had closed."""
    put_lines: int = 0
    put_records: int = 0
    """Records sent: more than lines where some were too large."""
    put_events: int = 0
    split_lines: int = 0
    """Lines whose record was packed anew, into several or without what is there already."""
    there: int = 0
    """Lines that were closed: their rows had arrived otherwise."""
    covered: int = 0
    """Lines that were closed: another line of the same failure was put back."""
    marked: int = 0
    """Lines that earlier redrives had closed."""
    rounds: dict[str, int] = field(default_factory=dict)
    """Lines put back, by round."""
    left: int = 0
    """Lines whose records the stream did not accept; the same command tries them again."""
    error: str = ""
    """Why it did not."""
    poison: list[Poison] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether nothing stays behind."""
        return not (self.poison or self.left)


class Redrive:
    """Puts failed records back.

    Args:
        store: the lake, as objects.
        query: the lake, in SQL.
        context: the active evaluation; tells which event of a record is to blame.
        sender: the way into the stream.
        now: the moment, aware.
        next_interval: waits until Firehose has delivered its partition buffers.
    """

    def __init__(
        self,
        store: ObjectStore,
        query: Query,
        context: Context,
        sender: Sender,
        now: Callable[[], datetime],
        next_interval: Callable[[], None],
    ) -> None:
        self._store, self._query, self._context = store, query, context
        self._sender, self._now, self._next_interval = sender, now, next_interval
        self._marks = Marks(store)
        self._encoder = ChargeEncoder()
        self._partitions: set[str] = set()
        self._report = Report()

    def run(self, chosen: Chosen, *, dry_run: bool = False, poison_too: bool = False) -> Report:
        """Put back what failed.

        Args:
            chosen: which of it.
            dry_run: only tell.
            poison_too: what has had its rounds as well.

        Raises:
            DeliveryError: the service refuses records for good; what it accepted is marked.
        """
        report = self._report
        open_ = self._open(chosen)
        planner = Planner(self._marks, self._there(open_), poison_too=poison_too)
        by_object: dict[str, list[Step]] = defaultdict(list)
        for failed in open_:
            step = planner.step(failed)
            if step.action == Action.POISON:
                self._give_up(step, failed.reason or failed.code)
            else:
                by_object[failed.key].append(step)
        report.lines = len(open_)
        for key, steps in by_object.items():
            if dry_run:
                self._tell(steps)
            elif not report.left:
                self._object(key, steps)
            else:
                report.left += sum(step.action == Action.PUT for step in steps)
        report.rounds = dict(sorted(report.rounds.items()))
        return report

    def _open(self, chosen: Chosen) -> list[Failed]:
        """Read the failed records that are meant and not marked."""
        found = []
        for info in self._store.list(ERRORS):
            marked = self._marks.of(info.key)
            for line in error_lines(info.key, self._store.get(info.key)):
                if line.number in marked:
                    self._report.marked += 1
                elif chosen.wants(failed := Failed.of(line)):
                    found.append(failed)
        return found

    def _there(self, open_: Iterable[Failed]) -> dict[Day, set[int]]:
        """Return which of their events have arrived."""
        days = {failed.day for failed in open_ if failed.day is not None}
        there: dict[Day, set[int]] = {}
        partitions = sorted({(day[1], day[2]) for day in days if in_lake(day)})
        for first in range(0, len(partitions), _QUERY_PARTITIONS):
            some = set(partitions[first : first + _QUERY_PARTITIONS])
            for day, rows in read_rows(self._query, self._context.evaluation, some).items():
                if day in days:
                    there[day] = rows.ordinals
        if any(day[1:] == ("", "") for day in days):
            for assertion in read_assertions(self._query):
                there[(assertion.delivery_id, "", "")] = set(range(assertion.revision + 1))
        return there

    def _tell(self, steps: Sequence[Step]) -> None:
        for step in steps:
            self._count(step)
            if step.action == Action.PUT:
                self._report.put_events += 0 if step.failed.is_completion else len(step.events)

    def _object(self, key: str, steps: Sequence[Step]) -> None:
        """Put back what an object of errors/ holds, and mark its lines."""
        at = round(self._now().timestamp() * 1_000)
        lines = {line.number: line for line in error_lines(key, self._store.get(key))}
        rows = [s.failed for s in steps if s.action == Action.PUT and s.failed.is_rows]
        originals = find_originals(self._store, rows) if rows else {}
        sending: list[_Sending] = []
        for step in steps:
            if step.action == Action.PUT:
                original = _original(step.failed, lines[step.failed.number], originals)
                if original is None:
                    self._give_up(step, NO_ORIGINAL)
                else:
                    sending.append(_Sending(step, self._records(step, original)))
        try:
            self._send([(one, record) for one in sending for record in one.records])
        finally:
            # What was accepted is marked even where the stream refuses the rest for good.
            self._close(key, [s for s in steps if s.action != Action.PUT], sending, at)

    def _records(self, step: Step, original: Batch) -> list[Record]:
        """Return what is put for a line: the record as it was, unless it has to be packed anew."""
        if not original.is_charges:
            return [Record(original.body, "deliveries", len(original.events), 0)]
        events = {e["ordinal"]: e for e in original.events}
        partial = step.events != events.keys()
        if not partial and len(events) == 1:
            return [_record(original)]
        answer = transform(original.body, self._context)
        if isinstance(answer, Ok):
            if not partial and self._answer_size(original) <= _MAX_ANSWER:
                return [_record(original)]
            return self._packed(original, [events[n] for n in sorted(step.events)])
        if answer.reason not in _OF_ONE_EVENT:
            return [_record(original)]
        # One event is to blame, and the others need not wait for it.
        sound: list[ChargeRecorded] = []
        unsound: list[ChargeRecorded] = []
        for ordinal in sorted(step.events):
            (alone,) = self._packed(original, [events[ordinal]])
            good = isinstance(transform(alone.data, self._context), Ok)
            (sound if good else unsound).append(events[ordinal])
        records = self._packed(original, sound)
        return records + [r for event in unsound for r in self._packed(original, [event])]

    def _answer_size(self, batch: Batch) -> int:
        """Return about how large the transform's answer is, as the packer reckons it."""
        mode = batch.envelope["delivery_mode"]
        rows = (charge_row(batch.delivery_id, mode, event) for event in batch.events)
        return sum(-(-(len(json_line(row)) + VERDICT_BYTES) * 4 // 3) for row in rows)

    def _packed(self, batch: Batch, events: Sequence[ChargeRecorded]) -> list[Record]:
        """Pack events as a producer does: the same ids, in records that fit."""
        packer = Packer(self._encoder)
        envelope = cast("ChargeEnvelope", batch.envelope)
        records: list[Record] = []
        for event in events:
            try:
                records += packer.add(envelope, event, self._encoder.event(event))
            except (OverflowError, ValueError):
                # No row can be made of it, so nobody can say how large: it goes by itself.
                message = self._encoder.message(envelope, [self._encoder.event(event)])
                records.append(Record(compress(message), "", 1, 0, batch.delivery_id))
        return records + list(packer.flush())

    def _send(self, sending: Sequence[tuple["_Sending", Record]]) -> None:
        """Send records, a call's worth at a time; stop where the stream takes no more."""
        left = list(sending)
        while left:
            self._make_room({record.partition for _, record in left[: self._sender.max_records]})
            size = fitting = 0
            for _, record in left[: self._sender.max_records]:
                size += len(record.data)
                if fitting and size > self._sender.max_bytes:
                    break
                fitting += 1
            call, left = left[:fitting], left[fitting:]

            def accepted(indexes: Sequence[int], call: Sequence[Any] = call) -> None:
                for index in indexes:
                    call[index][0].accepted += 1

            outcome = self._sender.send([record for _, record in call], accepted)
            if outcome.failed:
                self._report.error = outcome.error
                return

    def _make_room(self, partitions: set[str]) -> None:
        """Wait before more partitions are sent than Firehose keeps buffers for."""
        if len(self._partitions | partitions) > MAX_PARTITIONS_PER_INTERVAL:
            self._next_interval()
            self._partitions = set()
        self._partitions |= partitions

    def _close(
        self, key: str, others: Sequence[Step], sending: Sequence["_Sending"], at: int
    ) -> None:
        """Mark what is done with."""
        report = self._report
        marks = []
        for one in sending:
            if one.accepted < len(one.records):
                report.left += 1
                continue
            marks.append(_mark(one.step, at))
            self._count(one.step)
            report.put_records += len(one.records)
            report.put_events += 0 if one.step.failed.is_completion else len(one.step.events)
            report.split_lines += one.is_packed_anew
        for step in others:
            # What covers a line comes before it, and must have been accepted.
            if step.action == Action.THERE or not report.left:
                marks.append(_mark(step, at))
                self._count(step)
        if marks:
            self._marks.add(key, marks)

    def _count(self, step: Step) -> None:
        report = self._report
        report.there += step.action == Action.THERE
        report.covered += step.action == Action.COVERED
        if step.action == Action.PUT:
            report.put_lines += 1
            nth = str(step.round)
            report.rounds[nth] = report.rounds.get(nth, 0) + 1

    def _give_up(self, step: Step, reason: str) -> None:
        failed = step.failed
        self._report.poison.append(
            Poison(
                failed.id,
                failed.kind,
                reason,
                *(failed.day or ("", "", "")),
                events=0 if failed.is_completion else len(failed.events),
                billed=failed.billed,
                rounds=step.round if step.action == Action.POISON else step.round - 1,
                next=_NEXT.get(reason, _REPAIR),
            )
        )


@dataclass(slots=True)
class _Sending:
    """A line's records on their way."""

    step: Step
    records: list[Record]
    accepted: int = 0

    @property
    def is_packed_anew(self) -> bool:
        """Whether it is more than the record as it was."""
        return len(self.records) > 1 or self.step.events != self.step.failed.events


_OF_ONE_EVENT = (Reason.BAD_AMOUNT, Reason.BAD_PARTITION, Reason.BAD_DATUM)
_REPAIR = (
    "find the cause (finops quarantine show ID, and the transform's log), repair it, then: "
    "finops redrive --poison"
)
_FOREIGN = "not a record of ours, or damaged: see finops quarantine show ID; nothing to put back"
_NEXT = {
    Reason.BAD_GZIP.value: _FOREIGN,
    Reason.NOT_AVRO.value: _FOREIGN,
    Reason.BAD_DATUM.value: _FOREIGN,
    Reason.TOO_LARGE.value: _FOREIGN,
    Reason.UNKNOWN_SCHEMA.value: "run and deploy the version that has its schema, then: "
    "finops redrive",
    NO_ORIGINAL: "raw/ does not hold its record: see finops audit, and ingest its source again",
}


def _original(failed: Failed, line: ErrorLine, originals: Mapping[str, Batch]) -> Batch | None:
    if failed.is_rows:
        return originals.get(failed.id)
    content = line.content()
    assert isinstance(content, Batch), "a line that nobody can read is poison"
    return content


def _record(batch: Batch) -> Record:
    envelope = batch.envelope
    partition = f"{envelope['billing_period']}/{envelope['charge_date']}"
    return Record(batch.body, partition, len(batch.events), 0, batch.delivery_id)


def _mark(step: Step, at: int) -> Mark:
    assert step.failed.day is not None, "a line that nobody can read is never marked"
    return Mark.of(
        step.failed.number, step.action.value, step.round, at, step.failed.day, step.events
    )
