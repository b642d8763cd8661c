"""Records decoded together, in the order of their partitions, all proven to be usual.

What the row path would refuse or rewrite is unusual here: it decides, this only tells apart.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import cache
from itertools import groupby

import pyarrow as pa
import pyarrow.compute as pc

from infra.replay.codes import numbers_of
from infra.replay.decoding import decode, events_of
from infra.replay.maps import Maps
from schemas.codec import Member
from schemas.lake import is_date, is_month
from schemas.tables import AMOUNTS

Partition = tuple[str, str]
"""Billing period and charge date."""

_CANONICAL = "^(0|-?([1-9][0-9]{0,25}([.][0-9]{0,11}[1-9])?|0[.][0-9]{0,11}[1-9]))$"
"""An amount as `schemas.amounts` writes it, which the row path keeps as it is."""
_MICROS = timedelta(microseconds=1)
_EPOCH = date(1970, 1, 1)


class Batch:
    """Decoded records, one partition after the other."""

    def __init__(self, records: pa.RecordBatch) -> None:
        """Take records that are sorted by charge date and billing period."""
        self.records = records
        self.events: pa.StructArray = events_of(records)
        self.ends = numbers_of(records.column("events").offsets)[1:]
        """Where the events of each record end."""
        self._amounts: dict[str, pa.DictionaryArray] = {}
        self._parents = pc.list_parent_indices(records.column("events"))

    def of_events(self, name: str) -> pa.Array:
        """Return a column of the envelope, repeated for each of its events."""
        return self.records.column(name).take(self._parents)

    def partitions(self) -> Iterator[tuple[Partition, int, int]]:
        """Yield each partition, and from which event to which it lasts."""
        columns = (self.records.column(name) for name in ("billing_period", "charge_date"))
        each = zip(*(column.to_pylist() for column in columns), self.ends, strict=True)
        start = 0
        for partition, records in groupby(each, key=lambda record: record[:2]):
            *_, (_, _, end) = records
            yield partition, start, end
            start = end

    def unusual(self) -> set[int]:
        """Return the positions of records that the row path has to answer."""
        rows = [*self._strangers(), *self._odd_amounts(), *self._repeated_keys()]
        return {bisect_right(self.ends, row) for row in rows} | self._empty()

    def _empty(self) -> set[int]:
        starts = [0, *self.ends[:-1]]
        pairs = zip(starts, self.ends, strict=True)
        return {record for record, (start, end) in enumerate(pairs) if start == end}

    def _strangers(self) -> Iterator[int]:
        """Yield events outside of their record's partition."""
        for (period, day), start, end in self.partitions():
            allowed = _day(day), _month(period)
            for limits, name in zip(
                allowed, ("charge_period_start", "billing_period_start"), strict=True
            ):
                times = self.events.field(name).slice(start, end - start).view(pa.int64())
                if limits is None:
                    yield from range(start, end)
                elif len(times):
                    outside = pc.or_(pc.less(times, limits[0]), pc.greater_equal(times, limits[1]))
                    yield from (start + row for row in _where(outside))

    def amounts(self, name: str) -> pa.DictionaryArray:
        """Return a column of amounts, each distinct text once."""
        if name not in self._amounts:
            self._amounts[name] = pc.dictionary_encode(self.events.field(name))
        return self._amounts[name]

    def _odd_amounts(self) -> Iterator[int]:
        for name in AMOUNTS:
            amounts = self.amounts(name)
            canonical = pc.match_substring_regex(amounts.dictionary, _CANONICAL)
            if not pc.all(canonical).as_py():
                yield from _where(pc.invert(canonical.take(amounts.indices)))

    def _repeated_keys(self) -> Iterator[int]:
        """Yield events with a map that has a key twice: the row path keeps the last one."""
        for field in self.events.type:
            column = self.events.field(field.name)
            if pa.types.is_map(field.type) and column.null_count < len(column):
                yield from Maps(column).repeated()


def batches(members: Sequence[Member], unusual: list[Member]) -> Iterator[Batch]:
    """Yield members decoded, in one batch as a rule; those not usual are added to `unusual`."""
    if not members:
        return
    records = decode([member.message for member in members])
    if records is None:
        # One of them is to blame; halves find it.
        if len(members) == 1:
            unusual.extend(members)
            return
        half = len(members) // 2
        yield from batches(members[:half], unusual)
        yield from batches(members[half:], unusual)
        return
    batch = Batch(records)
    strange = batch.unusual()
    if not strange:
        yield batch
        return
    unusual.extend(members[record] for record in sorted(strange))
    yield from batches([m for n, m in enumerate(members) if n not in strange], unusual)


def _where(mask: pa.Array) -> list[int]:
    return numbers_of(pc.indices_nonzero(mask)) if pc.any(mask).as_py() else []


@cache
def _day(text: str) -> tuple[int, int] | None:
    """Return the microseconds at which a charge date begins and ends; None if it is not one."""
    try:
        day = date.fromisoformat(text) if is_date(text) else None
    except ValueError:
        day = None
    return None if day is None else _span(day, day + timedelta(days=1))


@cache
def _month(text: str) -> tuple[int, int] | None:
    if not is_month(text):
        return None
    first = date.fromisoformat(f"{text}-01")
    return _span(first, (first + timedelta(days=31)).replace(day=1))


def _span(start: date, end: date) -> tuple[int, int]:
    return (start - _EPOCH) // _MICROS, (end - _EPOCH) // _MICROS
