"""Every sample of a kind we read: what the lake says is what an independent reading says."""

import gzip
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from infra.ingesting import Request, open_sources, run_ingest
from infra.wiring import start
from tests import independent, samples
from tests.independent import Key, Sums
from tests.sources import no_s3

FOCUS = samples.FOLDER
CUR = FOCUS.parent / "cur"
LEGACY = CUR / "simulated-cur-legacy"
NOTHING_TO_SET: Mapping[str, str] = {}
FILLED = {
    "BillingAccountId": "123456789012",
    "BillingCurrency": "USD",
    "ServiceName": "Compute",
    "SubAccountId": "210987654321",
}
FILES = [
    (FOCUS / "focus_1_0_real.csv", NOTHING_TO_SET),
    (FOCUS / "focus_1_3_generated.csv", NOTHING_TO_SET),
    *((path, FILLED) for path in sorted((FOCUS / "corrections").glob("*.csv"))),
    *((path, FILLED) for path in sorted((FOCUS / "commitments").glob("*.csv"))),
    *((path, NOTHING_TO_SET) for path in sorted(LEGACY.rglob("*.csv.gz"))),
]


def lake_sums(data_dir: Path, location: Path, settings: Mapping[str, str]) -> dict[Key, Sums]:
    """Ingest a location into a lake of its own and ask it."""
    with start(data_dir) as (_, platform):
        (source,) = open_sources(Request(str(location), None, settings), no_s3)
        run_ingest(platform, source)
        rows = platform.query.rows(independent.SQL)
        (total,) = platform.query.rows("select sum(billed_cost) as b from charges")
    found = {
        Key(r["service"], r["account"], r["category"], r["period"]): Sums(
            r["n"], r["billed"], r["effective"], r["listed"]
        )
        for r in rows
    }
    assert total["b"] == samples.total([s.billed for s in found.values()])
    return found


@pytest.mark.parametrize(("path", "settings"), FILES, ids=lambda v: getattr(v, "name", ""))
def test_count_and_money_by_service_account_category_and_period(
    tmp_path: Path, path: Path, settings: Mapping[str, str]
) -> None:
    """Count, billed, effective and list cost of every group, to the last stored digit."""
    expected = independent.sums(independent.lines_of(path, settings))
    assert lake_sums(tmp_path / "lake", path, settings) == expected


@pytest.mark.parametrize("name", ["focus_1_0_real.csv", "focus_1_3_generated.csv"])
def test_a_gzipped_file_and_a_parquet_file_say_the_same(tmp_path: Path, name: str) -> None:
    """The container does not matter: same rows, same money."""
    path = FOCUS / name
    expected = independent.sums(independent.focus_lines(path, {}))
    packed = tmp_path / f"{name}.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert lake_sums(tmp_path / "gz", packed, {}) == expected
    text = pa_csv.ConvertOptions(
        column_types={c: pa.string() for c in samples.rows(path)[0]}, strings_can_be_null=False
    )
    table = pa_csv.read_csv(path, convert_options=text)
    parquet = tmp_path / "bill.parquet"
    pq.write_table(table, parquet)
    assert lake_sums(tmp_path / "parquet", parquet, {}) == expected


def test_a_parquet_file_with_other_types_keeps_every_digit(tmp_path: Path) -> None:
    """Doubles count as their shortest text, decimals and times as what they are, maps as tags."""
    tags = pa.array([[("team", "data")]], pa.map_(pa.string(), pa.string()))
    table = pa.table(
        {
            "BilledCost": pa.array([0.1], pa.float64()),
            "EffectiveCost": pa.array([Decimal("0.100000000000000000007")], pa.decimal128(38, 21)),
            "ListCost": pa.array([3], pa.int64()),
            "BillingAccountId": pa.array([123456789012], pa.int64()),
            "BillingCurrency": pa.array(["USD"]).dictionary_encode(),
            "Tags": tags,
        }
    )
    when = {
        "BillingPeriodStart": "2026-09-01",
        "BillingPeriodEnd": "2026-10-01",
        "ChargePeriodStart": "2026-09-05T03:00:00.25",
        "ChargePeriodEnd": "2026-09-05T04:00:00",
    }
    for column, text in when.items():
        value = pa.array([text]).cast(pa.timestamp("us"))
        table = table.append_column(column, value)
    table = table.append_column("ChargeCategory", pa.array(["Usage"]))
    path = tmp_path / "typed.parquet"
    pq.write_table(table, path)
    with start(tmp_path / "lake") as (_, platform):
        (source,) = open_sources(Request(str(path)), no_s3)
        run_ingest(platform, source)
        (row,) = platform.query.rows(
            "select billed_cost, effective_cost, list_cost, billing_account_id, "
            "element_at(tags, 'team') as team, charge_period_start as began from charges"
        )
        (kept,) = platform.query.rows(
            "select json_format(cast(days as json)) as days from deliveries"
        )
    assert row["billed_cost"] == Decimal("0.1")
    assert row["effective_cost"] == Decimal("0.1")
    assert row["list_cost"] == 3
    assert row["billing_account_id"] == "123456789012"
    assert row["team"] == "data"
    assert f"{row['began']:%Y-%m-%d %H:%M:%S.%f}" == "2026-09-05 03:00:00.250000"
    assert '"residue":"0.000000000000000000007"' in kept["days"].replace(" ", "")


def test_both_assemblies_of_an_export_and_its_parquet_form(tmp_path: Path) -> None:
    """The month's manifest names the current assembly; the other is not counted."""
    (manifest,) = LEGACY.glob("*/*-Manifest.json")
    current = next(
        path for path in LEGACY.rglob("*.csv.gz") if path.parent.name in manifest.read_text("utf-8")
    )
    expected = independent.sums(independent.cur_lines(current, {}))
    assert lake_sums(tmp_path / "legacy", LEGACY, {}) == expected
    found = lake_sums(tmp_path / "cur", CUR / "simulated-cur", {})
    assert sum(s.rows for s in found.values()) > 100
