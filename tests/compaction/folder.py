"""Objects that are plain files, for one process: what a query engine reads, without a server."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from infra.local.store import DirectoryStore
from transforms.compaction.ports import ChangedError, Stored


class FolderObjects:
    """The files of a folder; an ETag is a size and a time of modification.

    Args:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._store = DirectoryStore(root)
        self.bytes_read = self.bytes_written = 0

    def list(self, prefix: str) -> Iterator[Stored]:
        """Yield the files under a prefix."""
        for info in self._store.list(prefix):
            status = (self._root / info.key).stat()
            modified = datetime.fromtimestamp(status.st_mtime, UTC)
            yield Stored(info.key, info.size, _etag(status), modified)

    def read(self, key: str) -> tuple[bytes, str]:
        """Return bytes and ETag."""
        body = self._store.get(key)
        return body, _etag((self._root / key).stat())

    def download(self, key: str, etag: str, path: Path) -> None:
        """Copy a file."""
        if not self._is(key, etag):
            raise ChangedError(key)
        shutil.copyfile(self._root / key, path)
        self.bytes_read += path.stat().st_size

    def upload(self, path: Path, key: str) -> str:
        """Copy a file."""
        target = self._root / key
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        self.bytes_written += path.stat().st_size
        return _etag(target.stat())

    def create(self, key: str, body: bytes) -> str | None:
        """Write where there is nothing."""
        return None if (self._root / key).exists() else self._put(key, body)

    def replace(self, key: str, body: bytes, etag: str) -> str | None:
        """Write over what is known."""
        return self._put(key, body) if self._is(key, etag) else None

    def remove(self, key: str, etag: str) -> bool:
        """Delete what is known."""
        if (self._root / key).exists() and not self._is(key, etag):
            return False
        self._store.delete(key)
        return True

    def _put(self, key: str, body: bytes) -> str:
        self._store.put(key, body)
        self.bytes_written += len(body)
        return _etag((self._root / key).stat())

    def _is(self, key: str, etag: str) -> bool:
        path = self._root / key
        return path.exists() and _etag(path.stat()) == etag


def _etag(status: os.stat_result) -> str:
    return f'"{status.st_size}-{status.st_mtime_ns}-{status.st_ino}"'
