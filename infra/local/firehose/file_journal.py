"""Journals as files: a folder for each stream, and numbered segments `0001.journal` in it.

They guard against killed processes, not against power loss: an append has reached the operating
system when it returns, and nothing is synced to the disk.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import IO

from infra.local.firehose.errors import JournalError
from infra.local.firehose.journal import Journal, Journals
from infra.local.firehose.journal_format import HEADER, OtherVersionError, decode, encode
from infra.local.firehose.records import Source

SEGMENT_BYTES = 16 * 1024 * 1024
MAX_PIECES = 1024
"""How many the system takes in one write: `IOV_MAX` of Linux and macOS."""
_SEGMENT = re.compile(r"(\d+)\.(?:journal|damaged)")
_LOCK = "lock"
_SAFE = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_-")


def file_journals(root: Path, report: Callable[[str], None]) -> Journals:
    """Return journals in a folder each under `root`, made when first opened.

    Args:
        root: the folder of all journals.
        report: is told of damage, one line each.
    """

    def journal(stream: str) -> Journal:
        return FileJournal(root / folder_name(stream), report)

    return journal


def folder_name(stream: str) -> str:
    """Return a file name for a stream's name; no two names share one, in no letter case either."""
    return "".join(chr(c) if c in _SAFE else f"%{c:02X}" for c in stream.encode())


class SegmentFile(FileIO):
    """A new file, which must not be there yet; what is written to it is not buffered here."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "xb")

    def write_pieces(self, pieces: Sequence[memoryview]) -> int:
        """Write pieces, at most `MAX_PIECES`, and return how many bytes were taken."""
        return os.writev(self.fileno(), pieces)


class FileJournal:
    """The journal of one stream in a folder, which nobody else may have open.

    Segments of an earlier process are only read. A segment is removed as a whole, once all of its
    records are delivered; the current one ends when it is large or partly delivered, so that what
    is delivered again after a crash is not much more than what was buffered.

    Args:
        folder: where the segments are; made if it is not there.
        report: is told of damage, one line each. What was before a damage is recovered, and the
            damaged segment is kept as `*.damaged` for a person to look at.
        segment_bytes: the size at which a segment ends.
        create: makes a segment's file.

    Raises:
        JournalError: a process has the journal open.
        OSError: the folder cannot be made or written.
    """

    def __init__(
        self,
        folder: Path,
        report: Callable[[str], None],
        *,
        segment_bytes: int = SEGMENT_BYTES,
        create: Callable[[Path], SegmentFile] = SegmentFile,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._report = report
        self._segment_bytes = segment_bytes
        self._create = create
        self._ended: list[_Ended] = []
        self._current: _Current | None = None
        self._lock = _lock(folder)
        self._number = max(_numbered(folder), default=0)

    def recover(self) -> list[Source]:
        """Return the records of all segments, in order; records once delivered may be among them.

        Raises:
            OSError: a segment cannot be read.
            JournalError: a segment is of another version.
        """
        recovered: list[Source] = []
        for _, path in sorted(_numbered(self._folder).items()):
            if path.suffix == ".damaged":
                continue
            try:
                sources, damage = decode(path.read_bytes())
            except OtherVersionError:
                raise JournalError(
                    f"{path}: is not of this version; start the version that wrote it once, or "
                    "move the file away to give its records up"
                ) from None
            if damage:
                self._report(
                    f"{path}: {damage}; {len(sources)} records before that are delivered, what "
                    "follows is lost: look at the disk"
                )
            last = max((source.sequence for source in sources), default=-1)
            self._ended.append(_Ended(path, last, bool(damage)))
            recovered += sources
        return recovered

    def append(self, sources: Sequence[Source]) -> None:
        """Write the records of one put as one entry; when it returns, the system has them.

        Raises:
            OSError: the disk is full, or the journal closed; nothing is remembered.
        """
        if self._lock.closed:
            raise OSError("the journal is closed")
        segment = self._current or self._begin(sources[0].sequence)
        entry = encode(sources)
        try:
            segment.append(entry)
        except BaseException:
            # The half entry is cut off where that works, and is recognised where not.
            segment.cut()
            self._end(segment)
            raise
        segment.last = sources[-1].sequence
        if segment.size >= self._segment_bytes:
            self._end(segment)

    def release(self, before: int) -> None:
        """Remove the segments that have only records with a sequence below `before`."""
        if self._current is not None and self._current.first < before:
            self._end(self._current)
        done = [segment for segment in self._ended if segment.last < before]
        self._ended = [segment for segment in self._ended if segment.last >= before]
        for segment in done:
            self._remove(segment)

    def discard(self) -> None:
        """Remove the folder and everything in it; later appends are refused.

        Raises:
            OSError: something could not be removed.
        """
        self._ended.clear()
        self._let_go()
        try:
            with suppress(FileNotFoundError):
                shutil.rmtree(self._folder)
        finally:
            self._lock.close()

    def close(self) -> None:
        """Close the files and let go of the folder; later appends are refused."""
        self._let_go()
        self._lock.close()

    def _let_go(self) -> None:
        if self._current is not None:
            self._current.file.close()
            self._current = None

    def _begin(self, first: int) -> "_Current":
        self._number += 1
        path = self._folder / f"{self._number:04}.journal"
        self._current = _Current(path, self._create(path), first)
        return self._current

    def _end(self, segment: "_Current") -> None:
        self._current = None
        segment.file.close()
        self._ended.append(_Ended(segment.path, segment.last, damaged=False))

    def _remove(self, segment: "_Ended") -> None:
        try:
            if segment.damaged:
                segment.path.rename(segment.path.with_suffix(".damaged"))
            else:
                segment.path.unlink(missing_ok=True)
        except OSError as error:
            self._report(
                f"{segment.path}: cannot be removed ({error.strerror}); its records will be "
                "delivered again at the next start: remove it"
            )


@dataclass(frozen=True, slots=True)
class _Ended:
    """A segment that nothing is appended to any more."""

    path: Path
    last: int
    """The highest sequence in it; -1 for none."""
    damaged: bool


@dataclass(slots=True)
class _Current:
    """The segment that is appended to."""

    path: Path
    file: SegmentFile
    first: int
    last: int = -1
    size: int = 0

    def append(self, entry: Sequence[bytes]) -> None:
        """Write an entry, with the header before the first one."""
        pieces = [memoryview(p) for p in (entry if self.size else (HEADER, *entry)) if p]
        size = sum(map(len, pieces))
        while pieces:
            written = self.file.write_pieces(pieces[:MAX_PIECES])
            done = 0
            while done < len(pieces) and written >= len(pieces[done]):
                written -= len(pieces[done])
                done += 1
            del pieces[:done]
            if written:  # a disk that is about to be full takes a part
                pieces[0] = pieces[0][written:]
        self.size += size

    def cut(self) -> None:
        """Cut off what a failed append left."""
        with suppress(OSError):
            self.file.truncate(self.size)


def _lock(folder: Path) -> IO[bytes]:
    file = (folder / _LOCK).open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise JournalError(
            f"{folder}: the journal is open already; end the process that has it"
        ) from None
    return file


def _numbered(folder: Path) -> dict[int, Path]:
    """Return the segments, those kept as damaged too, by their numbers."""
    found = ((_SEGMENT.fullmatch(path.name), path) for path in folder.iterdir())
    return {int(match[1]): path for match, path in found if match}
