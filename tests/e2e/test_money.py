"""From a real file to an exact answer: every sum equals the file's, to its last digit."""

import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests import samples
from tests.e2e.conftest import Finops

FILES = [samples.REAL, samples.GENERATED]


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_billed_by_service_equals_the_file(finops: Finops, file: Path) -> None:
    """`sum(billed_cost)` by service is the file's own, each row at the lake's twelve decimals."""
    assert finops("ingest", str(file), "--source", "focus").code == 0
    sql = "select service_name, sum(billed_cost) as billed from charges group by 1"
    answer = finops("query", "--json", "--sql", sql).json
    expected: dict[str, list[Decimal]] = defaultdict(list)
    for row in samples.rows(file):
        amount = samples.value(row["BilledCost"])
        expected[row["ServiceName"]].append(samples.stored(amount or Decimal(0)))
    assert {r["service_name"]: Decimal(r["billed"]) for r in answer} == {
        name: samples.total(values) for name, values in expected.items()
    }
    assert all(isinstance(r["billed"], str) for r in answer)


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_stored_plus_residue_is_the_source_in_every_column_and_currency(
    finops: Finops, file: Path
) -> None:
    """For each money and quantity column: sum in the lake + residue in deliveries = file."""
    finops("ingest", str(file))
    expected = samples.sums(file)
    stored = _stored(finops)
    residues = _residues(finops)
    assert {k: samples.WIDE.add(stored[k], residues[k]) for k in expected} == expected
    if file == samples.GENERATED:
        assert any(residues.values()), "this sample has more than twelve decimals"


def _stored(finops: Finops) -> dict[tuple[str, str], Decimal]:
    columns = ", ".join(f"sum({c}) as {c}" for c in map(samples.snake, samples.AMOUNTS))
    sql = (
        "select billing_currency as billing, coalesce(pricing_currency, billing_currency) as "
        f"pricing, {columns} from charges group by 1, 2"
    )
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in finops("query", "--json", "--sql", sql).json:
        for column in samples.AMOUNTS:
            amount = row[samples.snake(column)]
            if amount is not None:
                currency = row["pricing" if column.startswith("PricingCurrency") else "billing"]
                key = (currency, column)
                found[key] = samples.WIDE.add(found[key], Decimal(amount))
    return found


def _residues(finops: Finops) -> dict[tuple[str, str], Decimal]:
    names = {samples.snake(c): c for c in samples.AMOUNTS}
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in _sums(finops("deliveries", "--json").json):
        key = (entry["currency"], names[entry["column_name"]])
        found[key] = samples.WIDE.add(found[key], Decimal(entry["residue"]))
    return found


def _sums(deliveries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [s for d in deliveries for day in d["days"] for s in day["sums"]]


def test_rows_are_normalised_and_kept(finops: Finops) -> None:
    """NULL, times without zone, negative usage and two payer accounts come through as they are."""
    report = finops("ingest", "--json", str(samples.REAL)).json
    source = samples.rows(samples.REAL)
    assert {d["billing_account_id"] for d in report["deliveries"]} == {
        r["BillingAccountId"] for r in source
    }
    assert report["normalised"]["time-without-zone"] == len(source)
    rows = finops(
        "query", "--json", "--sql",
        "select ordinal, charge_period_start, resource_name, billed_cost, "
        "json_format(cast(x_extensions as json)) as x_extensions "
        "from charges order by ordinal",
    ).json  # fmt: skip
    assert len(rows) == len(source)
    for row, original in zip(rows, source, strict=True):
        # The report prints times without zone: they are UTC.
        assert row["charge_period_start"].replace("T", " ")[:19] == original["ChargePeriodStart"]
        assert row["resource_name"] == (
            None if original["ResourceName"] == "NULL" else original["ResourceName"]
        )
        assert Decimal(row["billed_cost"]) == Decimal(original["BilledCost"])
        assert json.loads(row["x_extensions"]) == {"Id": original["Id"]}
    negative = [r for r in source if Decimal(r["BilledCost"]) < 0]
    assert negative
    assert sum(Decimal(r["billed_cost"]) < 0 for r in rows) == len(negative)


def test_broken_rows_end_in_quarantine_with_their_money(finops: Finops) -> None:
    """Every row is an event or in quarantine with file, line, reason and original text."""
    report = finops("ingest", "--json", str(samples.BROKEN), "--max-rejected", "100%").json
    lines = samples.BROKEN.read_text("utf-8").splitlines()
    events = sum(d["events"] for d in report["deliveries"])
    quarantined = finops("quarantine", "list", "--json").json
    assert report["rows"] == len(lines) - 1 == events + len(quarantined)
    assert {q["reason"] for q in quarantined} == {
        "bad-amount", "bad-time", "missing-value", "wrong-field-count",
    }  # fmt: skip
    for entry in quarantined:
        shown = finops("quarantine", "show", "--json", entry["id"]).json
        line = int(entry["where"].rsplit(" ", 1)[1])
        assert shown["original"] == lines[line - 1]
    rejected = {
        (r["reason"], r["currency"]): r["billed_cost"]
        for d in report["deliveries"]
        for r in d["rejected"]
    }
    source = samples.rows(samples.BROKEN)
    bad_time = next(r for r in source if r["ChargePeriodStart"] == "yesterday")
    assert Decimal(rejected[("bad-time", "USD")]) == Decimal(bad_time["BilledCost"])
    assert rejected[("wrong-field-count", None)] is None
