"""Remembers of each object what a plain file cannot hold: its ETag, content type and metadata.

One file of JSON lines a bucket, beside the tree of objects. A line names the file it speaks of by
size and time of modification, so a line without its file, and a file without its line, are both
harmless: properties are then computed or the defaults. The last line of an object counts.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Lock


@dataclass(frozen=True, slots=True)
class Written:
    """A file as it was written: size in bytes, modification time in nanoseconds."""

    size: int
    mtime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> "Written":
        """Return what identifies the file of this status."""
        return cls(status.st_size, status.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class Properties:
    """What S3 knows of an object beside its bytes; `metadata` includes the content type."""

    key: str
    written: Written
    etag: str
    metadata: Mapping[str, str] = field(default_factory=dict)


class PropertyLog:
    """The lines of one bucket.

    Args:
        path: the file; it and its folder are made when first needed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()

    def load(self, files: Mapping[str, Written]) -> dict[str, Properties]:
        """Return the properties of the files that are there, and forget those of others."""
        known: dict[str, Properties] = {}
        lines = 0
        for line in self._lines():
            lines += 1
            properties = _parse(line)
            if properties and files.get(properties.key) == properties.written:
                known[properties.key] = properties
        if lines > 2 * len(known) + 100:
            self._replace(known.values())
        return known

    def add(self, properties: Properties, *, durable: bool) -> None:
        """Append a line; `durable` waits until it is on disk, which an ETag alone is not worth."""
        line = json.dumps(asdict(properties)).encode() + b"\n"
        with self._lock:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                file.write(line)
                file.flush()
                if durable:
                    os.fsync(file.fileno())

    def drop(self) -> None:
        """Forget everything; the bucket is gone."""
        self._path.unlink(missing_ok=True)

    def _lines(self) -> Iterable[bytes]:
        try:
            return self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return ()

    def _replace(self, known: Iterable[Properties]) -> None:
        new = self._path.with_suffix(".new")
        with new.open("wb") as file:
            file.writelines(json.dumps(asdict(p)).encode() + b"\n" for p in known)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)


def _parse(line: bytes) -> Properties | None:
    """Return the line's properties, None for a line that a crash cut off."""
    try:
        value = json.loads(line)
        return Properties(
            value["key"], Written(**value["written"]), value["etag"], value["metadata"]
        )
    except (ValueError, TypeError, KeyError):
        return None
