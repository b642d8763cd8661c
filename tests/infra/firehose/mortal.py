"""Files and stores that fail on purpose: a full disk, and a process killed in the middle of it."""

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.local.firehose.file_journal import SegmentFile
from infra.local.store import MemoryStore


class KilledError(BaseException):
    """Stands for SIGKILL: no handler of the code under test stops it."""


@dataclass
class Disk:
    """How many more bytes files take; None for a disk without an end."""

    room: int | None = None
    error: type[BaseException] = OSError
    """`OSError`: the disk is full. `KilledError`: the process ends there."""
    cuts: bool = True
    """Whether what was half written can be cut off afterwards."""

    def create(self, path: Path) -> SegmentFile:
        """Make a file on this disk."""
        return _File(path, self)


class _File(SegmentFile):
    def __init__(self, path: Path, disk: Disk) -> None:
        super().__init__(path)
        self._disk = disk

    def write_pieces(self, pieces: Sequence[memoryview]) -> int:
        """Write what there is room for; without any, fail."""
        disk = self._disk
        if disk.room is None:
            return super().write_pieces(pieces)
        if disk.room == 0:
            raise disk.error(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = self.write(b"".join(pieces)[: disk.room])
        disk.room -= written
        return written

    def truncate(self, size: int | None = None) -> int:
        """Cut the file, where that works."""
        if not self._disk.cuts:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return super().truncate(size)


class MortalStore(MemoryStore):
    """A store whose n-th put from now fails, before or after the object is in.

    Attributes:
        puts: the number of the put that fails; None for none.
        stored: whether that put still stores its object.
        error: what it raises; at `KilledError` the process ends there.
    """

    def __init__(self) -> None:
        super().__init__()
        self.puts: int | None = None
        self.stored = False
        self.error: type[BaseException] = KilledError

    def put(self, key: str, body: bytes) -> None:
        """Store, or fail."""
        if self.puts is None:
            super().put(key, body)
        elif self.puts > 1:
            self.puts -= 1
            super().put(key, body)
        else:
            if self.stored:
                super().put(key, body)
            self.puts = None
            raise self.error
