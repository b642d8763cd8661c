"""What a compaction needs from outside: objects with conditions, rows in files, the queries."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from transforms.compaction.verification import Figures


@dataclass(frozen=True, slots=True)
class Stored:
    """One object as a listing shows it."""

    key: str
    size: int
    etag: str
    modified: datetime
    """Aware."""


class ChangedError(Exception):
    """An object is gone, or no longer the one that was listed; never shown to a person."""


class Objects(Protocol):
    """The lake, with S3's conditional requests: whoever comes second is told so."""

    def list(self, prefix: str) -> Iterator[Stored]:
        """Yield the objects whose key begins with `prefix`, in key order."""
        ...

    def read(self, key: str) -> tuple[bytes, str]:
        """Return an object's bytes and its ETag; raise `KeyError` when there is none."""
        ...

    def download(self, key: str, etag: str, path: Path) -> None:
        """Copy an object into a file; raise `ChangedError` unless it has this ETag."""
        ...

    def upload(self, path: Path, key: str) -> str:
        """Store a file as an object, whole or not at all; return its ETag."""
        ...

    def create(self, key: str, body: bytes) -> str | None:
        """Store an object where there is none; return its ETag, None where there is one."""
        ...

    def replace(self, key: str, body: bytes, etag: str) -> str | None:
        """Replace an object that has this ETag; return the new one, None where it changed."""
        ...

    def remove(self, key: str, etag: str) -> bool:
        """Delete an object that has this ETag; False where it is another, True where it is gone."""
        ...


class Rows(Protocol):
    """What is in files of charge rows; every path is a file of this machine."""

    def figures(self, files: Sequence[Path]) -> Figures:
        """Read files and return what they hold, copies of a row counted once.

        Raises:
            UnfitError: a file cannot be read, or has columns that are not the lake's.
        """
        ...

    def rewrite(self, files: Sequence[Path], current: Collection[str], folder: Path) -> list[Path]:
        """Write the rows of files into as few files as sensible, each row once, sorted.

        Args:
            files: what is read.
            current: the deliveries the partition is read from now. Rows of others, except of those
                that append, get files of their own.
            folder: where the new files are written.
        """
        ...


class UnfitError(Exception):
    """Files that must be left as they are; the text says why."""
