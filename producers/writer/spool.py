"""The spool of one producer: a folder of append-only segments, and a mark of what was accepted.

    <folder>/lock                       held while a process writes here
    <folder>/0000000000000001.spool     segments, named by their first entry (`spool_entry`)
    <folder>/accepted.json              the mark: entries below it are done, and parts of later ones
    <folder>/damaged/…                  bytes that were no entries, kept for a person

An entry is durable when `append` returns. The oldest is read first. The mark may lag behind what
the stream accepted, never run ahead: what it does not name is sent again, under the same ids.
"""

import fcntl
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import orjson

from producers.errors import SpoolError, SpoolFullError
from producers.packing import Record
from producers.spool_entry import Damaged, Entry, encode
from producers.writer.segment import SUFFIX, Segment

SEGMENT_BYTES = 16 * 1024 * 1024
MAX_BYTES = 1024 * 1024 * 1024
"""How large a spool may grow by default: about eight million events while the stream is down."""
_MARK = "accepted.json"
_MARK_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Found:
    """What a spool held when it was opened."""

    cut_bytes: int = 0
    """A write that was torn; nothing of it had been acknowledged."""
    damaged_bytes: int = 0
    """Bytes that were acknowledged once and cannot be read; kept under `damaged/`."""
    waiting_records: int = 0
    waiting_events: int = 0
    entries: tuple[Entry, ...] = ()
    """The newest segment, without its records: what a producer goes on from."""


@dataclass(slots=True)
class _Loaded:
    """An entry whose records are being sent."""

    entry: Entry
    open: set[int] = field(default_factory=set)


class FileSpool:
    """Keeps what a producer took until the stream has accepted it.

    One thread may append while another reads and accepts.

    Args:
        folder: where it lies; made when it is not there.
        max_bytes: how large it may grow.
        segment_bytes: a segment of so many bytes gets no more entries.
        reached: called halfway through a write (`spool-write`), and before the mark moves (`mark`).

    Raises:
        SpoolError: another process writes here, or something else lies here.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_bytes: int = MAX_BYTES,
        segment_bytes: int = SEGMENT_BYTES,
        reached: Callable[[str], None] = lambda step: None,
    ) -> None:
        self.folder = folder
        self._max_bytes = max_bytes
        # Only whole segments are removed: a small spool needs small ones.
        self._segment_bytes = min(segment_bytes, max_bytes // 8)
        self._reached = reached
        self._lock = Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._held = (folder / "lock").open("a+")
        except OSError as error:
            raise SpoolError(
                f"{folder}: cannot be written ({error.strerror}); choose another folder"
            ) from error
        self._take_lock()
        try:
            self._loaded: deque[_Loaded] = deque()
            self._done, self._partly = self._read_mark()
            self._segments: list[Segment] = []
            self.found = self._load()
        except BaseException:
            self._held.close()
            raise
        self._waiting = [self.found.waiting_records, self.found.waiting_events]
        self._reading = (self._segments[0] if self._segments else None, 0)

    @property
    def waiting_records(self) -> int:
        """Records that the stream has not accepted yet."""
        return self._waiting[0]

    @property
    def waiting_events(self) -> int:
        """Events of those records."""
        return self._waiting[1]

    @property
    def size(self) -> int:
        """Bytes on disk."""
        with self._lock:
            return sum(segment.end for segment in self._segments)

    @property
    def is_new_segment(self) -> bool:
        """Whether the next entry begins a segment: then it must say all that a producer needs."""
        newest = self._segments[-1] if self._segments else None
        return newest is None or newest.end >= self._segment_bytes

    def append(
        self, meta: dict[str, Any], records: Sequence[Record], *, beyond: bool = False
    ) -> None:
        """Keep an entry, durable when the call returns; nothing of it is kept on an error.

        Args:
            meta: what the entry says.
            records: what it holds.
            beyond: whether the spool may grow beyond its largest size for it.

        Raises:
            SpoolFullError: the spool is as large as it may be, or the disk is full.
        """
        number = self._segments[-1].next if self._segments else self._done
        head, body = encode(number, meta, records)
        size = self.size
        if size + len(head) + len(body) > self._max_bytes and not beyond:
            raise SpoolFullError(
                f"{self.folder}: has {size:,} bytes of the {self._max_bytes:,} it may have; the "
                "events are not safe: they are written when the stream has accepted older ones"
            )
        segment = self._new_segment(number) if self.is_new_segment else self._segments[-1]
        segment.append(head, body, lambda: self._reached("spool-write"))
        with self._lock:
            if segment not in self._segments:
                self._segments.append(segment)
            if self._reading[0] is None:
                self._reading = (segment, 0)
            self._count(records, 1)

    def window(self, max_records: int, max_bytes: int) -> list[tuple[int, int, Record]]:
        """Return the oldest records that are not accepted: entry number, index, record.

        At most `max_records` and `max_bytes`, but never none while there are some.
        """
        found: list[tuple[int, int, Record]] = []
        size = 0
        for loaded in self._entries():
            for i in sorted(loaded.open):
                record = loaded.entry.records[i]
                full = len(found) == max_records or size + len(record.data) > max_bytes
                if full and found:
                    return found
                found.append((loaded.entry.number, i, record))
                size += len(record.data)
        return found

    def oldest(self) -> Entry | None:
        """Return the oldest entry that is not done."""
        first = next(iter(self._entries()), None)
        return None if first is None else first.entry

    def accept(self, places: Sequence[tuple[int, int]]) -> None:
        """Note that records were accepted: (entry number, index); `save_mark` makes it last."""
        by_number = {loaded.entry.number: loaded for loaded in self._loaded}
        with self._lock:
            for number, i in places:
                loaded = by_number[number]
                loaded.open.discard(i)
                self._count([loaded.entry.records[i]], -1)

    def finished(self) -> Entry | None:
        """Return the oldest entry when all its records are accepted and it is not done yet."""
        first = next(iter(self._entries()), None)
        return None if first is None or first.open else first.entry

    def done(self, entry: Entry) -> None:
        """Note that nothing more has to be done about the oldest entry."""
        assert self._loaded[0].entry is entry, "entries are done in order"
        self._loaded.popleft()
        self._done = entry.number + 1

    def save_mark(self) -> None:
        """Write down what was accepted and done; then segments without use are removed."""
        read = self._loaded[-1].entry.number if self._loaded else self._done - 1
        # What an earlier process noted of entries that this one has not come to yet.
        partly = [place for place in self._partly if place[0] > read]
        for loaded in self._loaded:
            whole = range(len(loaded.entry.records))
            partly += [(loaded.entry.number, i) for i in whole if i not in loaded.open]
        body = orjson.dumps({"format": _MARK_FORMAT, "done": self._done, "accepted": partly})
        self._reached("mark")
        temporary = self.folder / (_MARK + ".new")
        with temporary.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.folder / _MARK)
        self._remove_done()

    def close(self) -> None:
        """Let go of it; once is enough."""
        self._held.close()

    def _take_lock(self) -> None:
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._held.seek(0)
            holder = self._held.read().strip() or "another process"
            self._held.close()
            raise SpoolError(
                f"{self.folder}: {holder} writes here already; stop it, or use another name"
            ) from error
        self._held.seek(0)
        self._held.truncate()
        self._held.write(f"process {os.getpid()}\n")
        self._held.flush()

    def _load(self) -> Found:
        """Read every segment; cut a torn write, keep damage aside, count what waits."""
        cut = damaged_bytes = records = events = 0
        entries: tuple[Entry, ...] = ()
        paths = sorted(self.folder.glob(f"*{SUFFIX}"))
        for path in paths:
            segment, found, damaged = Segment.load(path)
            for part in damaged:
                if part.is_tail and path == paths[-1]:
                    continue
                damaged_bytes += part.size
                self._keep_aside(segment, part)
            if path == paths[-1]:
                cut = segment.cut()
            if not found:
                path.unlink()
                continue
            self._segments.append(segment)
            for entry in found:
                for i, record in enumerate(entry.records):
                    if entry.number >= self._done and (entry.number, i) not in self._partly:
                        records += 1
                        events += record.events
            entries = tuple(Entry(e.number, e.meta, []) for e in found)
        if self._segments:
            self._done = max(self._done, self._segments[0].first)
        return Found(cut, damaged_bytes, records, events, entries)

    def _keep_aside(self, segment: Segment, part: Damaged) -> None:
        folder = self.folder / "damaged"
        folder.mkdir(exist_ok=True)
        with segment.path.open("rb") as file:
            file.seek(part.offset)
            body = file.read(part.size)
        (folder / f"{segment.path.stem}-{part.offset}.bin").write_bytes(body)

    def _new_segment(self, number: int) -> Segment:
        path = self.folder / f"{number:016}{SUFFIX}"
        try:
            # One that never got its first entry.
            path.unlink(missing_ok=True)
            return Segment.create(self.folder, number)
        except OSError as error:
            path.unlink(missing_ok=True)
            raise SpoolFullError(
                f"{self.folder}: {error.strerror}; the events are not safe: make room on the disk, "
                "they are written as soon as there is some"
            ) from error

    def _entries(self) -> Iterator[_Loaded]:
        """Yield the entries that are not done, reading more from disk as they are asked for."""
        yield from tuple(self._loaded)
        while (loaded := self._load_next()) is not None:
            yield loaded

    def _load_next(self) -> _Loaded | None:
        """Read the next entry from disk behind those that are loaded."""
        while True:
            with self._lock:
                segment, offset = self._reading
                if segment is None:
                    return None
                found = segment.read(offset)
                if found is None:
                    place = self._segments.index(segment)
                    if place + 1 == len(self._segments):
                        return None
                    self._reading = (self._segments[place + 1], 0)
                    continue
                self._reading = (segment, found[1])
            entry = found[0]
            if entry.number < self._done:
                continue
            open_ = {i for i in range(len(entry.records)) if (entry.number, i) not in self._partly}
            loaded = _Loaded(entry, open_)
            self._loaded.append(loaded)
            return loaded

    def _remove_done(self) -> None:
        """Remove segments that hold nothing any more; the newest one says where to go on."""
        removed = []
        with self._lock:
            while len(self._segments) > 1 and self._segments[0].next <= self._done:
                if self._reading[0] is self._segments[0]:
                    self._reading = (self._segments[1], 0)
                removed.append(self._segments.pop(0))
        for segment in removed:
            segment.path.unlink(missing_ok=True)

    def _count(self, records: Sequence[Record], sign: int) -> None:
        self._waiting[0] += sign * len(records)
        self._waiting[1] += sign * sum(record.events for record in records)

    def _read_mark(self) -> tuple[int, frozenset[tuple[int, int]]]:
        try:
            fields = orjson.loads((self.folder / _MARK).read_bytes())
            if fields["format"] == _MARK_FORMAT:
                return fields["done"], frozenset((n, i) for n, i in fields["accepted"])
        except FileNotFoundError:
            pass
        except (ValueError, KeyError, TypeError):
            pass  # Sending everything again changes no sum; refusing to start loses time.
        return 1, frozenset()
