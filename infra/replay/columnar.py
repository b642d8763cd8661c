"""Records to rows in columns: what `row_path` gives, value for value, many times as fast.

Nothing is defined twice. A record that is usual in every respect, and proven to be, is decoded to
columns and judged by the same rule functions; any other goes through the row path.
"""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby

import pyarrow as pa

from infra.replay.batches import Batch, Partition, batches
from infra.replay.decoding import is_newest, partition_of
from infra.replay.inputs import Inputs
from infra.replay.row_path import Judged, judge_rows, lake_schema
from infra.replay.verdicts import NAMES, Verdicts
from schemas.codec import Member
from schemas.tables import AMOUNTS
from transforms.context import Context

_ENVELOPE = ("delivery_id", "delivery_mode")
"""Columns that are told once per record."""


class Columnar:
    """Judges records under one evaluation; it remembers answers from call to call."""

    def __init__(self, context: Context) -> None:
        """Judge under this evaluation."""
        self._context = context
        self._verdicts = Verdicts(context)

    def judge(self, members: Iterable[Member]) -> Judged:
        """Judge records; all of them are in memory at once, some 3 KB an event.

        Returns:
            Tables and failures as `row_path.judge_rows` gives them; the rows may stand in
            another order.
        """
        with _collected_later():
            return self._judge(members)

    def _judge(self, members: Iterable[Member]) -> Judged:
        usual: list[Member] = []
        unusual: list[Member] = []
        order: dict[int, int] = {}
        for number, member in enumerate(members):
            order[id(member)] = number
            (usual if is_newest(member.message) else unusual).append(member)
        usual.sort(key=lambda member: partition_of(member.message))
        tables: dict[Partition, list[pa.Table]] = {}
        for batch in batches(usual, unusual):
            for partition, table in self._judged(batch):
                tables.setdefault(partition, []).append(table)
        unusual.sort(key=lambda member: order[id(member)])
        judged = judge_rows((member.body for member in unusual), self._context)
        for partition, table in judged.tables.items():
            tables.setdefault(partition, []).append(table)
        judged.tables = {p: pa.concat_tables(parts) for p, parts in tables.items()}
        return judged

    def _judged(self, batch: Batch) -> Iterator[tuple[Partition, pa.Table]]:
        columns = {name: batch.of_events(name) for name in _ENVELOPE}
        for field in batch.events.type:
            type_ = lake_schema().field(field.name).type
            if field.name in AMOUNTS:
                amounts = batch.amounts(field.name)
                columns[field.name] = amounts.dictionary.cast(type_).take(amounts.indices)
            else:
                columns[field.name] = batch.events.field(field.name).cast(type_)
        columns |= self._verdict_columns(batch)
        rows = len(batch.events)
        arrays = [
            columns[field.name] if field.name in columns else pa.nulls(rows, field.type)
            for field in lake_schema()
        ]
        table = pa.Table.from_arrays(arrays, schema=lake_schema())
        for partition, start, end in batch.partitions():
            yield partition, table.slice(start, end - start)

    def _verdict_columns(self, batch: Batch) -> dict[str, pa.ChunkedArray]:
        dates = batch.of_events("charge_date")
        parts = []
        for _, days in groupby(batch.partitions(), lambda part: self._baseline(part[0][1])):
            served = list(days)
            ((_, date), start, _), (*_, end) = served[0], served[-1]
            length = end - start
            rows = Inputs(batch.events.slice(start, length), dates.slice(start, length))
            parts.append(self._verdicts.columns(rows, date))
        return {
            name: pa.chunked_array(arrays)
            for name, arrays in zip(NAMES, zip(*parts, strict=True), strict=True)
        }

    def _baseline(self, charge_date: str) -> str | None:
        baseline = self._context.baselines.for_date(charge_date)
        return baseline.version if baseline else None


@contextmanager
def _collected_later() -> Iterator[None]:
    """Keep Python from looking for cycles among what is remembered: there are none, and many."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
