"""Parquet in, Parquet out: the same rows, once, sorted, as Firehose writes them."""

import random
import shutil
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from infra.compaction.parquet_rows import ParquetRows
from tests.infra.compaction.rows import PARQUET, read, row, sorted_table, write
from transforms.compaction.ports import UnfitError
from transforms.compaction.verification import differences

ROWS = [
    row(
        n,
        f"d{n % 4}",
        delivery_mode="append" if n % 4 == 3 else "overwrite",
        service_name=None if n % 17 == 0 else f"s{n % 7}",
        baseline_version="b1" if n % 5 == 0 else "none",
    )
    for n in range(1_000)
]


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[ParquetRows]:
    """Small files and small row groups."""
    with ParquetRows(PARQUET, tmp_path, target_bytes=10_000, row_group_rows=100) as rows:
        yield rows


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Ten files in no order, of which each repeats a half of the next."""
    mixed = random.Random(1).sample(ROWS, len(ROWS))
    return [write(tmp_path / f"old-{n}", mixed[n : n + 150]) for n in range(0, len(ROWS), 100)]


def test_every_row_once_value_for_value(
    rows: ParquetRows, files: list[Path], tmp_path: Path
) -> None:
    """Map keys' case, nulls and empties, microseconds, 26 + 12 digits, and the same schema."""
    new = rows.rewrite(files, {"d1"}, tmp_path)
    table = read(new)
    assert table.schema.equals(read(files).schema)
    assert sorted_table(table).equals(sorted_table(read([write(tmp_path / "all", ROWS)])))


def test_sorted_in_files_of_the_wanted_size(
    rows: ParquetRows, files: list[Path], tmp_path: Path
) -> None:
    """The truth by service and account, the rest by delivery; minimum and maximum say so."""
    new = rows.rewrite(files, {"d1"}, tmp_path)
    assert len(new) > 2
    seen = []
    for path in new:
        file = pq.ParquetFile(path)
        groups = [file.metadata.row_group(n) for n in range(file.num_row_groups)]
        assert all(g.num_rows <= 100 for g in groups)
        # Closed with the row group that reaches the wanted size; the footer comes on top.
        assert sum(_compressed(group) for group in groups[:-1]) < 10_000
        statistics = {name: groups[0].column(file.schema_arrow.get_field_index(name)).statistics
                      for name in ("delivery_id", "service_name", "sub_account_id")}  # fmt: skip
        assert all(s.has_min_max for s in statistics.values())
        table = file.read().to_pylist()
        current = {r["delivery_id"] in ("d1", "d3") for r in table}
        assert len(current) == 1, "the truth is not mixed with the rest"
        (is_current,) = current
        names = ("service_name", "sub_account_id", "delivery_id", "ordinal")
        order = names if is_current else ("delivery_id", *names[:2], "ordinal")
        keys = [tuple((r[n] is None, r[n] or 0) for n in order) for r in table]
        assert keys == sorted(keys)
        seen.append(is_current)
    assert seen == sorted(seen, reverse=True)


def _compressed(group: Any) -> int:
    return sum(group.column(n).total_compressed_size for n in range(group.num_columns))


def test_figures_count_copies_once(rows: ParquetRows, files: list[Path], tmp_path: Path) -> None:
    """By delivery: rows, exact sums by currency; the new files have no copies and the same sums."""
    old = rows.figures(files)
    assert (old.stored, old.rows, old.copies) == (1_450, 1_000, 450)
    assert old.contradictions() == []
    expected = sum(n for n in range(1_000) if n % 4 == 1)
    assert old.deliveries["d1"].sums[("USD", "billed_cost")] == expected
    new = rows.figures(rows.rewrite(files, set(), tmp_path))
    assert new.copies == 0
    assert differences(old, new) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"billed_cost": Decimal("1.5")}, "billed_cost differ by"),
        ({"tags": [("costCenter", "x")]}, "a value that is no amount differs"),
        ({"tags": None}, "a value that is no amount differs"),
        ({"charge_period_start": row(0)["charge_period_start"] + timedelta(microseconds=1)},
         "a value that is no amount differs"),
        ({"findings": []}, "a value that is no amount differs"),
        ({"ordinal": 5_000}, "a value that is no amount differs"),
        ({"pricing_currency": "EUR", "pricing_currency_effective_cost": Decimal(1)},
         "pricing_currency_effective_cost differ"),
        ({"delivery_id": "other"}, "rows became"),
    ],
)  # fmt: skip
def test_any_changed_value_is_seen(
    rows: ParquetRows, tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    """Whatever column it is in."""
    old = [row(n) for n in range(10)]
    before = rows.figures([write(tmp_path / "a", old)])
    after = rows.figures([write(tmp_path / "b", [{**old[0], **changed}, *old[1:]])])
    assert said in "; ".join(differences(before, after))


def test_rows_that_contradict_each_other_are_told(rows: ParquetRows, tmp_path: Path) -> None:
    """The same key and another value, the currency included, are no copies."""
    for changed in ({"cost_class": "spike"}, {"billing_currency": "EUR"}):
        files = [write(tmp_path / "a", [row(1)]), write(tmp_path / "b", [row(1, **changed)])]
        assert rows.figures(files).contradictions() == ["d1"]
    other = [write(tmp_path / "a", [row(1)]), write(tmp_path / "b", [row(1, policy_version="q")])]
    assert rows.figures(other).contradictions() == []
    assert rows.figures(other).copies == 0


def test_what_is_not_of_the_lake_is_left_alone(rows: ParquetRows, tmp_path: Path) -> None:
    """A damaged file, a column that would be lost, a type that would be cast."""
    good = write(tmp_path / "good", [row(1)])
    table = read([good])
    (tmp_path / "cut").write_bytes(good.read_bytes()[:-100])
    more = table.append_column("newer", pa.array(["x"]))
    pq.write_table(more, tmp_path / "more", use_deprecated_int96_timestamps=True)
    cost = table.schema.get_field_index("billed_cost")
    double = table.set_column(cost, "billed_cost", pa.array([0.5]))
    pq.write_table(double, tmp_path / "double", use_deprecated_int96_timestamps=True)
    for name, said in (
        ("cut", "its files cannot be read: .*cut"),
        ("more", "not known here: newer"),
        ("double", "billed_cost as DOUBLE"),
    ):
        with pytest.raises(UnfitError, match=said):
            rows.figures([good, tmp_path / name])
    assert rows.figures([good]).rows == 1, "the next partition is read as ever"


def test_a_column_that_came_later_is_null_in_older_files(rows: ParquetRows, tmp_path: Path) -> None:
    """As a query sees it."""
    good = write(tmp_path / "good", [row(1), row(2)])
    older = read([write(tmp_path / "b", [row(3)])]).drop_columns(["contract_applied", "tags"])
    pq.write_table(older, tmp_path / "older", use_deprecated_int96_timestamps=True)
    (new,) = rows.rewrite([good, tmp_path / "older"], {"d1"}, tmp_path)
    found = {r["ordinal"]: r["tags"] for r in read([new]).to_pylist()}
    assert found == {1: row(1)["tags"], 2: row(2)["tags"], 3: None}


def test_more_rows_than_memory(tmp_path: Path) -> None:
    """Sorted and counted on disk; the same rows."""
    many = [row(n, f"delivery-{n % 7:032}", resource_id=f"{n:0200}") for n in range(60_000)]
    files = [write(tmp_path / f"old-{n}", many[n : n + 15_000]) for n in range(0, 60_000, 10_000)]
    with ParquetRows(PARQUET, tmp_path, memory_bytes=100_000_000, row_group_rows=10_000) as rows:
        old = rows.figures(files)
        new = rows.rewrite(files, set(), tmp_path)
        assert old.rows == 60_000
        assert old.copies == 25_000
        assert differences(old, rows.figures(new)) == []
    shutil.rmtree(tmp_path / "spilled", ignore_errors=True)
