"""A restatement, a doubled delivery and a correction, as views and queries see them.

September was billed, restated (a charge became cheaper, one vanished, one came), and Firehose
delivered it twice; October's bill corrects a day of September.
"""

import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from infra.athena.library import library
from infra.local.athena import LocalAthena
from schemas.lake import PROCESSED
from tests.exports import charge, csv_bytes
from tests.infra.athena.test_library_answers import ask
from tests.infra.athena.whole_lakes import athena, write_lake
from tests.sources import file_source

D = Decimal
FIRST = [
    charge("2026-09-03", "10", ResourceId="cheaper"),
    charge("2026-09-03", "5", ResourceId="gone"),
    charge("2026-09-04", "8", ResourceId="same"),
]
RESTATED = [
    charge("2026-09-03", "7", ResourceId="cheaper"),
    charge("2026-09-04", "8", ResourceId="same"),
    charge("2026-09-05", "2", ResourceId="new"),
]
OCTOBER = [
    charge("2026-10-01", "100", ResourceId="same", InvoiceId="october"),
    {
        **charge("2026-09-03", "-1", ResourceId="cheaper", ChargeClass="Correction"),
        "BillingPeriodStart": "2026-10-01T00:00:00Z",
        "BillingPeriodEnd": "2026-11-01T00:00:00Z",
        "InvoiceId": "october",
    },
]
DAYS = {"first_day": "2026-09-01", "split_day": "2026-10-01", "last_day": "2026-10-31"}
WHEN = {**DAYS, "first_month": "2026-09", "last_month": "2026-10"}
TRUE_BY_DAY = {
    "2026-09-03": D(6),
    "2026-09-04": D(8),
    "2026-09-05": D(2),
    "2026-10-01": D(100),
}
TOTAL = sum(TRUE_BY_DAY.values())
TOTALS = {
    "bill_split": "billed",
    "cash_against_accrual": "billed",
    "cost_by_place": "effective",
    "cost_by_tag": "effective",
    "invoices": "billed",
    "month_over_month": "effective",
    "movers": "change",
    "service_change": "change",
    "service_days": "effective",
    "tag_coverage": "effective",
    "unit_cost": "effective",
    "focus": "BilledCost",
}
"""Queries of all money, and the column that holds it."""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> LocalAthena:
    """Return the lake that all this made."""
    folder: Path = tmp_path_factory.mktemp("lake")
    sources = []
    for name, rows in (("first", FIRST), ("restated", RESTATED), ("october", OCTOBER)):
        columns = list(dict.fromkeys(key for row in rows for key in row))
        path = folder / f"{name}.csv"
        path.write_bytes(csv_bytes(rows, columns))
        sources.append(file_source(path))
    lake = write_lake(folder / "lake", *sources)
    for file in list((lake / PROCESSED).rglob("*.parquet")):
        shutil.copy(file, file.with_name("finops-1-again.parquet"))
    return athena(lake)


def rows(engine: LocalAthena, name: str, **given: str) -> list[dict[str, Any]]:
    answer = ask(engine, library()[name], {**WHEN, **given})
    names = [column for column, _ in library()[name].columns]
    return [dict(zip(names, row, strict=True)) for row in answer.rows]


@pytest.mark.parametrize(
    ("view", "day", "cost"), [("charges", "charge_date", "billed_cost"),
                              ("focus", '"x_ChargeDate"', '"BilledCost"')],
)  # fmt: skip
def test_the_truth_is_the_newest_delivery_and_the_correction(
    engine: LocalAthena, view: str, day: str, cost: str
) -> None:
    """Each row once, whatever was delivered twice."""
    found = engine.query(f"select {day} as d, sum({cost}) as c from {view} group by 1").rows
    assert {str(date): cost for date, cost in found} == TRUE_BY_DAY


def test_what_was_believed_is_all_there_once(engine: LocalAthena) -> None:
    """The first September, too."""
    sql = "select count(*), count(distinct event_id), sum(billed_cost) from charges_all"
    assert engine.query(sql).rows == [(8, 8, D(23 + 17 + 99))]


def test_each_delivery_is_listed_once(engine: LocalAthena) -> None:
    """The first one as superseded."""
    found = engine.query("select status, events from deliveries order by asserted_at, status").rows
    assert sorted(found) == [("active", 2), ("active", 3), ("superseded", 3)]


def test_findings_are_those_of_the_truth(engine: LocalAthena) -> None:
    """None of rows that are no longer true, and each once."""
    found = engine.query("select event_id, rule, resource_id from findings").rows
    true = {row[0] for row in engine.query("select event_id from charges").rows}
    assert found
    assert len(found) == len({(event, rule) for event, rule, _ in found})
    assert {event for event, _, _ in found} <= true
    assert "gone" not in {resource for _, _, resource in found}


@pytest.mark.parametrize(("name", "column"), TOTALS.items())
def test_a_query_of_all_money_has_all_of_it_once(
    engine: LocalAthena, name: str, column: str
) -> None:
    """Changes are October less September."""
    total = sum(row[column] for row in rows(engine, name))
    assert total == (100 - 16 if column == "change" else TOTAL)


def test_the_correction_is_in_its_bill_and_on_its_day(engine: LocalAthena) -> None:
    """Billed in October, arisen in September."""
    (found,) = rows(engine, "corrections")
    assert (found["billing_period"], found["charge_month"]) == ("2026-10", "2026-09")
    assert (found["class"], found["billed"]) == ("Correction", D(-1))
    (invoice,) = [row for row in rows(engine, "invoices") if row["invoice"] == "october"]
    assert (invoice["billed"], invoice["corrections"]) == (D(99), D(-1))


def test_a_day_s_history_shows_what_was_believed_when(engine: LocalAthena) -> None:
    """Both deliveries of September's day, and October's correction of it."""
    found = [
        (row["billing_period"], row["status"], row["lines"], row["billed"])
        for row in rows(engine, "day_history", first_day="2026-09-03", last_day="2026-09-03")
    ]
    assert sorted(found) == [
        ("2026-09", "active", 1, D(7)),
        ("2026-09", "superseded", 2, D(15)),
        ("2026-10", "active", 1, D(-1)),
    ]
