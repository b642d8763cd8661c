"""What audits have counted of raw/ and errors/, kept so that no object is decoded twice.

    audits/tallies/1/objects/<source>/<arrival day>.jsonl     each object that is counted
    audits/tallies/1/days/<billing period>/<charge date>/<hash>-<events>.jsonl   its events

Both are immutable places: an object of either is read once, and its tallies lie by the day they
are of. They are written before the line that says that the object is counted, under a name made
from what they say: whatever is killed, or runs twice at once, is counted again or found twice, and
says the same. `1` is the version of the format; another one begins anew.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from schemas.errors import StateError
from schemas.lake import AUDITS, ERRORS, RAW, ObjectInfo, ObjectStore, is_date, is_month
from transforms.auditing.contents import (
    Contents,
    Damaged,
    Promise,
    Tallier,
    leave_all,
    read_error_object,
    read_raw_object,
)
from transforms.auditing.ordinals import pack, unpack
from transforms.error_objects import error_lines
from transforms.tallies import Day, Sums, Tally

FORMAT = 1
TALLIES = f"{AUDITS}tallies/"
BATCH_BYTES = 64 * 1024 * 1024
"""Bytes that are decoded before their tallies are written; less than that is lost by a kill."""

Partition = tuple[str, str]
"""(billing period, charge date); both empty for what is in no partition of the lake."""
NOWHERE: Partition = ("", "")

_SIZE = re.compile(r"[-.]")
_ARRIVED = re.compile(r"/(\d{4})/(\d\d)/(\d\d)/\d\d/[^/]+\Z")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a piece of an object holds of one day of one delivery."""

    object: str
    piece: int
    delivery_id: str
    billing_period: str
    charge_date: str
    events: int
    copies: int
    ordinals: str
    """See `transforms.auditing.ordinals`."""
    sums: list[tuple[str, str, str]] = field(default_factory=list)
    """Currency, column, and the sum as an integer of 10^-12."""

    @property
    def day(self) -> Day:
        """Which day of which delivery."""
        return (self.delivery_id, self.billing_period, self.charge_date)

    def seen(self) -> set[int]:
        """Return the ordinals."""
        return unpack(self.ordinals)

    def total(self) -> Sums:
        """Return the sums of its events, each once."""
        return {(currency, column): int(value) for currency, column, value in self.sums}


@dataclass(slots=True)
class Counted:
    """An object that is counted."""

    key: str
    size: int
    records: int = 0
    record_bytes: int = 0
    billed_bytes: int = 0
    partitions: list[Partition] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    damaged: list[Damaged] = field(default_factory=list)

    def take(self, contents: Contents) -> None:
        """Add a part of what it holds."""
        self.records += contents.records
        self.record_bytes += contents.size
        self.billed_bytes += contents.billed_size
        self.promises += contents.promises
        self.damaged += contents.damaged

    @classmethod
    def read(cls, line: bytes) -> "Counted":
        """Read a line."""
        document = orjson.loads(line)
        document["partitions"] = [(p, d) for p, d in document["partitions"]]
        document["promises"] = [Promise(**promise) for promise in document["promises"]]
        document["damaged"] = [Damaged(**damaged) for damaged in document["damaged"]]
        return cls(**document)


class Throwaway:
    """A store that nothing is kept in: an audit that builds on none."""

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield what was put."""
        for key in sorted(self._objects):
            if key.startswith(prefix):
                yield ObjectInfo(key, len(self._objects[key]))

    def get(self, key: str) -> bytes:
        """Return what was put."""
        return self._objects[key]

    def put(self, key: str, body: bytes) -> None:
        """Keep it while the audit runs."""
        self._objects[key] = body

    def delete(self, key: str) -> None:
        """Forget it."""
        self._objects.pop(key, None)


class Books:
    """The tallies of everything in raw/ and errors/.

    Args:
        lake: where raw/ and errors/ are.
        keep: where the tallies lie; the lake itself, or a `Throwaway`.
        tally: a faster way to count the records that it knows.
        anew: forget what earlier audits counted, and decode everything again.
    """

    def __init__(
        self, lake: ObjectStore, keep: ObjectStore, tally: Tallier = leave_all, anew: bool = False
    ) -> None:
        self._lake, self._keep, self._tally, self._anew = lake, keep, tally, anew
        self._root = f"{TALLIES}{FORMAT}/"
        self._days: dict[Partition, list[str]] = defaultdict(list)
        self._objects: dict[str, dict[str, Counted]] = {}
        self._pending: dict[Partition, list[Entry]] = defaultdict(list)
        self._dropped: dict[Partition, set[str]] = defaultdict(set)
        self._stale: set[str] = set()
        self.decoded = 0
        """Objects that were decoded now."""
        self.decoded_bytes = 0

    def update(self) -> None:
        """Count what is new in raw/ and errors/, and forget what is there no more.

        Raises:
            StateError: a tally is damaged.
        """
        if self._anew:
            for info in list(self._keep.list(TALLIES)):
                self._keep.delete(info.key)
        for info in self._keep.list(f"{self._root}days/"):
            self._days[_partition_of(info.key)].append(info.key)
        for source in (RAW, ERRORS):
            self._update(source)
        self._flush()

    def of(self, source: str) -> Iterator[Counted]:
        """Yield what is counted of raw/ or errors/, in the order of the keys."""
        groups = (g for name, g in self._objects.items() if name.startswith(f"{source}"))
        yield from sorted((c for group in groups for c in group.values()), key=lambda c: c.key)

    def partitions(self) -> set[Partition]:
        """Return where events were found."""
        return {partition for partition, keys in self._days.items() if keys}

    def sizes(self) -> dict[Partition, int]:
        """Return about how many events there are in each partition, copies included."""
        return {
            partition: sum(int(_SIZE.split(key)[-2]) for key in keys)
            for partition, keys in self._days.items()
            if keys
        }

    def fingerprint(self, partition: Partition) -> str:
        """Return a text that changes when anything is counted in a partition."""
        return " ".join(sorted(key.rsplit("/", 1)[-1] for key in self._days.get(partition, ())))

    def entries(self, partition: Partition) -> list[Entry]:
        """Return what the objects hold of a partition.

        Raises:
            StateError: a tally is damaged.
        """
        found: dict[tuple[Any, ...], Entry] = {}
        keys = self._days.get(partition, [])
        while keys:
            try:
                bodies = {key: self._keep.get(key) for key in keys}
                break
            except KeyError:
                # Another audit has replaced them since they were listed.
                keys = [info.key for info in self._keep.list(self._folder(partition))]
                self._days[partition] = keys
        for key in keys:
            for line in bodies[key].splitlines():
                entry = _read(Entry, key, line)
                found[(entry.object, entry.piece, entry.day)] = entry
        return list(found.values())

    def _folder(self, partition: Partition) -> str:
        name = "/".join(partition) if partition != NOWHERE else "nowhere/nowhere"
        return f"{self._root}days/{name}/"

    def _update(self, source: str) -> None:
        known: dict[str, Counted] = {}
        for info in self._keep.list(f"{self._root}objects/{source}"):
            group = info.key[len(f"{self._root}objects/") :].removesuffix(".jsonl")
            lines = self._keep.get(info.key).splitlines()
            counted = [_read(Counted.read, info.key, line) for line in lines]
            self._objects[group] = {c.key: c for c in counted}
            known |= self._objects[group]
        decoded = 0
        for info in self._lake.list(source):
            before = known.pop(info.key, None)
            if before is not None and before.size == info.size:
                continue
            if before is not None:
                self._forget(source, before)
            decoded += self._count(source, info)
            if decoded >= BATCH_BYTES:
                self._flush()
                decoded = 0
        for gone in known.values():
            self._forget(source, gone)

    def _count(self, source: str, info: ObjectInfo) -> int:
        try:
            body = self._lake.get(info.key)
        except KeyError:
            return 0  # Gone since it was listed.
        parts: Iterable[Contents]
        if source == RAW:
            parts = read_raw_object(body, self._tally)
        else:
            parts = [read_error_object(error_lines(info.key, body))]
        counted = Counted(info.key, info.size)
        partitions = set()
        for number, part in enumerate(parts):
            counted.take(part)
            for days in part.pieces:
                for day, tally in days.items():
                    partition = partition_of(day)
                    partitions.add(partition)
                    self._pending[partition].append(_entry(info.key, number, day, tally))
        counted.partitions = sorted(partitions)
        group = _group(source, info.key)
        self._objects.setdefault(group, {})[info.key] = counted
        self._stale.add(group)
        self.decoded += 1
        self.decoded_bytes += len(body)
        return len(body)

    def _forget(self, source: str, counted: Counted) -> None:
        group = _group(source, counted.key)
        del self._objects[group][counted.key]
        self._stale.add(group)
        for partition in counted.partitions:
            self._dropped[partition].add(counted.key)

    def _flush(self) -> None:
        """Write what was counted: the tallies first, then that they are there."""
        for partition in sorted(self._pending.keys() | self._dropped.keys()):
            self._write_day(partition)
        self._pending.clear()
        self._dropped.clear()
        for group in sorted(self._stale):
            objects = [self._objects[group][key] for key in sorted(self._objects[group])]
            body = b"".join(orjson.dumps(asdict(c)) + b"\n" for c in objects)
            self._keep.put(f"{self._root}objects/{group}.jsonl", body)
        self._stale.clear()

    def _write_day(self, partition: Partition) -> None:
        before = self._days.get(partition, [])
        new = self._pending.get(partition, [])
        dropped = self._dropped.get(partition, set()) | {entry.object for entry in new}
        entries = [e for e in self.entries(partition) if e.object not in dropped] + new
        entries.sort(key=lambda e: (e.object, e.piece, e.day))
        body = b"".join(orjson.dumps(asdict(entry)) + b"\n" for entry in entries)
        events = sum(entry.events for entry in entries)
        name = f"{hashlib.sha256(body).hexdigest()[:24]}-{events}.jsonl"
        key = self._folder(partition) + name
        if key not in before and entries:
            self._keep.put(key, body)
        for old in before:
            if old != key:
                self._keep.delete(old)
        self._days[partition] = [key] if entries else []


def partition_of(day: Day) -> Partition:
    """Return which partition a day lies in; a text that is no date is in none."""
    _, period, date = day
    return (period, date) if is_month(period) and is_date(date) else NOWHERE


def _partition_of(key: str) -> Partition:
    *_, period, date, _ = key.split("/")
    return (period, date) if date != "nowhere" else NOWHERE


def _entry(key: str, piece: int, day: Day, tally: Tally) -> Entry:
    sums = [(currency, column, str(n)) for (currency, column), n in sorted(tally.sums.items())]
    return Entry(key, piece, *day, len(tally.ordinals), tally.copies, pack(tally.ordinals), sums)


def _group(source: str, key: str) -> str:
    found = _ARRIVED.search(key)
    return f"{source}{'-'.join(found.groups()) if found else 'other'}"


def _read(kind: Callable[..., Any], key: str, line: bytes) -> Any:
    try:
        return kind(**orjson.loads(line)) if isinstance(kind, type) else kind(line)
    except (ValueError, TypeError, KeyError) as error:
        raise StateError(f"{key} is damaged ({error}); run: finops audit --full") from error
