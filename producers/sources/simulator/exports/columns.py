"""What an exported table is: columns of four kinds, and rows of cells in their order."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from producers.sources import ChargeRow, Value

Kind = Literal["text", "number", "time", "map"]

Hours = Iterable[Iterable[ChargeRow]]
"""The rows of a bill, as they became known hour by hour."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Cells of every kind but `map` are texts, a number with all its digits and a time as
    `2026-09-01T00:00:00Z`, so that a writer decides how a file spells them.
    """

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Table:
    """A bill in the columns of one kind of export."""

    columns: tuple[Column, ...]
    rows: Callable[[Hours], Iterator[Sequence[Value]]]
    """Turns a bill into rows, hour by hour; holds no more than an hour of it."""
