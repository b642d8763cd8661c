"""Exports where AWS puts them: an S3 prefix with its manifest, read by the command line."""

from decimal import Decimal
from pathlib import Path

from infra.wiring import Platform
from tests import samples
from tests.e2e.conftest import Finops, Lake
from tests.exports import LegacyReport, charge

CUR = samples.FOLDER.parent / "cur"
BUCKET = "our-exports"
HAS = "it has 2026-08, 2026-09"
TOTAL = "select count(*) as n, sum(billed_cost) as billed from charges"


def upload(platform: Platform, folder: Path, prefix: str) -> None:
    client = platform.client("s3")
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        key = f"{prefix}/{file.relative_to(folder).as_posix()}"
        client.put_object(Bucket=BUCKET, Key=key, Body=file.read_bytes())


def test_a_parquet_export_in_s3_is_what_it_is_on_disk(
    finops: Finops, lake: Lake, tmp_path: Path
) -> None:
    """CUR 2.0 as Parquet, through its manifest; the same again sends nothing."""
    other = Lake(tmp_path / "other")
    other.ingest(CUR / "simulated-cur" / "data" / "BILLING_PERIOD=2026-09")
    expected = other.rows(TOTAL)
    other.stop()
    _, platform = lake.started()
    platform.client("s3").create_bucket(Bucket=BUCKET)
    upload(platform, CUR / "simulated-cur", "exports/simulated-cur")
    told = finops("ingest", f"s3://{BUCKET}/exports", "--json")
    assert told.code == 0, told.err
    assert lake.rows(TOTAL) == expected
    again = finops("ingest", f"s3://{BUCKET}/exports/simulated-cur", "--json").json
    assert again["nothing_new"] is True
    one = f"s3://{BUCKET}/exports/simulated-cur/data/BILLING_PERIOD=2026-09"
    refused = finops("ingest", one)
    assert (refused.code, "say --replace" in refused.err) == (2, True)
    assert lake.audit().clean


def test_only_the_wanted_month_and_what_was_filled_in(
    finops: Finops, lake: Lake, tmp_path: Path
) -> None:
    """`--billing-period` chooses; `--set` is kept with the delivery."""
    report = LegacyReport(tmp_path)
    for month, cost in (("2026-08", "1.5"), ("2026-09", "7")):
        row = charge(f"{month}-03", cost)
        del row["BillingAccountId"]
        report.assemble(month, f"a-{month}", [[row]], 1_789_000_000)
    where = str(report.folder)
    missing = finops("ingest", where)
    assert (missing.code, "--set BillingAccountId=…" in missing.err) == (2, True)
    none = finops("ingest", where, "--billing-period", "2026-01")
    assert (none.code, none.err) == (2, f"finops: {where}: has no assembly of 2026-01; {HAS}\n")
    filled = ("--set", "BillingAccountId=42")
    assert finops("ingest", where, *filled, "--billing-period", "2026-09").code == 0
    assert lake.rows(TOTAL) == [{"n": 1, "billed": Decimal(7)}]
    (delivery,) = finops("deliveries", "--json").json
    assert delivery["settings"] == {"BillingAccountId": "42"}
    assert finops("ingest", where, *filled).code == 0
    assert lake.rows(TOTAL) == [{"n": 2, "billed": Decimal("8.5")}]


def test_what_is_not_there_is_said_with_the_next_step(finops: Finops, lake: Lake) -> None:
    """No bucket, no files."""
    lake.started()
    told = finops("ingest", "s3://no-such-bucket/x")
    assert told.code == 2
    assert "no-such-bucket" in told.err
    assert told.err.count("\n") == 1
