"""Rejected rows are kept, counted with their money, and delivered once they are good."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e.conftest import Finops, Lake
from tests.exports import LegacyReport, charge, csv_bytes

SUM = "select count(*) as n, sum(billed_cost) as billed from charges"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Six good rows; one without a currency, one with an amount nobody can read."""
    rows = [charge(f"2026-09-{day:02}", "10", ResourceId=f"r-{day}") for day in range(1, 7)]
    rows.append(charge("2026-09-02", "4.5", ResourceId="r-7", BillingCurrency=""))
    rows.append(charge("2026-09-09", "1,234.50", ResourceId="r-8"))
    path = tmp_path / "bill.csv"
    path.write_bytes(csv_bytes(rows))
    return path


def shown(lake: Lake) -> tuple[int, Decimal]:
    (row,) = lake.rows(SUM)
    return row["n"], row["billed"]


def test_a_delivery_completes_and_says_what_its_rejected_rows_hold(
    finops: Finops, file: Path, lake: Lake
) -> None:
    """Rows and money, in the report and in the list of deliveries."""
    told = finops("ingest", str(file))
    assert told.code == 0
    assert "2 rows in quarantine: 4.50 of a currency that cannot be read, 1 row without" in told.out
    (delivery,) = finops("deliveries", "--json").json
    assert delivery["status"] == "active"
    assert delivery["rejected_rows"] == 2
    assert {(r["reason"], r["billed_cost"]) for r in delivery["rejected"]} == {
        ("missing-value", "4.5"),
        ("bad-amount", None),
    }
    assert shown(lake) == (6, Decimal(60))


def test_a_setting_and_a_mended_text_deliver_them_under_their_own_ids(
    finops: Finops, file: Path, lake: Lake, tmp_path: Path
) -> None:
    """The events keep the ordinals that were reserved; the promise, the audit and views agree."""
    finops("ingest", str(file))
    first = finops("quarantine", "retry", "--set", "BillingCurrency=USD", "--json")
    assert first.code == 1
    assert first.json["delivered"] == 1
    assert first.json["remaining"] == {"bad-amount": 1}
    assert shown(lake) == (7, Decimal("64.5"))
    (left,) = finops("quarantine", "list", "--json").json
    mended = tmp_path / "row.csv"
    original = finops("quarantine", "show", left["id"], "--json").json["original"]
    mended.write_text(original.replace('"1,234.50"', "1234.50"), "utf-8")
    second = finops("quarantine", "retry", left["id"], "--text", str(mended))
    assert (second.code, second.out.splitlines()[0]) == (0, "delivered 1 of 1 rejected row")
    assert shown(lake) == (8, Decimal("1299"))
    (delivery,) = finops("deliveries", "--json").json
    assert (delivery["events"], delivery["rejected_rows"], delivery["revision"]) == (8, 0, 2)
    assert delivery["settings"] == {"BillingCurrency": "USD"}
    ids = {r["event_id"].rpartition(":")[2] for r in lake.rows("select event_id from charges")}
    assert ids == {str(n) for n in range(8)}
    assert finops("quarantine", "list").out == "nothing is in quarantine\n"
    assert finops("audit").code == 0
    # Sending the file again brings nothing back that was mended since.
    assert finops("ingest", str(file), "--resend").code == 0
    assert shown(lake) == (8, Decimal("1299"))
    assert finops("quarantine", "list").out == "nothing is in quarantine\n"
    (again,) = finops("deliveries", "--json").json
    assert (again["events"], again["revision"]) == (8, 2)
    assert finops("audit").code == 0


def test_a_retry_that_cannot_help_keeps_every_row(finops: Finops, file: Path) -> None:
    """Exit code 1, the reasons counted, nothing sent."""
    finops("ingest", str(file))
    before = finops("quarantine", "list", "--json").json
    told = finops("quarantine", "retry")
    assert told.code == 1
    assert told.out.startswith("delivered 0 of 2 rejected rows\n")
    assert finops("quarantine", "list", "--json").json == before


def test_rows_of_an_unreadable_scope_find_the_delivery_they_belong_to(
    finops: Finops, lake: Lake, tmp_path: Path
) -> None:
    """Without an account a row belongs to no scope; with one, to its ingest's delivery of it."""
    rows = [charge("2026-09-01", "1"), charge("2026-09-02", "2", BillingAccountId="")]
    path = tmp_path / "bill.csv"
    path.write_bytes(csv_bytes(rows))
    finops("ingest", str(path))
    assert {d["status"] for d in finops("deliveries", "--json").json} == {"active", "empty"}
    told = finops("quarantine", "retry", "--set", "BillingAccountId=111122223333")
    assert told.code == 0
    assert shown(lake) == (2, Decimal(3))
    by_account = {d["billing_account_id"]: d for d in finops("deliveries", "--json").json}
    assert by_account["111122223333"]["events"] == 2
    assert by_account[""]["rejected_rows"] == 0
    assert finops("audit").code == 0


def test_a_row_of_a_day_that_an_earlier_delivery_holds_stands_beside_it(
    finops: Finops, lake: Lake, tmp_path: Path
) -> None:
    """The unchanged day stays where it is; the new row is the newer delivery's."""
    same = charge("2026-09-01", "1", ResourceId="r-1")
    bad = charge("2026-09-01", "?", ResourceId="r-bad")
    report = LegacyReport(tmp_path)
    report.assemble("2026-09", "a", [[same, charge("2026-09-02", "5")]], 1_789_000_000)
    finops("ingest", str(report.folder))
    report.assemble("2026-09", "b", [[same, charge("2026-09-02", "6"), bad]], 1_789_900_000)
    finops("ingest", str(report.folder))
    assert shown(lake) == (2, Decimal(7))
    (left,) = finops("quarantine", "list", "--json").json
    mended = tmp_path / "row.csv"
    original = finops("quarantine", "show", left["id"], "--json").json["original"]
    mended.write_text(original.replace("?", "0.5"), "utf-8")
    assert finops("quarantine", "retry", left["id"], "--text", str(mended)).code == 0
    assert shown(lake) == (3, Decimal("7.5"))
    assert finops("audit").code == 0
    # And the next assembly takes nothing of that day for granted.
    whole = [same, charge("2026-09-01", "0.5", ResourceId="r-bad"), charge("2026-09-02", "6")]
    report.assemble("2026-09", "c", [whole], 1_789_990_000)
    finops("ingest", str(report.folder))
    assert shown(lake) == (3, Decimal("7.5"))
    assert finops("audit").code == 0


def test_more_rejected_rows_than_allowed_fail_and_send_nothing(
    finops: Finops, lake: Lake, tmp_path: Path
) -> None:
    """The old truth stays; the sentence counts rows by reason; the limit is the user's."""
    good = tmp_path / "good.csv"
    good.write_bytes(csv_bytes([charge("2026-09-01", "1")]))
    finops("ingest", str(good))
    bad = tmp_path / "bad.csv"
    bad.write_bytes(csv_bytes([charge("2026-09-01", "1"), *[charge("2026-09-01", "x")] * 3]))
    told = finops("ingest", str(bad), "--replace")
    assert told.code == 2
    assert told.err == (
        "finops: bad.csv: 3 of 4 rows cannot become events (3 bad-amount), 75% where 50% are "
        "allowed; nothing was sent: mend the file, or say --max-rejected 100%\n"
    )
    assert shown(lake) == (1, Decimal(1))
    assert finops("ingest", str(bad), "--replace", "--max-rejected", "75%").code == 0
    assert shown(lake) == (1, Decimal(1))
    assert {d["status"] for d in finops("deliveries", "--json").json} == {"active", "superseded"}
