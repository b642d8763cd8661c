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
        self._column = column
        self._starts, self._ends = column.offsets[:-1], column.offsets[1:]

    @cached_property
    def _keys(self) -> Codes:
        return encode(self._column.keys)

    def lengths(self) -> pa.Array:
        """Return how many entries each map has, null where there is no map."""
        lengths = pc.subtract(self._ends, self._starts)
        return pc.if_else(self._column.is_valid(), lengths, pa.scalar(None, pa.int32()))

    def value(self, key: str) -> Codes:
        """Return the codes of each map's value of a key, None where it does not have it."""
        try:
            matches = pc.equal(self._keys.numbers, self._keys.values.index(key))
        except ValueError:
            matches = pa.repeat(pa.scalar(False), len(self._column.keys))
        values = encode(self._column.items.filter(matches))
        has = self._sums(matches.cast(pa.int64()))
        numbers = pc.replace_with_mask(
            pa.repeat(pa.scalar(0, pa.int64()), len(self._column)),
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
        owners = self._owners()
        pairs = combine([encode(owners), self._keys], len(owners))
        if len(first_rows(pairs)) == len(pairs):
            return []
        counts = pc.value_counts(pairs)
        twice = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
        found: list[int] = owners.filter(pc.is_in(pairs, twice)).to_pylist()
        return found

    def _owners(self) -> pa.Array:
        keys = self._column.keys
        lists = pa.Array.from_buffers(
            pa.list_(keys.type),
            len(self._column),
            self._column.buffers()[:2],
            offset=self._column.offset,
            children=[keys],
        )
        return pc.list_parent_indices(lists)

    def sets(self) -> Codes:
        """Return the codes of whole maps: equal if they have the same pairs in the same order.

        Their values are tuples of pairs, and None.
        """
        columns = [self._keys, encode(self._column.items)]
        pairs = combine(columns, len(self._column.keys))
        first = first_rows(pairs)
        texts = list(zip(*(column.at(first) for column in columns), strict=True))
        numbers, offsets = numbers_of(pairs), numbers_of(self._column.offsets)
        spans = zip(self._column.is_valid().to_pylist(), offsets[:-1], offsets[1:], strict=True)
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
