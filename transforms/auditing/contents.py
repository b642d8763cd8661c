"""What one object of raw/ or errors/ holds: events by day, promises, and bytes nobody can decode.

An object is read in pieces of a few megabytes, and of each piece only tallies stay: the memory is
the piece's, however much lies in the lake.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.codec import Batch, Member, Unreadable, decode_message, split_members
from transforms.error_objects import ErrorLine
from transforms.tallies import Day, Tally

PIECE_BYTES = 4 * 1024 * 1024
"""Bytes of raw/ whose events are counted together, some 35,000: they bound the memory."""
BILLING_STEP_BYTES = 5_120
"""Firehose bills each record rounded up to 5 KiB (Amazon Data Firehose pricing)."""

Days = dict[Day, Tally]
Tallier = Callable[[Sequence[Member], Days], Sequence[Member]]
"""Counts the events of some records into days, and returns the records that it leaves to others."""


@dataclass(frozen=True, slots=True)
class Promise:
    """A DeliveryCompleted as the wire has it: which delivery, and what it promises of each day."""

    delivery_id: str
    revision: int
    days: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Damaged:
    """Bytes nobody can decode: where they begin in their object or which line, and their hash."""

    at: int
    size: int
    sha256: str

    @classmethod
    def of(cls, at: int, body: bytes) -> "Damaged":
        """Name some bytes."""
        return cls(at, len(body), hashlib.sha256(body).hexdigest())


@dataclass(slots=True)
class Contents:
    """What an object holds. Each of `pieces` counts an event once; two may have the same one."""

    pieces: list[Days] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    damaged: list[Damaged] = field(default_factory=list)
    records: int = 0
    size: int = 0
    billed_size: int = 0
    """What Firehose bills for the records: each rounded up to 5 KiB."""

    def count(self, size: int) -> None:
        """Count a record."""
        self.records += 1
        self.size += size
        self.billed_size += -(-size // BILLING_STEP_BYTES) * BILLING_STEP_BYTES


def leave_all(members: Sequence[Member], days: Days) -> Sequence[Member]:
    """Count nothing: every record is read one by one."""
    return members


def read_raw_object(body: bytes, tally: Tallier = leave_all) -> Iterator[Contents]:
    """Read an object of raw/, a piece at a time.

    Args:
        body: the object.
        tally: a faster way for records that it knows.
    """
    contents = Contents()
    piece: list[Member] = []
    at = begun = 0
    for member in split_members(body):
        contents.count(len(member.body))
        if isinstance(member, Unreadable):
            contents.damaged.append(Damaged.of(at, member.body))
        else:
            piece.append(member)
        at += len(member.body)
        if at - begun >= PIECE_BYTES:
            yield _counted(contents, piece, begun, tally)
            contents, piece, begun = Contents(), [], at
    yield _counted(contents, piece, begun, tally)


def _counted(contents: Contents, piece: list[Member], begun: int, tally: Tallier) -> Contents:
    days: Days = defaultdict(Tally)
    positions = {}
    at = begun
    for member in piece:
        positions[id(member)] = at
        at += len(member.body)
    for member in tally(piece, days):
        batch = decode_message(member)
        if isinstance(batch, Unreadable):
            contents.damaged.append(Damaged.of(positions[id(member)], batch.body))
        elif batch.is_charges:
            count(days, batch)
        else:
            contents.promises += [
                Promise(batch.delivery_id, event["revision"], event["days"])
                for event in batch.events
            ]
    contents.pieces.append(days)
    return contents


def read_error_object(lines: Iterator[ErrorLine]) -> Contents:
    """Read the originals of an object of errors/: bytes of ours, or the rows made of them.

    Which events they hold, and no money: a row may have failed because an amount is none.
    """
    contents = Contents()
    days: Days = defaultdict(Tally)
    for line in lines:
        contents.count(len(line.raw))
        held = line.content()
        if isinstance(held, Unreadable):
            contents.damaged.append(Damaged.of(line.number, line.raw))
        elif isinstance(held, list):
            for row in held:
                if "billing_currency" in row:
                    days[day_of_row(row)].see(row["ordinal"])
                else:
                    contents.promises.append(Promise(row["delivery_id"], 0, []))
        elif held.is_charges:
            for event in held.events:
                days[day_of(held)].see(event["ordinal"])
        else:
            contents.promises.append(Promise(held.delivery_id, 0, []))
    contents.pieces.append(days)
    return contents


def day_of(batch: Batch) -> Day:
    """Return which day of which delivery a record of charges is of."""
    envelope = batch.envelope
    return (batch.delivery_id, envelope["billing_period"], envelope["charge_date"])


def day_of_row(row: dict[str, Any]) -> Day:
    """Return which day of which delivery a row is of that the transform made."""
    names = (("billing_period_start", 7), ("charge_period_start", 10))
    period, date = (str(row.get(name, ""))[:length] for name, length in names)
    return (row["delivery_id"], period, date)


def count(days: Days, batch: Batch) -> None:
    """Count the events of a record."""
    tally = days[day_of(batch)]
    for event in batch.events:
        tally.add(event)
