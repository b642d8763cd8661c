"""Lines of JSON from a file that somebody else appends to, as `tail -F` follows it.

The file may be rotated: renamed, with a new one in its place. What the old one still had is read
first, also when the rotation happened while nobody followed, as long as it lies in the same folder.
"""

import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from producers.errors import SourceError
from producers.sources.focus import MAPPER_VERSION
from producers.sources.focus_object import FocusObjects
from producers.streams import Item
from producers.streams.lines import Lines

_PIECE = 1 << 16
_HEAD_BYTES = 256
"""How much of its first line tells a file from a later one that got the same inode."""


class FollowedFile:
    """One FOCUS-shaped object a line.

    Args:
        path: the file; it may come later.
        objects: maps the lines.
        note: told of what a person should know, such as a file that was cut.
    """

    kind = "focus"
    mapper_version = MAPPER_VERSION

    def __init__(
        self, path: Path, objects: FocusObjects, note: Callable[[str], None] = lambda text: None
    ) -> None:
        self.name = path.name
        self._path = path
        self._objects = objects
        self._note = note

    def items(self, position: Any) -> Iterator[Item | None]:
        """Yield a row for each whole line, for ever; None while nothing is appended.

        Raises:
            SourceError: the file may not be read, or the place is another source's.
        """
        at = _Place()
        file: BinaryIO | None = None
        if position is not None:
            at = _place(position, self._path)
            file = self._reopened(at)
            if file is None:
                at = _Place()
        waited = False
        while True:
            while file is None:
                file = self._opened()
                if file is None:
                    if not waited:
                        self._note(f"{self._path}: is not there; waiting for it")
                    waited = True
                    yield None
            with file:
                yield from self._lines(file, at)
            file, at = None, _Place()

    def _lines(self, file: BinaryIO, at: "_Place") -> Iterator[Item | None]:
        """Yield the rows of one file until another one has its name, or it was cut."""
        inode = os.fstat(file.fileno()).st_ino
        offset, number, head = at.offset, at.line, at.head
        file.seek(offset)
        lines = Lines()
        rotated = False
        while True:
            data = file.read(_PIECE)
            # Only after the new file was seen is the old one surely at its end.
            ended = rotated and not data
            for line, size in lines.rest() if ended else lines.feed(data):
                number += 1
                offset += size
                head = head or _head(line)
                if line.strip():
                    place = _Place(inode, offset, number, head)
                    position = {name: getattr(place, name) for name in place.__slots__}
                    yield Item(self._objects.map_line(0, number, line), position)
            if ended:
                return
            if not data:
                if os.fstat(file.fileno()).st_size < offset + lines.begun:
                    self._note(f"{self._path}: was cut; it is read from its beginning")
                    return
                rotated = self._is_rotated(inode)
                if not rotated:
                    yield None

    def _is_rotated(self, inode: int) -> bool:
        try:
            return self._path.stat().st_ino != inode
        except FileNotFoundError:
            return False  # Renamed, and its successor is not there yet.

    def _opened(self) -> BinaryIO | None:
        try:
            return self._path.open("rb")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SourceError(
                f"{self._path}: cannot be read ({error.strerror}); check its permissions"
            ) from error

    def _reopened(self, at: "_Place") -> BinaryIO | None:
        """Return the file that was being read, under whatever name it has in its folder now."""
        here = sorted(self._path.parent.iterdir()) if self._path.parent.is_dir() else []
        for path in [self._path, *here]:
            try:
                if path.is_file() and path.stat().st_ino == at.inode:
                    file = path.open("rb")
                    if _head(file.readline(_HEAD_BYTES)) == at.head:
                        return file
                    file.close()
            except OSError:
                continue
        self._note(
            f"{self._path}: the file that was read last is not in its folder any more; lines it "
            "got since are not read: look for it, and give it to: finops produce"
        )
        return None


@dataclass(frozen=True, slots=True)
class _Place:
    """Behind a line of a file."""

    inode: int = 0
    offset: int = 0
    line: int = 0
    head: int = 0
    """Checksum of how the file begins; 0 where nothing was read of it."""


def _head(line: bytes) -> int:
    return zlib.crc32(line.rstrip(b"\r\n")[: _HEAD_BYTES - 2]) or 1


def _place(position: Any, path: Path) -> _Place:
    try:
        return _Place(**position)
    except TypeError as error:
        raise SourceError(
            f"{path}: this producer's name belongs to another source; choose another --name"
        ) from error
