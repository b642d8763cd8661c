"""Columns as small numbers: equal values have equal codes, so that Arrow can compare rows."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

_MOST = 2**62
"""Combined codes stay below it, within Arrow's 64 bits."""


class Codes:
    """One column: a code per row, and the value of each code."""

    def __init__(self, numbers: pa.Array, size: int, values: Callable[[], list[Any]]) -> None:
        """Take codes below `size`; `values` is only called if a value is asked for."""
        self.numbers, self.size, self._values = numbers, size, values

    @cached_property
    def values(self) -> list[Any]:
        """The values by code."""
        return self._values()

    def at(self, rows: pa.Array) -> list[Any]:
        """Return the values of some rows."""
        values = self.values
        if self.size == 1:
            return values * len(rows)
        return [values[code] for code in numbers_of(self.numbers.take(rows))]


def encode(column: pa.Array) -> Codes:
    """Return a column's codes; null is a value too."""
    encoded = pc.dictionary_encode(column, null_encoding="encode")
    return Codes(encoded.indices, len(encoded.dictionary), encoded.dictionary.to_pylist)


def encode_as(column: pa.Array, read: Callable[[Any], Any]) -> Codes:
    """Return the codes of what is read of each of a column's values."""
    codes = encode(column)
    return _joined(codes.numbers, [read(value) for value in codes.values])


def encode_both(one: pa.Array, other: pa.Array, read: Callable[[Any, Any], Any]) -> Codes:
    """Return the codes of what is read of each pair of values of two columns."""
    columns = [encode(one), encode(other)]
    numbers = combine(columns, len(one))
    first = first_rows(numbers)
    return _joined(numbers, list(map(read, *(column.at(first) for column in columns))))


def _joined(numbers: pa.Array, values: list[Any]) -> Codes:
    """Give equal values equal codes."""
    known: dict[Any, int] = {}
    codes = pa.array([known.setdefault(value, len(known)) for value in values], pa.int32())
    return Codes(codes.take(numbers), len(known), lambda: list(known))


def combine(columns: Sequence[Codes], length: int, rows: pa.Array | None = None) -> pa.Array:
    """Return a number per row, equal for rows that are equal in all columns; from 0 on, dense.

    They count up in the order of first appearance.

    Args:
        columns: the columns.
        length: how many rows there are.
        rows: positions of the rows that count; None for all.
    """
    total, size = None, 1
    for column in columns:
        if column.size == 1:
            continue
        numbers = column.numbers if rows is None else column.numbers.take(rows)
        if total is None:
            total, size = numbers, column.size
            continue
        if size * column.size > _MOST:
            encoded = pc.dictionary_encode(total)
            total, size = encoded.indices, len(encoded.dictionary)
        total = pc.add(pc.multiply(total.cast(pa.int64()), column.size), numbers)
        size *= column.size
    if total is None:
        return pa.repeat(pa.scalar(0, pa.int32()), length if rows is None else len(rows))
    return pc.dictionary_encode(total).indices


def first_rows(numbers: pa.Array) -> pa.Array:
    """Return where each of the numbers of `combine` first appears."""
    if not len(numbers):
        return pa.array([], pa.int64())
    highest = pc.cumulative_max(numbers)
    new = pc.not_equal(highest[1:], highest[:-1])
    rises = pc.add(pc.indices_nonzero(new).cast(pa.int64()), 1)
    return pa.concat_arrays([pa.array([0], pa.int64()), rises])


def numbers_of(array: pa.Array) -> list[int]:
    """Return integers without nulls as Python's, ten times as fast as Arrow does."""
    data = memoryview(array.buffers()[1])
    if array.type == pa.int32():
        numbers = data.cast("i")
    else:
        numbers = data.cast("Q" if array.type == pa.uint64() else "q")
    return numbers[array.offset : array.offset + len(array)].tolist()
