"""One append-only file of the spool: written ahead, synced, cut back where a write was torn."""

import os
from collections.abc import Callable
from pathlib import Path

from producers.errors import SpoolError, SpoolFullError
from producers.spool_entry import (
    FRAME_BYTES,
    HEADER,
    Damaged,
    Entry,
    entry_size,
    next_entry,
    read_entry,
    read_segment,
)

SUFFIX = ".spool"


class Segment:
    """A file of entries, numbered by its first one.

    Args:
        path: where it lies.
        first: the number of its first entry.
    """

    def __init__(self, path: Path, first: int) -> None:
        self.path = path
        self.first = first
        self.next = first
        """The number of the entry that comes after its last one."""
        self.end = 0
        """Where the next entry will begin: everything before is on disk."""

    @classmethod
    def create(cls, folder: Path, first: int) -> "Segment":
        """Begin an empty segment, durable in its folder.

        Raises:
            OSError: it cannot be written.
        """
        segment = cls(folder / f"{first:016}{SUFFIX}", first)
        with segment.path.open("xb") as file:
            file.write(HEADER)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(folder)
        segment.end = len(HEADER)
        return segment

    @classmethod
    def load(cls, path: Path) -> tuple["Segment", list[Entry], list[Damaged]]:
        """Read a segment whole.

        Raises:
            SpoolError: another version wrote it.
        """
        try:
            segment = cls(path, int(path.stem))
        except ValueError as error:
            raise SpoolError(f"{path}: is no segment of a spool; move it elsewhere") from error
        data = path.read_bytes()
        if data[: len(HEADER)] != HEADER and not HEADER.startswith(data):
            raise SpoolError(
                f"{path}: was written by another version ({data[:20]!r}); deliver it with that one"
            )
        entries: list[Entry] = []
        damaged: list[Damaged] = []
        segment.end = len(HEADER)
        for found in read_segment(data):
            if isinstance(found, Damaged):
                damaged.append(found)
            else:
                entries.append(found[1])
        if not damaged or not damaged[-1].is_tail:
            segment.end = max(len(data), len(HEADER))
        else:
            segment.end = damaged[-1].offset
        if entries:
            segment.next = entries[-1].number + 1
        return segment, entries, damaged

    def cut(self) -> int:
        """Cut off what lies behind the last whole entry; return how many bytes that were."""
        size = self.path.stat().st_size
        with self.path.open("r+b") as file:
            if size < len(HEADER):
                file.write(HEADER)
            file.truncate(self.end)
            file.flush()
            os.fsync(file.fileno())
        return max(0, size - self.end)

    def append(self, head: bytes, body: bytes, halfway: Callable[[], None]) -> None:
        """Write an entry behind the last one and sync it; on an error nothing of it stays.

        Args:
            head: its frame and meta.
            body: its records.
            halfway: called when the first piece is written and the second is not.

        Raises:
            SpoolFullError: the disk does not take it.
        """
        try:
            file = os.open(self.path, os.O_WRONLY)
        except OSError as error:
            raise self._refused(error) from error
        try:
            _write_all(file, head, self.end)
            halfway()
            _write_all(file, body, self.end + len(head))
            os.fsync(file)
        except OSError as error:
            # A half-written entry would be recognised and cut; better that it is not there.
            os.ftruncate(file, self.end)
            raise self._refused(error) from error
        finally:
            os.close(file)
        self.end += len(head) + len(body)
        self.next += 1

    def read(self, offset: int) -> tuple[Entry, int] | None:
        """Return the entry at an offset and the next offset; None at the end.

        What lies between two entries and is none is passed over: it was told of at the start.
        """
        offset = max(offset, len(HEADER))
        with self.path.open("rb") as file:
            file.seek(offset)
            frame = file.read(FRAME_BYTES)
            size = entry_size(frame)
            if size is not None and offset + size <= self.end:
                found = read_entry(frame + file.read(size - FRAME_BYTES), 0)
                if found is not None:
                    return found[0], offset + size
            return self._read_behind_damage(offset)

    def _refused(self, error: OSError) -> SpoolFullError:
        return SpoolFullError(
            f"{self.path}: {error.strerror}; the events are not safe: make room on the disk, "
            "they are written as soon as there is some"
        )

    def _read_behind_damage(self, offset: int) -> tuple[Entry, int] | None:
        data = self.path.read_bytes()[: self.end]
        position = next_entry(data, offset)
        return None if position is None else read_entry(data, position)


def sync_folder(folder: Path) -> None:
    """Make new and removed names in a folder durable."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _write_all(file: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, offset)
        view, offset = view[written:], offset + written
