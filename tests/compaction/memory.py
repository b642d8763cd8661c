"""A lake of one partition in memory: objects with conditions, rows as JSON lines, and the views.

What the real parts do with S3, Parquet and Athena is done here in microseconds, so that thousands
of schedules can be told.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import orjson

from schemas.lake import charges_partition
from schemas.tables import CHARGES_STORED
from transforms.compaction.ports import ChangedError, Objects, Stored, UnfitError
from transforms.compaction.records import Partition
from transforms.compaction.verification import DeliveryFigures, Figures

PARTITION: Partition = ("v1", "2026-09", "2026-09-03")
FOLDER = f"{CHARGES_STORED.prefix}{charges_partition(*PARTITION)}/"
ROWS_A_FILE = 5
"""More than that are closed into a file of their own."""
_BILLED = ("USD", "billed_cost")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, order=True)
class Row:
    """A charge row, by what matters here."""

    delivery: str
    ordinal: int
    baseline: str = "none"
    mode: str = "overwrite"
    cost: int = 1

    @property
    def event(self) -> tuple[str, int]:
        """What it is a row of."""
        return self.delivery, self.ordinal

    @property
    def key(self) -> tuple[str, int, str]:
        """What makes two rows copies."""
        return self.delivery, self.ordinal, self.baseline


class MemoryObjects:
    """Objects in a dictionary, dated by a clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.stored: dict[str, tuple[bytes, datetime]] = {}

    def list(self, prefix: str) -> Iterator[Stored]:
        """Yield the objects as they were when the listing began."""
        for key, (body, modified) in sorted(self.stored.items()):
            if key.startswith(prefix):
                yield Stored(key, len(body), _etag(body), modified)

    def read(self, key: str) -> tuple[bytes, str]:
        """Return bytes and ETag."""
        body = self.stored[key][0]
        return body, _etag(body)

    def download(self, key: str, etag: str, path: Path) -> None:
        """Copy into a file."""
        if not self._is(key, etag):
            raise ChangedError(key)
        path.write_bytes(self.stored[key][0])

    def upload(self, path: Path, key: str) -> str:
        """Copy from a file."""
        return self.put(key, path.read_bytes())

    def put(self, key: str, body: bytes) -> str:
        """Store, whatever was there."""
        self.stored[key] = (body, self._now())
        return _etag(body)

    def create(self, key: str, body: bytes) -> str | None:
        """Store where there is nothing."""
        return None if key in self.stored else self.put(key, body)

    def replace(self, key: str, body: bytes, etag: str) -> str | None:
        """Store over what is known."""
        return self.put(key, body) if self._is(key, etag) else None

    def remove(self, key: str, etag: str) -> bool:
        """Delete what is known."""
        if key in self.stored and not self._is(key, etag):
            return False
        self.stored.pop(key, None)
        return True

    def _is(self, key: str, etag: str) -> bool:
        return key in self.stored and _etag(self.stored[key][0]) == etag


class Died(BaseException):
    """The process is gone."""


class MortalObjects:
    """Objects whose process dies before or after its n-th change.

    Args:
        objects: what is changed.
        changes: how many changes it lives for.
        after: whether the last one is done.
    """

    def __init__(self, objects: Objects, changes: int, *, after: bool) -> None:
        self._objects = objects
        self._left = changes
        self._after = after
        self.list, self.read, self.download = objects.list, objects.read, objects.download

    def upload(self, path: Path, key: str) -> str:
        """Upload, or die."""
        return self._change(lambda: self._objects.upload(path, key))

    def create(self, key: str, body: bytes) -> str | None:
        """Create, or die."""
        return self._change(lambda: self._objects.create(key, body))

    def replace(self, key: str, body: bytes, etag: str) -> str | None:
        """Replace, or die."""
        return self._change(lambda: self._objects.replace(key, body, etag))

    def remove(self, key: str, etag: str) -> bool:
        """Remove, or die."""
        return self._change(lambda: self._objects.remove(key, etag))

    def _change(self, change: Callable[[], T]) -> T:
        self._left -= 1
        if self._left < 0 and not self._after:
            raise Died
        answer = change()
        if self._left < 0:
            raise Died
        return answer


class JsonRows:
    """Rows in files of JSON lines; `wrong` spoils what is written."""

    def __init__(self, wrong: Callable[[list[Row]], list[Row]] = lambda rows: rows) -> None:
        self._wrong = wrong

    def figures(self, files: Sequence[Path]) -> Figures:
        """Count what is in files."""
        stored = [row for file in files for row in _from(file.read_bytes())]
        different = set(stored)
        rows = Counter(row.delivery for row in different)
        events = Counter(delivery for delivery, _, _ in {row.key for row in different})
        costs: dict[str, int] = defaultdict(int)
        prints: dict[str, int] = defaultdict(int)
        for row in different:
            costs[row.delivery] += row.cost
            prints[row.delivery] += int(hashlib.sha256(repr(row).encode()).hexdigest()[:16], 16)
        return Figures(
            len(stored),
            {d: DeliveryFigures(rows[d], events[d], {_BILLED: costs[d]}, prints[d]) for d in rows},
        )

    def rewrite(self, files: Sequence[Path], current: Collection[str], folder: Path) -> list[Path]:
        """Write each row once, the current ones apart from the others."""
        rows = self._wrong(sorted({row for file in files for row in _from(file.read_bytes())}))
        written: list[Path] = []
        for wanted in (True, False):
            group = [r for r in rows if (r.mode == "append" or r.delivery in current) == wanted]
            for start in range(0, len(group), ROWS_A_FILE):
                path = folder / f"new-{len(written)}"
                path.write_bytes(file_of(group[start : start + ROWS_A_FILE]))
                written.append(path)
        return written


def file_of(rows: Iterable[Row]) -> bytes:
    """Return rows as a file."""
    return b"".join(
        orjson.dumps([r.delivery, r.ordinal, r.baseline, r.mode, r.cost]) + b"\n" for r in rows
    )


def rows_in(objects: MemoryObjects, keys: Iterable[str] | None = None) -> list[Row]:
    """Return the rows of some files, or of all that a query would list now."""
    listed = [s.key for s in objects.list(FOLDER)] if keys is None else keys
    return [row for key in listed for row in _from(objects.stored[key][0])]


def charges_all(rows: Iterable[Row]) -> dict[tuple[str, int], Row]:
    """Answer as the view does: each event once, by the lowest baseline."""
    found: dict[tuple[str, int], Row] = {}
    for row in rows:
        known = found.get(row.event)
        if known is None or row.baseline < known.baseline:
            found[row.event] = row
    return found


def charges(rows: Iterable[Row], current: Collection[str]) -> dict[tuple[str, int], Row]:
    """Answer as the view does: what is true now, and what was appended."""
    return {
        event: row
        for event, row in charges_all(rows).items()
        if row.mode == "append" or row.delivery in current
    }


def _from(body: bytes) -> list[Row]:
    try:
        return [Row(*orjson.loads(line)) for line in body.splitlines()]
    except (ValueError, TypeError) as error:
        raise UnfitError("its files cannot be read") from error


def _etag(body: bytes) -> str:
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
