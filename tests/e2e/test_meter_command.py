"""`finops local meter` over a running server, over a data directory, and over an empty one."""

from pathlib import Path

from tests.e2e.conftest import Finops, Lake

HEADER = (
    "BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,"
    "ChargePeriodEnd,ChargeCategory,ServiceName,BilledCost,EffectiveCost\n"
)
LINE = (
    "a,USD,2026-09-01T00:00:00Z,2026-10-01T00:00:00Z,2026-09-01T00:00:00Z,2026-09-01T01:00:00Z,"
    "Usage,Storage,1,1\n"
)


def test_the_bill_is_the_same_with_and_without_a_server(
    lake: Lake, finops: Finops, tmp_path: Path
) -> None:
    """What was ingested is metered, by the audit's own count of billed bytes."""
    nothing = finops("local", "meter")
    assert nothing.code == 2
    assert "put records first" in nothing.err
    file = tmp_path / "bill.csv"
    file.write_text(HEADER + LINE)
    lake.ingest(file)
    _, platform = lake.started()
    running = finops("local", "meter", "--json").json
    (stream,) = running["streams"]
    assert stream["stream"] == platform.names.stream
    assert stream["records"] == 2, "the charge, and the end of its delivery"
    assert stream["ingested_bytes"] == stream["conversion_bytes"] == 10240
    assert stream["ingested_bytes"] == lake.audit().ingestion_billed_bytes
    assert stream["partitioning_objects"] == 2
    lake.stop()
    assert finops("local", "meter", "--json").json == running
    said = finops("local", "meter").out
    assert "10,240 bytes" in said
    assert "us-east-2" in said
    assert "not priced: 0 error objects" in said


def test_a_meter_that_cannot_be_read_says_what_to_do(lake: Lake, finops: Finops) -> None:
    """One line, exit code 2."""
    lake.data_dir.mkdir(parents=True)
    (lake.data_dir / "meter.json").write_text("{")
    said = finops("local", "meter")
    assert said.code == 2
    assert "move it away" in said.err
