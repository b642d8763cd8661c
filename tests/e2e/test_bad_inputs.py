"""Bad input: a sentence that names the next step, or quarantined rows; never half a delivery."""

import gzip
import zipfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from infra.ingesting import Request, open_sources, run_ingest
from producers.errors import SourceChangedError
from producers.identity import ingest_id
from tests.e2e.conftest import Answer, Lake, command_of
from tests.exports import LegacyReport, charge, csv_bytes
from tests.sources import no_s3

DAY = "2026-09-05"
Bad = Callable[[Path], Path]


def text(name: str, body: bytes) -> Bad:
    """Return what writes a file."""

    def write(folder: Path) -> Path:
        (folder / name).write_bytes(body)
        return folder / name

    return write


def changed(**columns: str) -> list[dict[str, str]]:
    """Return a good row, and one with other cells."""
    return [charge(DAY, "1"), charge(DAY, "2", **columns)]


def truncated(folder: Path) -> Path:
    rows = [charge(DAY, "1", ResourceId=f"r-{n}") for n in range(5_000)]
    return text("cut.csv.gz", gzip.compress(csv_bytes(rows))[:-500])(folder)


def manifest_without_files(folder: Path) -> Path:
    report = LegacyReport(folder)
    report.assemble("2026-09", "a-1", [[charge(DAY, "1")], [charge(DAY, "2")]], 1_789_000_000)
    next(report.folder.rglob("bill-2.csv.gz")).unlink()
    return report.folder


def assemblies_without_manifest(folder: Path) -> Path:
    report = LegacyReport(folder)
    for assembly in ("a-1", "a-2"):
        report.assemble("2026-09", assembly, [[charge(DAY, "1")]], 1_789_000_000)
    for manifest in report.folder.rglob("*-Manifest.json"):
        manifest.unlink()
    return report.folder


def damaged_manifest(folder: Path) -> Path:
    report = LegacyReport(folder)
    report.assemble("2026-09", "a-1", [[charge(DAY, "1")]], 1_789_000_000)
    next(report.folder.glob("*/*-Manifest.json")).write_text('{"reportKeys": [', "utf-8")
    return report.folder


def twins(folder: Path) -> Path:
    for name in ("one.csv", "two.csv"):
        text(name, csv_bytes([charge(DAY, "1")]))(folder)
    return folder


def other_parquet(folder: Path) -> Path:
    path = folder / "other.parquet"
    pq.write_table(pa.table({"a": [1], "b": ["x"]}), path)
    return path


def typed_parquet(folder: Path) -> Path:
    path = folder / "typed.parquet"
    columns = {name: [value] for name, value in charge(DAY, "1").items()}
    pq.write_table(pa.table({**columns, "BilledCost": [True]}), path)
    return path


def workbook(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "bill.xlsx", "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    return folder / "bill.xlsx"


HEADER = ",".join(charge(DAY, "1")).encode()
REFUSED: list[tuple[str, Bad, str]] = [
    ("truncated gzip", truncated, "the gzip file is damaged near line"),
    ("empty", text("empty.csv", b""), "is empty; export it again"),
    ("header only", text("head.csv", HEADER + b"\n"), "has no rows; is the export complete?"),
    ("duplicate header names", text("twice.csv", HEADER + b",ListCost\n"), "ListCost stands twice"),
    ("wrong kind", text("login.csv", b"<html><body>log in</body></html>"), "is HTML or XML"),
    ("a workbook", workbook, "save it as CSV"),
    ("neither kind", text("other.csv", b"a,b\n1,2\n"), "neither FOCUS nor CUR columns"),
    ("Parquet of something else", other_parquet, "neither FOCUS nor CUR columns"),
    ("no Parquet behind its name", text("x.parquet", b"PAR1xxxxPAR1"), "not readable as Parquet"),
    ("a manifest that names absent files", manifest_without_files, "bill-2.csv.gz"),
    ("assemblies without a manifest", assemblies_without_manifest, "manifest"),
    ("a damaged manifest", damaged_manifest, "-Manifest.json"),
    ("the same bytes twice", twins, "hold the same bytes"),
    ("only bad rows", text("all.csv", csv_bytes(changed(BilledCost="x")[1:])), "1 of 1 rows"),
]
QUARANTINED: list[tuple[str, dict[str, str], str]] = [
    ("unknown currency", {"BillingCurrency": "XYZ"}, "unknown-currency"),
    ("40-digit amount", {"BilledCost": "1" * 40}, "bad-amount"),
    ("no number", {"ListCost": "NaN"}, "bad-amount"),
    ("thousands separator", {"BilledCost": "1,234.5"}, "bad-amount"),
    ("no currency", {"BillingCurrency": ""}, "missing-value"),
    ("no time", {"ChargePeriodStart": "soon"}, "bad-time"),
    (
        "outside the lake's dates",
        {"ChargePeriodStart": "1999-01-01T00:00:00Z"},
        "date-out-of-range",
    ),
]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """One lake for all: nothing that is refused may change it."""
    lake = Lake(tmp_path_factory.mktemp("bad") / "finops")
    lake.started()
    yield lake
    lake.stop()


@pytest.fixture
def finops(lake: Lake, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    return command_of(lake, capsys)


@pytest.mark.parametrize(("write", "said"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_what_cannot_be_read_is_refused_and_nothing_is_sent(
    finops: Callable[..., Answer], lake: Lake, tmp_path: Path, write: Bad, said: str
) -> None:
    """Exit code 2, one line; no record and no delivery of it is in the lake."""
    before = lake.rows("select count(*) as n from deliveries_stored")
    told = finops("ingest", str(write(tmp_path)))
    assert told.code == 2, told
    assert said in told.err
    assert told.err.count("\n") == 1
    assert lake.rows("select count(*) as n from deliveries_stored") == before


@pytest.mark.parametrize(
    ("number", "cells", "reason"),
    [(n, *case[1:]) for n, case in enumerate(QUARANTINED)],
    ids=[case[0] for case in QUARANTINED],
)
def test_a_row_that_cannot_be_an_event_is_quarantined_and_counted(
    finops: Callable[..., Answer],
    lake: Lake,
    tmp_path: Path,
    number: int,
    cells: dict[str, str],
    reason: str,
) -> None:
    """The other row is delivered; this one is kept with its text, and its delivery says so."""
    account = f"quarantined-{number}"
    rows = [{**row, "BillingAccountId": account} for row in changed(**cells)]
    path = text(f"{account}.csv", csv_bytes(rows))(tmp_path)
    told = finops("ingest", "--json", str(path)).json
    (delivery,) = told["deliveries"]
    assert (delivery["events"], delivery["status"]) == (1, "active")
    assert [(r["reason"], r["rows"]) for r in delivery["rejected"]] == [(reason, 1)]
    (shown,) = lake.rows(
        f"select count(*) as n, sum(billed_cost) as b from charges "
        f"where billing_account_id = '{account}'"
    )
    assert (shown["n"], shown["b"]) == (1, Decimal(1))


def test_a_typed_column_that_is_no_amount_is_quarantined(
    finops: Callable[..., Answer], tmp_path: Path
) -> None:
    """A Parquet file whose cost is a boolean: read as text, refused as an amount."""
    told = finops("ingest", str(typed_parquet(tmp_path)), "--max-rejected", "100%", "--json")
    (delivery,) = told.json["deliveries"]
    assert [r["reason"] for r in delivery["rejected"]] == ["bad-amount"]
    assert delivery["status"] == "empty"


def test_mixed_currencies_are_kept_apart(
    finops: Callable[..., Answer], lake: Lake, tmp_path: Path
) -> None:
    """Amounts of two currencies are never added, in no report and no promise."""
    rows = [
        charge(DAY, "1", BillingAccountId="mixed"),
        charge(DAY, "2", BillingAccountId="mixed", BillingCurrency="EUR"),
        charge(DAY, "4", BillingAccountId="mixed", BillingCurrency="eur"),
    ]
    told = finops("ingest", "--json", str(text("mixed.csv", csv_bytes(rows))(tmp_path))).json
    (delivery,) = told["deliveries"]
    assert delivery["billed_cost"] == {"EUR": "6", "USD": "1"}
    assert told["normalised"] == {"currency-case": 1}
    shown = lake.rows(
        "select billing_currency as c, sum(billed_cost) as b from charges "
        "where billing_account_id = 'mixed' group by 1"
    )
    assert {r["c"]: r["b"] for r in shown} == {"EUR": Decimal(6), "USD": Decimal(1)}


def test_a_byte_order_mark_and_carriage_returns_do_not_matter(
    finops: Callable[..., Answer], lake: Lake, tmp_path: Path
) -> None:
    """As Excel saves it: the same rows."""
    body = csv_bytes([charge(DAY, "3.25", BillingAccountId="excel")])
    path = text("excel.csv", b"\xef\xbb\xbf" + body.replace(b"\n", b"\r\n"))(tmp_path)
    assert finops("ingest", str(path)).code == 0
    (row,) = lake.rows(
        "select billed_cost as b, resource_id as r from charges where billing_account_id = 'excel'"
    )
    assert (row["b"], row["r"]) == (Decimal("3.25"), "r-1")


def test_a_manifest_that_changes_while_it_is_read_abandons_the_delivery(
    lake: Lake, tmp_path: Path
) -> None:
    """Read before and after: nothing of a mixture of two assemblies is sent."""
    report = LegacyReport(tmp_path)
    report.assemble("2026-09", "one", [[charge(DAY, "1")]], 1_789_000_000)
    (source,) = open_sources(Request(str(report.folder)), no_s3)

    def move_on(step: str) -> None:
        if step == "safe-point":
            report.assemble("2026-09", "two", [[charge(DAY, "2")]], 1_789_900_000)

    _, platform = lake.started()
    before = lake.rows("select count(*) as n from deliveries_stored")
    with pytest.raises(SourceChangedError, match="has other content while it was read"):
        run_ingest(platform, source, reached=move_on)
    assert lake.rows("select count(*) as n from deliveries_stored") == before
    assert not list(platform.store.list(f"spool/ingest/{ingest_id(source)}/"))


def test_a_refused_export_names_both_with_rows_and_money(
    finops: Callable[..., Answer], tmp_path: Path
) -> None:
    """Another export for a scope that one holds: a person decides."""
    for name, cost in (("first", "1.50"), ("second", "7")):
        report = LegacyReport(tmp_path, name)
        rows = [charge(DAY, cost, BillingAccountId="two-exports")]
        report.assemble("2026-09", f"{name}-a", [rows], 1_789_000_000)
    assert finops("ingest", str(tmp_path / "first")).code == 0
    told = finops("ingest", str(tmp_path / "second"))
    assert told.code == 2
    assert "1 row, 1.5 USD" in told.err
    assert "has 1 row, 7 USD" in told.err
    assert "say --replace to read it from the new one, or --add if both count" in told.err
    (waiting,) = [
        d
        for d in finops("deliveries", "--json").json
        if d["billing_account_id"] == "two-exports" and d["status"] != "active"
    ]
    assert waiting["status"] == "refused"
    assert "say --replace" in waiting["detail"]
    assert waiting["billed_cost"] == {"USD": "7"}
    assert finops("ingest", str(tmp_path / "second"), "--replace").code == 0
