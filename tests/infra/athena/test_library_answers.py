"""The library over whole lakes: the declared columns, the bill's money, and no file too many.

Expected money is added up from the source files by `bill`, with csv and Decimal alone.
"""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from infra.athena.library import LibraryQuery, library
from infra.local.athena import LocalAthena
from infra.local.athena.engine import QueryResult
from infra.local.aws.athena.parameters import with_parameters
from schemas.tables import CHARGES_STORED
from tests import samples
from tests.infra.athena import quarter
from tests.infra.athena.bill import Key, Line, added, read_bill
from tests.infra.athena.whole_lakes import athena, charges_folder, put, write_lake
from tests.sources import file_source

REAL = "real sample"
QUARTER = "simulated quarter"
NAMES = sorted(library())
NARROW = {
    "first_day": "2024-09-10",
    "split_day": "2024-09-11",
    "new_since": "2024-09-11",
    "last_day": "2024-09-12",
}
READ_FROM = {"service_days": "2024-09-03", "month_over_month": "2024-08-01"}
"""The first day that is read where it is earlier: what lies before is compared with."""


@dataclass(frozen=True)
class Whole:
    """A lake, the bill it was made from, and the days of it."""

    lake: Path
    bill: list[Line]
    days: tuple[str, str, str]
    """The first, the first of the later half, the last."""

    @property
    def values(self) -> dict[str, str]:
        """Values of the parameters that say when."""
        first, split, last = self.days
        months = {"first_month": first[:7], "last_month": last[:7]}
        days = {"first_day": first, "split_day": split, "new_since": split, "last_day": last}
        return {**days, **months}

    def ask(self, name: str, **given: str) -> QueryResult:
        """Ask a query of the library."""
        return ask(athena(self.lake), library()[name], {**self.values, **given})

    def sums(self, name: str, keys: int, *columns: str, **given: str) -> dict[Key, Any]:
        """Return amounts of an answer by the values of the named columns before."""
        answer = self.ask(name, **given)
        names = [column for column, _ in answer.columns]
        key_columns, amounts = columns[:keys], columns[keys:]
        found = {}
        for row in answer.rows:
            told: dict[str, Any] = dict(zip(names, row, strict=True))
            key = tuple(told[column] for column in key_columns)
            assert key not in found
            found[key] = tuple(told[column] for column in amounts)
        return found

    def lines(self, *categories: str) -> list[Line]:
        """Return the bill's lines of some categories; of all but Tax where none is named."""
        return [
            line
            for line in self.bill
            if (line["ChargeCategory"] in categories if categories else not_tax(line))
        ]


def not_tax(line: Line) -> bool:
    return line["ChargeCategory"] != "Tax"


def ask(engine: LocalAthena, query: LibraryQuery, given: Mapping[str, str]) -> QueryResult:
    """Ask with the examples' values where none is given."""
    known = {p.name for p in query.parameters}
    values = {**query.examples(), **{k: v for k, v in given.items() if k in known}}
    return engine.query(with_parameters(query.sql, query.literals(values)))


@pytest.fixture(scope="module")
def wholes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Whole]:
    """Return both lakes."""
    folder: Path = tmp_path_factory.mktemp("lakes")
    real = write_lake(folder / "real", file_source(samples.REAL), file_source(samples.GENERATED))
    exports = quarter.write_quarter(folder / "exports")
    simulated = write_lake(folder / "quarter", *quarter.quarter_sources(exports))
    files = sorted((folder / "exports").rglob("*.csv.gz"))
    return {
        REAL: Whole(
            real,
            read_bill([samples.REAL, samples.GENERATED]),
            ("2024-09-01", "2026-05-10", "2026-05-31"),
        ),
        QUARTER: Whole(simulated, read_bill(files), (quarter.FIRST, "2026-08-16", quarter.LAST)),
    }


@pytest.fixture(params=[REAL, QUARTER])
def whole(request: pytest.FixtureRequest, wholes: dict[str, Whole]) -> Whole:
    """Return each of them."""
    return wholes[request.param]


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_has_the_declared_columns(whole: Whole, name: str) -> None:
    """Names and types, in order; Athena's API leaves a timestamp's digits out."""
    found = [(n, t.replace("timestamp(3)", "timestamp")) for n, t in whole.ask(name).columns]
    assert found == [(n.lower(), t) for n, t in library()[name].columns]


# -- money ------------------------------------------------------------------------------------


def test_service_days(whole: Whole) -> None:
    """Each day and service."""
    expected = added(
        whole.lines(),
        lambda r: (r["BillingCurrency"], r.day, r["ServiceName"]),
        lambda r: r.effective,
    )
    got = whole.sums("service_days", 3, "currency", "charge_date", "service", "effective")
    assert got == expected


def test_the_first_day_has_a_week_before_it(whole: Whole) -> None:
    """That of the bill, though it was not asked for."""
    costs = added(
        whole.lines(),
        lambda r: (r["BillingCurrency"], r.day, r["ServiceName"]),
        lambda r: r.effective,
    )
    first = whole.days[1]
    names = ("currency", "charge_date", "service", "effective", "week_before")
    got = whole.sums("service_days", 3, *names, first_day=first, last_day=first)

    def week_before(key: Key) -> Decimal | None:
        day = date.fromisoformat(first) - timedelta(days=7)
        return costs.get((key[0], day.isoformat(), key[2]), (None,))[0]

    assert got == {k: (*v, week_before(k)) for k, v in costs.items() if k[1] == first}
    assert any(before for _, before in got.values())


def test_storage_classes(wholes: dict[str, Whole]) -> None:
    """Each by its words; a fifth of gp2 alone may be saved."""
    words = {"gp2 volume": "(gp2) provisioned", "magnetic volume": "Magnetic provisioned"}
    answer = wholes[REAL].ask("storage_classes", last_day="2024-09-30")
    names = [column for column, _ in answer.columns]
    found: list[dict[str, Any]] = [dict(zip(names, row, strict=True)) for row in answer.rows]
    for kind, said in words.items():
        lines = [r for r in wholes[REAL].lines("Usage") if said in (r["ChargeDescription"] or "")]
        expected = added(lines, lambda r: (), lambda r: r.effective, lambda r: r.amount("ListCost"))
        told = [row for row in found if row["kind"] == kind]
        assert {(): (total(told, "effective"), total(told, "list_cost"))} == expected
        assert all((row["saving"] is None) == (kind != "gp2 volume") for row in told)


def total(rows: list[dict[str, Any]], column: str) -> Decimal:
    return sum((row[column] for row in rows), Decimal(0))


def halves(whole: Whole) -> tuple[Callable[[Line], Decimal], Callable[[Line], Decimal]]:
    split = whole.days[1]
    return (
        lambda r: r.effective if r.day < split else Decimal(0),
        lambda r: r.effective if r.day >= split else Decimal(0),
    )


def test_service_change(whole: Whole) -> None:
    """Both stretches of days, and what lies between them."""
    expected = added(
        whole.lines(), lambda r: (r["BillingCurrency"], r["ServiceName"]), *halves(whole)
    )
    got = whole.sums("service_change", 2, "currency", "service", "earlier", "later", "change")
    assert got == {key: (e, late, late - e) for key, (e, late) in expected.items()}


def test_movers(whole: Whole) -> None:
    """All that moved, the largest first."""
    expected = added(
        whole.lines(),
        lambda r: (r["BillingCurrency"], r["SubAccountId"], r["ServiceName"], r.resource),
        *halves(whole),
    )
    names = ("currency", "account", "service", "resource", "earlier", "later")
    got = whole.sums("movers", 4, *names, top="100000")
    assert got == {key: both for key, both in expected.items() if both[0] != both[1]}
    changes = [abs(late - earlier) for earlier, late in got.values()]
    assert changes == sorted(changes, reverse=True)
    assert len(whole.ask("movers", top="3").rows) == 3


def test_cash_against_accrual(whole: Whole) -> None:
    """The whole bill, Tax too."""
    expected = added(
        whole.bill,
        lambda r: (
            r["BillingCurrency"],
            r.period,
            r["ChargeCategory"],
            r["ChargeClass"],
            r["CommitmentDiscountStatus"],
        ),
        lambda r: r.billed,
        lambda r: r.effective,
        lambda r: r.billed - r.effective,
    )
    names = ("currency", "billing_period", "category", "class", "commitment_status")
    got = whole.sums("cash_against_accrual", 5, *names, "billed", "effective", "difference")
    assert got == expected


def test_bill_split(whole: Whole) -> None:
    """By category, and the shares are a hundred percent."""
    expected = added(
        whole.bill,
        lambda r: (
            r["BillingCurrency"],
            r["ChargeCategory"],
            r["ServiceCategory"],
            r["ServiceSubcategory"],
        ),
        lambda r: r.billed,
    )
    names = ("currency", "category", "service_category", "service_subcategory")
    got = whole.sums("bill_split", 4, *names, "billed", "percent")
    assert {key: (billed,) for key, (billed, _) in got.items()} == expected
    assert sum(percent for _, percent in got.values()) == pytest.approx(100, abs=0.1)


def test_cost_by_place(whole: Whole) -> None:
    """By region, zone and account."""
    expected = added(
        whole.lines(),
        lambda r: (
            r["BillingCurrency"],
            r["RegionId"],
            r["AvailabilityZone"],
            r["SubAccountId"],
        ),
        lambda r: r.effective,
    )
    got = whole.sums("cost_by_place", 4, "currency", "region", "zone", "account", "effective")
    assert got == expected


def test_cost_by_tag(whole: Whole) -> None:
    """The untagged on a line of its own."""
    for tag in ("application", "Environment"):
        expected = added(
            whole.lines(),
            lambda r, tag=tag: (  # type: ignore[misc]
                r["BillingCurrency"],
                r.tags.get(tag, "").strip(" ") or None,
            ),
            lambda r: r.effective,
        )
        assert whole.sums("cost_by_tag", 2, "currency", "name", "effective", tag=tag) == expected


def test_tag_coverage(whole: Whole) -> None:
    """What bears the tag, and what does not."""

    def tagged(line: Line) -> Decimal:
        return line.effective if line.tags.get("application", "").strip(" ") else Decimal(0)

    expected = added(
        whole.lines(),
        lambda r: (r["BillingCurrency"], r.day[:7], r["SubAccountId"], r["ServiceName"]),
        tagged,
        lambda r: r.effective - tagged(r),
    )
    names = ("currency", "month", "account", "service", "tagged", "untagged")
    assert whole.sums("tag_coverage", 4, *names) == expected


def test_invoices(whole: Whole) -> None:
    """Each invoice, and what it is made of."""

    def only(category: str) -> Callable[[Line], Decimal]:
        return lambda r: r.billed if r["ChargeCategory"] == category else Decimal(0)

    expected = added(
        whole.bill,
        lambda r: (r["BillingCurrency"], r.period, r["InvoiceId"], r["InvoiceIssuerName"]),
        *map(only, ("Usage", "Purchase", "Credit", "Adjustment", "Tax")),
        lambda r: r.billed,
    )
    names = ("currency", "billing_period", "invoice", "issuer")
    parts = ("usage", "purchases", "credits", "adjustments", "tax", "billed")
    assert whole.sums("invoices", 4, *names, *parts) == expected


def test_corrections(whole: Whole) -> None:
    """Credits, adjustments and what is below nothing."""
    lines = [
        line
        for line in whole.bill
        if line["ChargeClass"] == "Correction"
        or line["ChargeCategory"] in ("Credit", "Adjustment")
        or line.billed < 0
    ]
    expected = added(
        lines,
        lambda r: (
            r["BillingCurrency"],
            r.period,
            r.day[:7],
            r["SubAccountId"],
            r["ServiceName"],
            r["ChargeCategory"],
            r["ChargeDescription"],
        ),
        lambda r: r.billed,
    )
    names = ("currency", "billing_period", "charge_month", "account", "service", "category")
    assert whole.sums("corrections", 7, *names, "description", "billed") == expected


def test_commitment_use(whole: Whole) -> None:
    """Used and unused, by commitment."""

    def status(line: Line) -> str | None:
        return line["CommitmentDiscountStatus"] or line["CapacityReservationStatus"]

    lines = [
        line
        for line in whole.lines("Usage")
        if line["CommitmentDiscountId"] or line["CapacityReservationId"]
    ]
    expected = added(
        lines,
        lambda r: (r["BillingCurrency"], r["CommitmentDiscountId"] or r["CapacityReservationId"]),
        lambda r: r.effective if status(r) == "Used" else Decimal(0),
        lambda r: r.effective if status(r) == "Unused" else Decimal(0),
    )
    names = ("currency", "commitment", "used", "unused", "unused_percent")
    got = whole.sums("commitment_use", 2, *names)
    assert {key: amounts[:2] for key, amounts in got.items()} == expected
    for used, unused, percent in got.values():
        both = used + unused
        assert percent == (pytest.approx(float(100 * unused / both), abs=0.051) if both else None)


def test_savings_rate(whole: Whole) -> None:
    """By service, and the total on a line of its own; what nobody used has no list cost."""

    def is_unused(line: Line) -> bool:
        return "Unused" in (line["CommitmentDiscountStatus"], line["CapacityReservationStatus"])

    def list_cost(line: Line) -> Decimal:
        return Decimal(0) if is_unused(line) else line.amount("ListCost")

    lines = [line for line in whole.lines("Usage") if line["ListCost"] is not None]
    amounts = (list_cost, lambda r: r.effective, lambda r: list_cost(r) - r.effective)
    expected = added(lines, lambda r: (r["BillingCurrency"], r["ServiceName"]), *amounts)
    expected |= added(lines, lambda r: (r["BillingCurrency"], None), *amounts)
    got = whole.sums("savings_rate", 2, "currency", "service", "list_cost", "effective", "savings")
    assert got == expected
    assert any(map(is_unused, lines))


def test_month_over_month(whole: Whole) -> None:
    """Each month and account."""
    expected = added(
        whole.lines(),
        lambda r: (r["BillingCurrency"], r.day[:7], r["SubAccountId"]),
        lambda r: r.effective,
    )
    got = whole.sums("month_over_month", 3, "currency", "month", "name", "effective", by="account")
    assert got == expected


def test_the_running_month_is_counted_to_its_whole_length(wholes: dict[str, Whole]) -> None:
    """Half a month is doubled before it is compared."""
    got = wholes[QUARTER].sums(
        "month_over_month", 3, "currency", "month", "name",
        "effective", "days", "whole_month", "month_before",
        by="service", last_day="2026-09-15",
    )  # fmt: skip
    name = "Amazon Elastic Compute Cloud"
    effective, days, whole_month, before = got["USD", "2026-09", name]
    assert days == 15
    assert whole_month == pytest.approx(effective * 2, abs=Decimal("0.01"))
    assert before == pytest.approx(got["USD", "2026-08", name][0], abs=Decimal("0.01"))


def test_a_forecast_of_a_month_that_is_over_is_the_month(wholes: dict[str, Whole]) -> None:
    """No days are left, so that there is no range."""
    whole = wholes[QUARTER]
    (row,) = whole.ask("month_forecast", first_day="2026-08-01").rows
    _, month, days, so_far, _, forecast, low, high, _, before = row
    expected = added(whole.lines(), lambda r: (r.day[:7],), lambda r: r.effective)
    assert (month, days) == ("2026-09", 30)
    assert (so_far, before) == (expected["2026-09",][0], expected["2026-08",][0])
    assert forecast == low == high == round(expected["2026-09",][0], 2)


# -- files --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def beside_garbage(
    wholes: dict[str, Whole], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Return lakes with an unreadable file in each partition that must not be touched."""
    root: Path = tmp_path_factory.mktemp("garbage")
    lakes = {}
    for kind in ("charge", "billing", "none", *READ_FROM):
        lake = root / kind
        shutil.copytree(wholes[REAL].lake, lake)
        # Neighbours that have no rows at all, too.
        days = ("2024-07-31", "2024-08-01", "2024-08-31", "2024-09-02", "2024-09-03")
        for period, day in (("2024-08", "2024-09-10"), *(("2024-09", day) for day in days)):
            charges_folder(lake, period, day).mkdir(parents=True, exist_ok=True)
        for folder in (lake / CHARGES_STORED.prefix).glob("*/*/*"):
            day = folder.name[-10:]
            wanted = {
                "billing": folder.parent.name == "billing_period=2024-09",
                "none": False,
            }.get(kind, READ_FROM.get(kind, NARROW["first_day"]) <= day <= NARROW["last_day"])
            if not wanted:
                put(folder / "garbage.parquet", b"this is no parquet file")
        lakes[kind] = lake
    return lakes


@pytest.mark.parametrize("name", NAMES)
def test_no_other_partition_is_touched(beside_garbage: dict[str, Path], name: str) -> None:
    """Days and months that were not asked for may be unreadable."""
    query = library()[name]
    reads_charges = any(table.startswith(("charges", "findings", "focus")) for table in query.reads)
    kind = name if name in READ_FROM else query.period
    lake = beside_garbage[kind if reads_charges else "none"]
    answer = ask(athena(lake), query, NARROW)
    assert answer.files_scanned or not reads_charges


def test_a_comparison_touches_only_its_evaluations(
    beside_garbage: dict[str, Path], tmp_path: Path
) -> None:
    """Another evaluation's rows of the same days may be unreadable."""
    lake = shutil.copytree(beside_garbage["charge"], tmp_path / "lake")
    other = "evaluation=v9/billing_period=2024-09/charge_date=2024-09-10/x.parquet"
    put(lake / CHARGES_STORED.prefix / other, b"this is no parquet file")
    assert ask(athena(lake), library()["evaluations_compared"], NARROW).files_scanned
