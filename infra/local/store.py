"""Two homes for the lake's objects: plain files under a folder, and memory.

Both are `schemas.lake.ObjectStore` and pass one contract suite. Both refuse the same keys, so that
nothing works in memory that would not work on disk.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from schemas.lake import ObjectInfo

INCOMING = ".incoming"
"""The hidden folder of half-written files; on the root's own file system, so a rename is atomic."""

MAX_KEY_BYTES = 1024
"""S3 user guide, "Naming Amazon S3 objects"."""
MAX_SEGMENT_BYTES = 255
"""The longest file name of the usual file systems; S3 itself has no such limit."""


def check_key(key: str) -> None:
    """Refuse a key that could leave the store's root or that a file system cannot hold.

    Raises:
        ValueError: the key is absolute, too long, reserved, or has an empty, `.` or `..` segment,
            a NUL or a lone surrogate.
    """
    segments = key.split("/")
    sizes = [len(segment.encode()) for segment in segments]  # UnicodeEncodeError is a ValueError
    if (
        "\0" in key
        or not {"", ".", ".."}.isdisjoint(segments)
        or segments[0] == INCOMING
        or max(sizes) > MAX_SEGMENT_BYTES
        or sum(sizes) + len(sizes) - 1 > MAX_KEY_BYTES
    ):
        raise ValueError(f"not a storable key: {key!r}")


class MemoryStore:
    """Objects in a dictionary; gone with the process."""

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield the objects under `prefix` as they were when the listing began, in key order."""
        for key, body in sorted(self._objects.copy().items()):
            if key.startswith(prefix):
                yield ObjectInfo(key, len(body))

    def get(self, key: str) -> bytes:
        """Return the object's bytes; raise `KeyError` when there is none."""
        return self._objects[key]

    def put(self, key: str, body: bytes) -> None:
        """Store the object; raise `ValueError` for a key that `check_key` refuses."""
        check_key(key)
        self._objects[key] = bytes(body)

    def delete(self, key: str) -> None:
        """Remove the object if it is there."""
        self._objects.pop(key, None)


class DirectoryStore:
    """Each object is a plain file at `root/key`.

    A put is written beside, synced and renamed, so a reader or a crash sees the old object or the
    new one, and what a put returned from is on disk. Unlike S3, a key cannot also be the folder of
    another key.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._incoming = root / INCOMING

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield the objects under `prefix` in key order, without what is still being written."""
        folder, _, _ = prefix.rpartition("/")
        if folder:
            try:
                check_key(folder)
            except ValueError:
                return
        yield from self._walk(folder + "/" if folder else "", prefix)

    def get(self, key: str) -> bytes:
        """Return the object's bytes; raise `KeyError` when there is none."""
        try:
            return self._path(key).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError, ValueError):
            raise KeyError(key) from None

    def put(self, key: str, body: bytes) -> None:
        """Store the object, atomically and durably.

        Raises:
            ValueError: `check_key` refuses the key, or part of it is a folder or a file already.
        """
        path = self._path(key)
        try:
            self._make_folder(self._incoming)
            self._make_folder(path.parent)
            self._write(path, body)
        except (FileExistsError, IsADirectoryError, NotADirectoryError):
            raise ValueError(f"a key cannot also be the folder of another: {key!r}") from None

    def delete(self, key: str) -> None:
        """Remove the object if it is there; its folders stay."""
        try:
            path = self._path(key)
            path.unlink()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError, ValueError):
            return
        _sync(path.parent)

    def _path(self, key: str) -> Path:
        check_key(key)
        return self._root / key

    def _write(self, path: Path, body: bytes) -> None:
        descriptor, name = tempfile.mkstemp(dir=self._incoming)
        half = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            half.replace(path)
        except BaseException:
            half.unlink(missing_ok=True)
            raise
        _sync(path.parent)

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        self._make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync(folder.parent)

    def _walk(self, folder: str, prefix: str) -> Iterator[ObjectInfo]:
        try:
            with os.scandir(self._root / folder) as entries:
                names = sorted(e.name + "/" if e.is_dir() else e.name for e in entries)
        except (FileNotFoundError, NotADirectoryError):
            return
        # A folder sorts with its slash, as its keys do: "a-b" comes before "a/b".
        for key in (folder + name for name in names):
            if key == INCOMING + "/":
                continue
            if key.endswith("/"):
                if key.startswith(prefix) or prefix.startswith(key):
                    yield from self._walk(key, prefix)
            elif key.startswith(prefix):
                try:
                    yield ObjectInfo(key, (self._root / key).stat().st_size)
                except FileNotFoundError:
                    continue  # deleted since the folder was read


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
