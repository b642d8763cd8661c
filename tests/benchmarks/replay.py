"""Replay in columns: against the row path on the same bytes, and against doing nothing but I/O.

Every variant goes from an object of raw/ to Parquet files, on one core, and begins with all caches
cold. `python -m tests.benchmarks.replay --memory N` prints the peak memory of N events.
"""

import gc
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

import pyarrow as pa

from infra.local.firehose.parquet import write_parquet
from infra.local.firehose.settings import Parquet
from infra.replay.batches import Batch
from infra.replay.columnar import Columnar
from infra.replay.decoding import decode
from infra.replay.row_path import judge_rows, lake_schema
from rules import BaselineSeries
from schemas import amounts, codec, rows
from schemas.codec import Member, split_members
from schemas.tables import AMOUNTS
from tests import samples
from tests.benchmarks import bills
from tests.benchmarks.memory import peak
from tests.benchmarks.timing import compare
from transforms import core
from transforms.context import Context, default_context

_EVENTS = 24_000
_ROUNDS = 5
_ALL_OWN = 1_000_000
_PIECE_EVENTS = 50_000
_PARQUET = Parquet("SNAPPY", dictionary=True, page_size=1024 * 1024)


def run() -> None:
    """Print ratios for bills of both samples, and what memory a longer one takes."""
    pa.set_cpu_count(1)
    for label, bodies in (
        ("real, ten amounts in turn", bills.records(samples.REAL, _EVENTS)),
        ("real, every hour other amounts", bills.records(samples.REAL, _EVENTS, _ALL_OWN)),
        ("generated, ten amounts in turn", bills.records(samples.GENERATED, _EVENTS)),
        (
            "generated, every tag set its own",
            bills.records(samples.GENERATED, _EVENTS, unlike=True),
        ),
        (
            "generated, every tag set and amount its own",
            bills.records(samples.GENERATED, _EVENTS, _ALL_OWN, unlike=True),
        ),
    ):
        _compare(label, list(bodies))
    print("Replay in columns, peak memory")
    for events in (_PIECE_EVENTS, 4 * _PIECE_EVENTS):
        command = [sys.executable, "-m", "tests.benchmarks.replay", "--memory", str(events)]
        said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        print(f"  {events:>10,} events {int(said) / 1024:10,.0f} MB")


def _compare(label: str, bodies: list[bytes]) -> None:
    baseline = bills.history(bodies)
    judged = replace(default_context(), baselines=BaselineSeries((baseline,)))
    data = b"".join(bodies)
    tables = Columnar(judged).judge(_members(data)).tables.values()
    findings = sum(len(column.flatten()) for t in tables for column in t["findings"].chunks)
    print(f"Replay, hourly bill, {label}: {_EVENTS:,} events, {findings:,} findings")
    variants: dict[str, Callable[[], object]] = {
        "row path: rules v1, JSON, converter, Parquet": partial(_rows, data, judged),
        "columns: the same rows": partial(_columns, data, judged),
        "columns: the same, before the first baseline": partial(_columns, data, default_context()),
        "floor: gunzip, decode, Parquet, no rules, no checks": partial(_floor, data),
    }
    compare(
        {name: partial(_cold, variant) for name, variant in variants.items()},
        _EVENTS,
        "event",
        _ROUNDS,
    )


def _cold(run: Callable[[], object]) -> object:
    codec._reader.cache_clear()
    rows.hive_timestamp.cache_clear()
    core._is_canonical.cache_clear()
    amounts.amount.cache_clear()
    return run()


def _rows(data: bytes, context: Context) -> int:
    judged = judge_rows((member.body for member in _members(data)), context)
    return _written(judged.tables.values())


def _columns(data: bytes, context: Context) -> int:
    return _written(Columnar(context).judge(_members(data)).tables.values())


def _floor(data: bytes) -> int:
    records = decode([member.message for member in _members(data)], prove=False)
    assert records is not None
    batch = Batch(records)
    arrays = []
    for field in lake_schema():
        if batch.events.type.get_field_index(field.name) < 0:
            arrays.append(pa.nulls(len(batch.events), field.type))
        elif field.name in AMOUNTS:
            arrays.append(batch.events.field(field.name).cast(field.type))
        else:
            arrays.append(batch.events.field(field.name))
    table = pa.Table.from_arrays(arrays, schema=lake_schema())
    return _written(table.slice(start, end - start) for _, start, end in batch.partitions())


def _members(data: bytes) -> Iterable[Member]:
    return (member for member in split_members(data) if isinstance(member, Member))


def _written(tables: Iterable[pa.Table]) -> int:
    return sum(len(write_parquet(table, _PARQUET)) for table in tables)


def _memory(events: int) -> None:
    """Replay a bill in pieces, as `finops replay` does, and print the peak in kilobytes."""
    columnar = Columnar(default_context())
    bodies = bills.records(samples.GENERATED, _PIECE_EVENTS)
    piece = b"".join(bodies)
    gc.collect()
    for _ in range(events // _PIECE_EVENTS):
        for table in columnar.judge(_members(piece)).tables.values():
            write_parquet(table, _PARQUET)
    print(peak() // 1024)


if __name__ == "__main__":
    _memory(int(sys.argv[2]))
