"""Columns of maps: Arrow asks each map for a key one by one; here all entries are asked at once."""

from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from infra.replay.codes import Codes, combine, encode, encode_both, first_rows, numbers_of

_MOST_BITS = 63
"""Keys that one number can count by its bits."""


class Maps:
    """A column of maps of texts. No map has a key twice, or `repeated` says which have."""

    def __init__(self, column: pa.MapArray) -> None:
        """Take a column; nothing is encoded yet."""
        offsets = column.offsets
        first, last = offsets[0].as_py(), offsets[-1].as_py()
        self._there = column.is_valid()
        # Of a slice, Arrow gives the entries of the whole.
        self._keys_column = column.keys.slice(first, last - first)
        self._items = column.items.slice(first, last - first)
        self._offsets = pc.subtract(offsets, pa.scalar(first, pa.int32()))
        self._starts, self._ends = self._offsets[:-1], self._offsets[1:]

    @cached_property
    def _keys(self) -> Codes:
        return encode(self._keys_column)

    def lengths(self) -> pa.Array:
        """Return how many entries each map has, null where there is no map."""
        lengths = pc.subtract(self._ends, self._starts)
        return pc.if_else(self._there, lengths, pa.scalar(None, pa.int32()))

    def value(self, key: str) -> Codes:
        """Return the codes of each map's value of a key, None where it does not have it."""
        try:
            matches = pc.equal(self._keys.numbers, self._keys.values.index(key))
        except ValueError:
            matches = pa.repeat(pa.scalar(False), len(self._keys_column))
        values = encode(self._items.filter(matches))
        has = self._sums(matches.cast(pa.int64()))
        numbers = pc.replace_with_mask(
            pa.repeat(pa.scalar(0, pa.int64()), len(self._there)),
            pc.greater(has, 0),
            pc.add(values.numbers.cast(pa.int64()), 1),
        )
        return Codes(numbers, values.size + 1, lambda: [None, *values.values])

    def repeated(self) -> list[int]:
        """Return the positions of maps that have a key twice."""
        if self._keys.size > _MOST_BITS:
            return self._repeated_of_many()
        # Powers of two add up to as many bits as there are of them, or else one is there twice.
        powers = pa.array([1 << code for code in range(self._keys.size)], pa.int64())
        sums = self._sums(powers.take(self._keys.numbers))
        lengths = pc.subtract(self._ends, self._starts)
        twice = encode_both(sums, lengths, lambda s, n: (s % 2**64).bit_count() != n)
        if True not in twice.values:
            return []
        return numbers_of(pc.indices_nonzero(pc.equal(twice.numbers, twice.values.index(True))))

    def _repeated_of_many(self) -> list[int]:
        lists = pa.ListArray.from_arrays(self._offsets, self._keys_column)
        owners = pc.list_parent_indices(lists)
        pairs = combine([encode(owners), self._keys], len(owners))
        if len(first_rows(pairs)) == len(pairs):
            return []
        counts = pc.value_counts(pairs)
        twice = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
        found: list[int] = owners.filter(pc.is_in(pairs, twice)).to_pylist()
        return found

    def sets(self) -> Codes:
        """Return the codes of whole maps: equal if they have the same pairs in the same order.

        Their values are tuples of pairs, and None.
        """
        columns = [self._keys, encode(self._items)]
        pairs = combine(columns, len(self._items))
        first = first_rows(pairs)
        texts = list(zip(*(column.at(first) for column in columns), strict=True))
        numbers, offsets = numbers_of(pairs), numbers_of(self._offsets)
        spans = zip(self._there.to_pylist(), offsets[:-1], offsets[1:], strict=True)
        known: dict[tuple[int, ...] | None, int] = {}
        codes = [
            known.setdefault(tuple(numbers[start:end]) if there else None, len(known))
            for there, start, end in spans
        ]

        def values() -> list[Any]:
            return [s if s is None else tuple(texts[code] for code in s) for s in known]

        return Codes(pa.array(codes, pa.int32()), len(known), values)

    def _sums(self, numbers: pa.Array) -> pa.Array:
        """Add a number of each entry up by map, modulo 2^64."""
        zero = pa.array([0], pa.int64())
        running = pa.concat_arrays([zero, pc.cumulative_sum(numbers)])
        return pc.subtract(running.take(self._ends), running.take(self._starts))
