"""Buffering by size and time: the one mechanism before the Lambda, a partition and the backup."""

import sys
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

NOTHING = sys.maxsize
"""The lowest sequence of no items: higher than any."""


class Numbered(Protocol):
    """An item that knows which accepted record it comes from."""

    @property
    def sequence(self) -> int:
        """The number of the record."""
        ...


T = TypeVar("T", bound=Numbered)


@dataclass(frozen=True, slots=True)
class Hints:
    """Buffering hints: bytes, and the time since the first item of a batch."""

    size: int
    interval: timedelta


class Buffer(Generic[T]):
    """Collects items into batches; a closed batch stays until it was delivered.

    A batch closes before an item would push it over the size hint, so only a single item can be
    larger than the hint.
    """

    def __init__(self, hints: Hints) -> None:
        self._hints = hints
        self._open: list[T] = []
        self._size = 0
        self._opened: datetime | None = None
        self._lowest = NOTHING
        self._closed: deque[tuple[list[T], int, datetime]] = deque()
        self.failing_since: datetime | None = None
        """When the oldest batch could not be delivered for the first time."""

    def add(self, item: T, size: int, now: datetime) -> None:
        """Add one item of `size` bytes."""
        if self._size + size > self._hints.size:
            self.close()
        if self._opened is None:
            self._opened = now
        self._open.append(item)
        self._lowest = min(self._lowest, item.sequence)
        self._size += size
        if self._size >= self._hints.size:
            self.close()

    def close(self) -> None:
        """Close the open batch, whatever its size or age."""
        if self._opened is not None:
            self._closed.append((self._open, self._lowest, self._opened))
        self._open, self._size, self._opened, self._lowest = [], 0, None, NOTHING

    def close_due(self, now: datetime) -> None:
        """Close the open batch if its interval has passed."""
        if self._opened is not None and now - self._opened >= self._hints.interval:
            self.close()

    def oldest(self) -> list[T] | None:
        """Return the oldest closed batch and keep it: call `delivered` once it is safe."""
        return self._closed[0][0] if self._closed else None

    def delivered(self) -> None:
        """Forget the oldest closed batch."""
        self._closed.popleft()
        self.failing_since = None

    def drain(self) -> list[tuple[T, datetime]]:
        """Remove all that is waiting, oldest first, each with the moment its batch was begun."""
        self.close()
        items = [(item, opened) for batch, _, opened in self._closed for item in batch]
        self._closed.clear()
        return items

    @property
    def lowest(self) -> int:
        """The lowest sequence of all that is waiting; `NOTHING` when nothing is."""
        return min([self._lowest, *(lowest for _, lowest, _ in self._closed)])

    @property
    def empty(self) -> bool:
        """Whether nothing at all is waiting."""
        return not (self._open or self._closed)
