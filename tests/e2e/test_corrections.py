"""FOCUS's own correction examples: each way of writing one comes out as its authors say."""

from decimal import Decimal
from pathlib import Path

import pytest

from infra.ingesting import Request, open_sources, run_ingest
from infra.wiring import Platform
from producers.decision import OnConflict
from producers.ingest import Options
from tests import samples
from tests.e2e.conftest import Lake
from tests.exports import charge, csv_bytes
from tests.sources import no_s3

FOLDER = samples.FOLDER / "corrections"
ORIGINAL, LEDGER, REPLACEMENT = (
    FOLDER / f"scenario_1_partial_reallocation_{name}.csv"
    for name in ("original", "ledger", "replacement")
)
AUTHORS_SAY = {"R-111": Decimal(1200), "R-222": Decimal(300)}
SETTINGS = {"BillingAccountId": "1", "BillingCurrency": "USD", "ServiceName": "Compute"}


def ingest(platform: Platform, file: Path, on_conflict: OnConflict = OnConflict.REFUSE) -> None:
    (source,) = open_sources(Request(str(file), None, SETTINGS), no_s3)
    run_ingest(platform, source, Options(on_conflict=on_conflict))


def by(platform: Platform, column: str, what: str = "billed_cost") -> dict[str, Decimal]:
    """Return one kind of cost by a column of the view."""
    rows = platform.query.rows(
        f"select {column} as name, sum({what}) as cost from charges group by 1"
    )
    return {r["name"]: r["cost"] for r in rows}


@pytest.mark.parametrize("what", ["billed_cost", "effective_cost"])
@pytest.mark.parametrize("written", ["ledger", "replacement", "ledger-then-replacement"])
def test_original_and_correction_are_what_the_authors_say(
    lake: Lake, written: str, what: str
) -> None:
    """Per resource and in total, by billing period and by charge period."""
    _, platform = lake.started()
    ingest(platform, ORIGINAL)
    assert by(platform, "resource_id", what) == {"R-111": Decimal(1500)}
    if written.startswith("ledger"):
        ingest(platform, LEDGER, OnConflict.ADD)
        assert by(platform, "resource_id", what) == AUTHORS_SAY
    if written.endswith("replacement"):
        ingest(platform, REPLACEMENT, OnConflict.REPLACE)
    assert by(platform, "resource_id", what) == AUTHORS_SAY
    assert by(platform, "billing_period", what) == {"2025-07": Decimal(1500)}
    assert by(platform, "charge_date", what) == {"2025-07-01": Decimal(1500)}
    assert lake.audit().clean


def test_a_delta_says_the_same_as_the_ledger(lake: Lake, tmp_path: Path) -> None:
    """Original and delta: only what changed, appended."""
    _, platform = lake.started()
    ingest(platform, ORIGINAL)
    delta = [
        {**samples.rows(LEDGER)[0], "BilledCost": "-300.00", "EffectiveCost": "-3E2"},
        samples.rows(LEDGER)[1],
    ]
    file = tmp_path / "delta.csv"
    file.write_bytes(csv_bytes(delta))
    ingest(platform, file, OnConflict.ADD)
    assert by(platform, "resource_id") == AUTHORS_SAY


def test_a_correction_of_a_closed_month_is_billed_in_the_next(lake: Lake, tmp_path: Path) -> None:
    """The cost of July has two answers: by billing period and by charge period."""
    _, platform = lake.started()
    ingest(platform, ORIGINAL)
    late = {
        **charge("2025-07-01", "-300", ResourceId="R-111", ChargeClass="Correction"),
        "BillingAccountId": "1",
        "BillingPeriodStart": "2025-08-01T00:00:00Z",
        "BillingPeriodEnd": "2025-09-01T00:00:00Z",
        "InvoiceId": "INV-20250801-20250901",
    }
    file = tmp_path / "august.csv"
    file.write_bytes(csv_bytes([late]))
    # Another billing period is another scope: nobody holds it, and nothing has to be said.
    ingest(platform, file)
    assert by(platform, "billing_period") == {"2025-07": Decimal(1500), "2025-08": Decimal(-300)}
    assert by(platform, "substr(charge_date, 1, 7)") == {"2025-07": Decimal(1200)}
    assert lake.audit().clean
