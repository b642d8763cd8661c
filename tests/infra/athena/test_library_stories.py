"""Queries that answer more than a sum, each on a story small enough to be worked out by hand."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from infra.athena.library import library
from tests.infra.athena.test_library_answers import ask
from tests.infra.report import lakes
from tests.infra.report.lakes import Row, anomaly, charge, commitment, finding

D = Decimal
DAYS = {"first_day": "2026-05-01", "split_day": "2026-05-16", "last_day": "2026-05-31"}


def told(
    folder: Path,
    query: str,
    charges: list[Row],
    anomalies: list[Row] | None = None,
    **given: str,
) -> list[dict[str, Any]]:
    """Return a query's answer on a lake of some rows, without the currency."""
    charges = [{**row, "ordinal": ordinal} for ordinal, row in enumerate(charges)]
    # A lake has a day at least.
    lake = lakes.write(
        folder / "lake", charges or [charge(1, "2020-01-01", "S", "1")], anomalies or ()
    )
    answer = ask(lakes.athena(lake), library()[query], {**DAYS, **given})
    names = [column for column, _ in library()[query].columns]
    rows = [dict(zip(names, row, strict=True)) for row in answer.rows]
    assert all(row.pop("currency") == "USD" for row in rows)
    return rows


def hourly(day: str, hour: int, cost: str, **columns: Any) -> Row:
    """Return a charge of one hour."""
    year, month, date = map(int, day.split("-"))
    return charge(
        0, day, "Compute", cost,
        charge_period_start=datetime(year, month, date, hour),
        charge_period_end=datetime(year, month, date, hour + 1), **columns,
    )  # fmt: skip


def test_an_anomaly_is_told_with_its_life(tmp_path: Path) -> None:
    """How long, how late it was seen, what it cost; what was taken back is not there."""
    days = [{"charge_date": f"2026-05-0{n}", "actual": "30", "expected": "10"} for n in (3, 4, 5)]
    found = [
        anomaly(
            1, "2026-05-03", "Compute", status="open", end_date="2026-05-05", days=days,
            actual="90", expected="30", impact="60", owner="ann",
            first_seen="2026-05-06T05:00:00+00:00",
        ),
        anomaly(2, "2026-05-09", "Compute", status="ended", suppression_reason="load test"),
        anomaly(3, "2026-05-10", "Compute", status="withdrawn"),
    ]  # fmt: skip
    rows = told(tmp_path, "anomaly_lives", [], found)
    assert [
        (r["status"], r["first_day"], r["last_day"], r["abnormal_days"], r["impact"]) for r in rows
    ] == [
        ("open", "2026-05-03", "2026-05-05", 3, D(60)),
        ("ended", "2026-05-09", "2026-05-09", 1, D("30.000000000001")),
    ]
    assert [(r["owner"], r["days_until_seen"], r["planned_event"]) for r in rows] == [
        ("ann", 3, None),
        (None, 0, "load test"),
    ]


def test_an_abnormal_day_names_the_resource_that_added_most(tmp_path: Path) -> None:
    """Each day of an anomaly; the first contributor, or none."""
    two = [
        {"charge_date": "2026-05-03", "actual": "50", "expected": "20"},
        {"charge_date": "2026-05-04", "actual": "30", "expected": "20"},
    ]
    found = [
        anomaly(1, "2026-05-03", "Compute", days=two),
        anomaly(2, "2026-05-07", "Compute", contributors=[]),
        anomaly(3, "2026-05-08", "Compute", status="withdrawn"),
    ]
    rows = told(tmp_path, "abnormal_days", [], found)
    assert [(r["charge_date"], r["percent"], r["resource"]) for r in rows] == [
        ("2026-05-07", 150.0, None),
        ("2026-05-03", 150.0, "i-1"),
        ("2026-05-04", 50.0, "i-1"),
    ]
    assert {r["resource_actual"] for r in rows} == {D(40), None}


def test_low_value_adds_up_by_owner_and_year(tmp_path: Path) -> None:
    """The newest month's amount, for 365 days instead of 30; what has stopped is not there."""
    ann = {"tags": [("owner", "ann")]}

    def low(day: str, cost: str, **columns: Any) -> Row:
        found = [finding("find_low_value", cost, "info")]
        return charge(0, day, "KMS", "1", findings=found, **ann, **columns)

    charges = [
        *(low(day, cost, resource_id="key") for day, cost in
          (("2026-05-01", "2"), ("2026-04-01", "3"))),
        low("2026-04-01", "5", resource_id="stopped"),
        # No resource: one SKU in several regions, of which each is a series of its own.
        *(low("2026-05-01", cost, resource_id=None, sku_id="SKU", region_id=region)
          for region, cost in (("eu-west-1", "2"), ("eu-west-2", "3"), ("us-east-1", "4"))),
        # Another payer's newest month may be an older one.
        low("2026-04-01", "6", resource_id="elsewhere", billing_account_id="other"),
    ]  # fmt: skip
    rows = told(tmp_path, "low_value", charges, first_day="2026-04-01")
    assert [(r["resource"], r["months"], r["monthly"], r["yearly"]) for r in rows] == [
        ("SKU", 1, D(9), D("109.5")),
        ("elsewhere", 1, D(6), D(73)),
        ("key", 2, D(2), D("24.33")),
    ]
    assert {(r["owner"], r["owner_yearly"]) for r in rows} == {("ann", D("206.83"))}


def test_a_blank_tag_names_no_owner(tmp_path: Path) -> None:
    """As in the summaries: the next tag that has a value does, and the case of keys counts."""
    cases = {"a": [("owner", " "), ("application", "shop")], "b": [("Owner", "Ana")], "c": []}
    charges = [
        charge(0, "2026-05-01", "KMS", "1", resource_id=name, tags=tags,
               findings=[finding("find_low_value", "1", "info")])
        for name, tags in cases.items()
    ]  # fmt: skip
    rows = told(tmp_path, "low_value", charges)
    assert {r["resource"]: r["owner"] for r in rows} == {"a": "shop", "b": None, "c": None}


def test_spellings_of_one_value_stand_together(tmp_path: Path) -> None:
    """Case, blanks and separators do not count; another value does."""
    values = ["Prod", "prod", "PROD ", "test"]
    charges = [charge(0, "2026-05-02", "S", "1", tags=[("env", v)]) for v in values]
    (row,) = told(tmp_path, "tag_variants", charges, tag="env")
    assert (row["plain"], row["spellings"], row["effective"]) == ("prod", 3, D(3))


def test_opposite_moves_are_seen(tmp_path: Path) -> None:
    """Their sum hides them."""
    charges = [
        charge(0, "2026-05-02", "Down", "10"),
        charge(0, "2026-05-20", "Up", "9"),
        charge(0, "2026-05-20", "Else", "5", sub_account_id="222"),
    ]
    (row,) = told(tmp_path, "masked_moves", charges)
    assert row == {
        "account": "111", "up": D(9), "down": D(-10), "net": D(-1), "rising": 1, "falling": 1,
    }  # fmt: skip


def test_a_budget_runs_out_on_a_day(tmp_path: Path) -> None:
    """Ten a day of a hundred: fifty are left after five days, and last for five."""
    charges = [charge(0, f"2026-05-0{day}", "S", "10") for day in range(1, 6)]
    (row,) = told(tmp_path, "budget_pace", charges, budget="100", name="111")
    assert (row["spent"], row["days"], row["runs_out"]) == (D(50), 5, "2026-05-10")
    (row,) = told(tmp_path / "b", "budget_pace", charges, budget="50", name="111")
    assert row["runs_out"] == "spent"


def test_a_unit_of_business_has_a_cost(tmp_path: Path) -> None:
    """By application."""
    charges = [charge(0, "2026-05-02", "S", "30", tags=[("application", "shop")])]
    (row,) = told(tmp_path, "unit_cost", charges, units="12000")
    assert (row["name"], row["per_unit"]) == ("shop", D("0.0025"))


def test_nights_and_weekends_are_off(tmp_path: Path) -> None:
    """A Monday at noon is not; production never is."""
    dev = {"tags": [("environment", "dev")], "resource_id": "i-1"}
    charges = [
        hourly("2026-05-04", 12, "1", **dev),
        hourly("2026-05-04", 3, "2", **dev),
        hourly("2026-05-09", 12, "4", **dev),
        hourly("2026-05-09", 12, "8", tags=[("environment", "Production")]),
    ]
    (row,) = told(tmp_path, "off_hours", charges)
    assert (row["hours"], row["off_hours"], row["off_hours_cost"]) == (3, 2, D(6))


def test_what_is_new_is_new_against_the_days_before(tmp_path: Path) -> None:
    """A service that came in the last days, and none that was there."""
    charges = [
        charge(0, "2026-05-02", "Old", "1"),
        charge(0, "2026-05-30", "Old", "1"),
        charge(0, "2026-05-30", "New", "3"),
    ]
    (row,) = told(tmp_path, "first_seen", charges, new_since="2026-05-25")
    assert (row["kind"], row["name"], row["first_seen"]) == ("service", "New", "2026-05-30")


def test_a_week_before_is_the_same_weekday(tmp_path: Path) -> None:
    """And nothing where that day had no such charge."""
    charges = [charge(0, day, "S", cost) for day, cost in
               (("2026-05-04", "10"), ("2026-05-05", "1"), ("2026-05-11", "12"))]  # fmt: skip
    rows = told(tmp_path, "service_days", charges)
    assert [r["week_before"] for r in rows] == [None, None, D(10)]
    assert rows[-1]["change"] == D(2)


def test_one_day_is_compared_with_its_week_before(tmp_path: Path) -> None:
    """What lies before the first day is compared with, and not shown."""
    charges = [charge(0, day, "S", cost) for day, cost in
               (("2026-05-04", "10"), ("2026-05-10", "1"), ("2026-05-11", "12"))]  # fmt: skip
    day = "2026-05-11"
    (row,) = told(tmp_path, "service_days", charges, first_day=day, last_day=day)
    assert (row["charge_date"], row["effective"]) == ("2026-05-11", D(12))
    assert (row["week_before"], row["change"]) == (D(10), D(2))


def test_the_first_month_is_compared_with_the_one_before(tmp_path: Path) -> None:
    """A month asked for in part is counted to its whole length, as the running one is."""
    costs = {"2026-03-31": "99", "2026-04-01": "10", "2026-04-30": "20",
             "2026-05-01": "31", "2026-05-31": "31"}  # fmt: skip
    charges = [charge(0, day, "S", cost) for day, cost in costs.items()]
    (row,) = told(tmp_path, "month_over_month", charges)
    assert (row["month"], row["days"], row["whole_month"]) == ("2026-05", 31, D(62))
    assert (row["month_before"], row["change"]) == (D(30), D(32))
    (row,) = told(tmp_path / "b", "month_over_month", charges, first_day="2026-05-31")
    assert (row["effective"], row["days"], row["whole_month"]) == (D(31), 1, D(961))
    assert row["month_before"] == D(30)


def test_a_forecast_of_one_day_has_no_range(tmp_path: Path) -> None:
    """One day does not tell how far days vary; two do."""
    charges = [charge(0, day, "S", "10") for day in ("2026-04-30", "2026-05-01", "2026-05-02")]
    first = "2026-04-01"
    (row,) = told(tmp_path, "month_forecast", charges, first_day=first, last_day="2026-05-01")
    assert (row["forecast"], row["low"], row["high"]) == (D(310), None, None)
    (row,) = told(tmp_path / "b", "month_forecast", charges, first_day=first, last_day="2026-05-02")
    assert (row["forecast"], row["low"], row["high"]) == (D(310), D(310), D(310))


def test_what_nobody_used_saves_nothing(tmp_path: Path) -> None:
    """Its list cost is what it cost: both would cancel out, and the waste with them."""
    covered = commitment("2026-05-02", "p", "Used", "6", list_cost=D(10), contracted_cost=D(9))
    wasted = {"list_cost": D(3), "contracted_cost": D(3)}
    charges = [
        covered,
        commitment("2026-05-02", "p", "Unused", "3", **wasted),
        # A source may give no list cost of what was not used.
        commitment("2026-05-02", "p", "Unused", "0.5", list_cost=None),
        charge(0, "2026-05-02", "Service A", "0.25", capacity_reservation_id="cr",
               capacity_reservation_status="Unused", **wasted),
    ]  # fmt: skip
    total, service = told(tmp_path, "savings_rate", charges)
    assert (total.pop("service"), service.pop("service")) == (None, "Service A")
    assert total == service == {
        "list_cost": D(10), "contracted": D(9), "effective": D("9.75"), "savings": D("0.25"),
        "rate_percent": 2.5,
    }  # fmt: skip
    (row,) = told(tmp_path / "b", "commitment_coverage", charges)
    assert row["list_cost"] == D(10)


def test_a_shared_commitment_is_told_as_a_whole(tmp_path: Path) -> None:
    """What nobody used lies with its owner, what was used with whoever used it."""
    charges = [
        commitment("2026-05-02", "p", "Used", "1"),
        commitment("2026-05-02", "p", "Unused", "3"),
        commitment("2026-05-02", "p", "Used", "4", sub_account_id="222"),
        commitment("2026-05-02", "p", "Used", "2", sub_account_id="333"),
    ]
    (row,) = told(tmp_path, "commitment_use", charges)
    assert (row["kind"], row["accounts"]) == ("Savings Plan", 3)
    assert (row["used"], row["unused"], row["unused_percent"]) == (D(7), D(3), 30.0)


def test_a_reservation_that_a_commitment_pays_for_is_told_of_both(tmp_path: Path) -> None:
    """The plan is used, the capacity is not."""
    reserved = {"capacity_reservation_id": "cr", "capacity_reservation_status": "Unused"}
    charges = [
        commitment("2026-05-02", "p", "Used", "4", **reserved),
        charge(0, "2026-05-02", "Service A", "1", **reserved | {
            "capacity_reservation_status": "Used"}),
    ]  # fmt: skip
    rows = told(tmp_path, "commitment_use", charges)
    assert [(r["kind"], r["used"], r["unused"]) for r in rows] == [
        ("Capacity Reservation", D(1), D(4)),
        ("Savings Plan", D(4), D(0)),
    ]


def test_only_gp2_volumes_save_by_moving_to_gp3(tmp_path: Path) -> None:
    """By the meters and words of AWS; EBS:VolumeUsage alone is Magnetic."""
    meters = {
        "EUW2-EBS:VolumeUsage.gp2": "$0.116 per GB-month of General Purpose SSD (gp2) provisioned "
        "storage - EU (London)",
        "EBS:VolumeUsage": "$0.05 per GB-month of Magnetic provisioned storage - US East",
        "EBS:VolumeUsage.gp3": "$0.08 per GB-month of General Purpose (gp3) provisioned storage",
        "EBS:SnapshotUsage": "$0.05 per GB-Month of snapshot data stored",
        "RDS:GP2-Storage": "$0.115 per GB-month of provisioned gp2 storage running MySQL",
        "TimedStorage-ByteHrs": "$0.023 per GB - first 50 TB / month of storage used",
    }
    words = [
        *meters.items(),
        # A source may give one without the other.
        *((None, said) for said in list(meters.values())[:2]),
        ("EU-EBS:VolumeUsage", None),
    ]
    charges = [
        charge(0, "2026-05-02", "S", "10", resource_id=f"{meter} {said}", sku_meter=meter,
               charge_description=said)
        for meter, said in words
    ]  # fmt: skip
    rows = told(tmp_path, "storage_classes", charges)
    assert {r["kind"]: (r["resources"], r["saving"]) for r in rows} == {
        "gp2 volume": (2, D(4)),
        "magnetic volume": (3, None),
        "snapshot": (1, None),
        "standard storage": (1, None),
    }


def test_two_evaluations_are_compared_finding_by_finding(tmp_path: Path) -> None:
    """What one alone finds is only there."""
    charges = [charge(0, "2026-05-02", "S", "1", findings=[finding("spike", "5")])]
    told(tmp_path, "service_days", charges)
    stored = tmp_path / "lake" / "processed" / "charges"
    (first,) = stored.rglob("*.parquet")
    other = Path(str(first).replace("evaluation=v1", "evaluation=v2"))
    other.parent.mkdir(parents=True)
    other.write_bytes(first.read_bytes())
    engine = lakes.athena(tmp_path / "lake")
    rows = ask(engine, library()["evaluations_compared"], DAYS).rows
    assert [(row[1], row[5], row[7]) for row in rows] == [("v1", 1, 0), ("v2", 1, 0)]
    other.unlink()
    rows = ask(engine, library()["evaluations_compared"], DAYS).rows
    assert [(row[1], row[5], row[7]) for row in rows] == [("v1", 1, 1)]
