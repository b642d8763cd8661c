"""Sources that never end: rows one after the other, each with the place behind it.

A place is a small JSON value. A producer keeps it with the rows, and asks for the rows behind it
after a restart: the same rows come again, in the same order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from producers.sources import ChargeRow, RejectedRow


@dataclass(frozen=True, slots=True)
class Item:
    """A row, and where its source stands after it; None where it cannot be read again."""

    row: ChargeRow | RejectedRow
    position: Any


class Stream(Protocol):
    """A source of rows without an end."""

    @property
    def name(self) -> str:
        """How people call it."""
        ...

    @property
    def kind(self) -> str:
        """Which mapper made its events, as their envelope says."""
        ...

    @property
    def mapper_version(self) -> str:
        """The mapper's version."""
        ...

    def items(self, position: Any) -> Iterator[Item | None]:
        """Yield the rows behind a place; None where there is nothing for now.

        Args:
            position: what an earlier item said; None begins at the beginning.

        Raises:
            SourceError: it cannot be read, or the place is not one of its.
        """
        ...
