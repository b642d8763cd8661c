"""The audit finds what is missing or doubled, from storage alone, by name and money."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests import samples
from tests.e2e.conftest import Finops, Lake
from tests.e2e.test_deliveries import answer


@pytest.fixture
def delivered(lake: Lake) -> Lake:
    """A lake that holds the real sample."""
    lake.ingest(samples.REAL)
    return lake


def charge_files(lake: Lake) -> list[Path]:
    return lake.objects("processed/charges")


def day_of(file: Path) -> str:
    return file.parent.name.removeprefix("charge_date=")


def billed_on(days: set[str]) -> Decimal:
    rows = [r for r in samples.rows(samples.REAL) if r["ChargePeriodStart"][:10] in days]
    return samples.total([Decimal(r["BilledCost"]) for r in rows])


def test_a_whole_lake_is_clean(finops: Finops, delivered: Lake) -> None:
    """Everything delivered is accounted for: exit code 0, and the file's own count and money."""
    report = finops("audit", "--json")
    assert report.code == 0
    assert report.json["clean"] is True
    assert report.json["events"] == len(samples.rows(samples.REAL))
    assert Decimal(report.json["billed"]["USD"]) == samples.sums(samples.REAL)["USD", "BilledCost"]


def test_a_deleted_parquet_file_is_named_with_its_money(finops: Finops, delivered: Lake) -> None:
    """Exit code 1; delivery, day, count and money of exactly what was in the file."""
    file = charge_files(delivered)[3]
    rows = pq.read_table(file).select(["delivery_id", "billed_cost"]).to_pylist()
    file.unlink()
    report = finops("audit", "--json")
    assert report.code == 1
    gaps = report.json["gaps"]
    assert {g["kind"] for g in gaps} == {"missing-in-processed"}
    assert {g["charge_date"] for g in gaps} == {day_of(file)}
    for delivery_id in {r["delivery_id"] for r in rows}:
        of_it = [r["billed_cost"] for r in rows if r["delivery_id"] == delivery_id]
        gap = next(g for g in gaps if g["delivery_id"] == delivery_id)
        assert gap["events"] == len(of_it)
        assert Decimal(gap["billed"].get("USD", "0")) == samples.total(of_it)
    told = finops("audit")
    assert told.code == 1
    assert f"missing-in-processed: {gaps[0]['delivery_id']}" in told.out


def test_a_deleted_raw_object_is_named_with_its_money(finops: Finops, delivered: Lake) -> None:
    """The promises that reached processed/ name every delivery, day, count and sum."""
    for file in (delivered.folder / "raw").rglob("*"):
        if file.is_file():
            file.unlink()
    report = finops("audit", "--json")
    assert report.code == 1
    gaps = [g for g in report.json["gaps"] if g["charge_date"]]
    assert {g["kind"] for g in gaps} == {"missing-in-raw"}
    assert sum(g["events"] for g in gaps) == len(samples.rows(samples.REAL))
    found = samples.total([Decimal(v) for g in gaps for v in g["billed"].values()])
    assert found == samples.sums(samples.REAL)["USD", "BilledCost"]
    days = {r["ChargePeriodStart"][:10] for r in samples.rows(samples.REAL)}
    assert {g["charge_date"] for g in gaps} == days


def test_a_deleted_delivery_row_is_found(finops: Finops, delivered: Lake) -> None:
    """A DeliveryCompleted that is only in raw/ is a difference."""
    for file in (delivered.folder / "processed" / "deliveries").rglob("*.parquet"):
        file.unlink()
    report = finops("audit", "--json")
    assert report.code == 1
    assert {g["kind"] for g in report.json["gaps"]} == {"missing-in-processed"}
    assert len(report.json["gaps"]) == 2


def test_a_copied_parquet_file_is_listed_and_changes_no_view(
    finops: Finops, delivered: Lake
) -> None:
    """Doubled rows are named with their files; nothing is lost, so the exit code is 0."""
    before = answer(delivered)
    file = charge_files(delivered)[0]
    copy = file.with_name("copy.parquet")
    copy.write_bytes(file.read_bytes())
    report = finops("audit", "--json")
    assert report.code == 0
    doubled = report.json["doubled"]
    assert {d["charge_date"] for d in doubled} == {day_of(file)}
    assert sum(d["copies"] for d in doubled) == pq.read_metadata(file).num_rows
    assert all(any(name.endswith("copy.parquet") for name in d["files"]) for d in doubled)
    assert answer(delivered) == before
    assert "doubled: delivery" in finops("audit").out


def test_a_changed_amount_is_found(finops: Finops, delivered: Lake) -> None:
    """Same rows, other money: the sums of every column are compared, not only the count."""
    file = charge_files(delivered)[0]
    table = pq.read_table(file)
    index = table.schema.get_field_index("list_cost")
    changed: list[Any] = [(v or Decimal(0)) + 1 for v in table.column("list_cost").to_pylist()]
    column = table.schema.field("list_cost")
    table = table.set_column(index, column, [pa.array(changed, column.type)])
    pq.write_table(table, file, use_deprecated_int96_timestamps=True)
    report = finops("audit", "--json")
    assert report.code == 1
    assert {g["kind"] for g in report.json["gaps"]} == {"money-differs"}
    assert all("list_cost" in g["detail"] for g in report.json["gaps"])


def test_an_audit_builds_on_the_last_one_and_finds_what_changed(
    finops: Finops, delivered: Lake
) -> None:
    """Nothing is decoded or compared twice; a file that goes is missed, and one that is back, not.

    The answers can be queried: a row an audit, and a row a day of a delivery.
    """
    days = {r["ChargePeriodStart"][:10] for r in samples.rows(samples.REAL)}
    first = finops("audit", "--json").json
    assert (first["decoded_objects"], first["judged_partitions"]) == (1, len(days))
    second = finops("audit", "--json").json
    assert (second["decoded_objects"], second["judged_partitions"]) == (0, 0)
    assert second["days"] == first["days"]
    file = charge_files(delivered)[3]
    body = file.read_bytes()
    file.unlink()
    lost = finops("audit", "--json")
    assert (lost.code, lost.json["judged_partitions"]) == (1, 1)
    assert {g["charge_date"] for g in lost.json["gaps"]} == {day_of(file)}
    assert finops("audit", "--full", "--json").json["gaps"] == lost.json["gaps"]
    rows = delivered.rows(
        "select status, sum(recorded) as n, sum(missing) as missing from audit_days group by 1"
    )
    found = {row["status"]: (row["n"], row["missing"]) for row in rows}
    gone = sum(gap["events"] for gap in lost.json["gaps"])
    assert found["differs"][1] == gone
    assert sum(n for n, _ in found.values()) == len(samples.rows(samples.REAL))
    delivered.stop()
    file.write_bytes(body)
    assert finops("audit", "--json").json["clean"]
    runs = delivered.rows("select clean, gaps from audits order by audited_at")
    assert [run["clean"] for run in runs] == [True, True, False, False, True]


def test_damage_in_a_raw_object_costs_its_record_and_is_found(
    finops: Finops, delivered: Lake
) -> None:
    """One flipped byte in the log: the other records are read, the damage is named."""
    file = next(f for f in (delivered.folder / "raw").rglob("*") if f.is_file())
    body = bytearray(file.read_bytes())
    body[len(body) // 2] ^= 0xFF
    file.write_bytes(body)
    report = finops("audit", "--json")
    assert report.code == 1
    kinds = {g["kind"] for g in report.json["gaps"]}
    assert {"missing-in-raw", "unreadable-in-raw"} <= kinds
    assert report.json["events"] > len(samples.rows(samples.REAL)) // 2
