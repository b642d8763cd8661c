"""Lakes for the report, written straight into `processed/`: what the queries read, nothing else."""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from infra.athena.catalog import views
from infra.local.athena import LocalAthena
from infra.local.firehose.hive_type import parse
from infra.local.firehose.openx import arrow_type
from schemas.tables import ANOMALIES, CHARGES_STORED, DELIVERIES_STORED, TABLES, Table

HOSTILE = "<script>alert(1)</script>"
NOW = datetime(2026, 6, 1, 6, 30)

Row = dict[str, Any]


def athena(lake: Path) -> LocalAthena:
    """Return an engine over a lake of this module."""
    return LocalAthena(lake, TABLES, views())


def charge(ordinal: int, day: str, service: str | None, cost: str, **columns: Any) -> Row:
    """Return one row of `charges_stored`; its billed and list cost differ from the effective."""
    effective = Decimal(cost)
    return {
        "delivery_id": "d1",
        "ordinal": ordinal,
        "delivery_mode": "append",
        "billing_account_id": "payer",
        "sub_account_id": "111",
        "sub_account_name": "production",
        "billing_currency": "USD",
        "service_name": service,
        "region_id": "eu-west-1",
        "resource_id": f"resource-{ordinal}",
        "billed_cost": effective + 1,
        "effective_cost": effective,
        "list_cost": effective * 2,
        "charge_category": "Usage",
        "charge_frequency": "Usage-Based",
        "rules_version": "v1",
        "policy_version": "policy-1",
        "baseline_version": "none",
        "cost_class": "unknown",
        "tag_status": "complete",
        "findings": [],
        "charge_date": day,
        **columns,
    }


def commitment(day: str, plan: str, status: str, cost: str, **columns: Any) -> Row:
    """Return a charge that a commitment covers, or that nothing used."""
    return charge(
        0,
        day,
        "Service A",
        cost,
        commitment_discount_id=f"arn:aws:savingsplans::100000000000:savingsplan/{plan}",
        commitment_discount_name=f"Plan {plan}",
        commitment_discount_type="Savings Plan",
        commitment_discount_status=status,
        **columns,
    )


def finding(rule: str, amount: str | None, severity: str = "low") -> Row:
    """Return one finding of a row."""
    money = None if amount is None else Decimal(amount)
    return {
        "rule": rule,
        "severity": severity,
        "message": "because",
        "amount": money,
        "expected": None,
    }


def anomaly(number: int, day: str, service: str, **columns: Any) -> Row:
    """Return one row of `anomalies`: 50 instead of 20."""
    return {
        "anomaly_id": f"a{number}",
        "status": "ended",
        "charge_date": day,
        "end_date": day,
        "owner": None,
        "billing_account_id": "payer",
        "sub_account_id": "111",
        "service_name": service,
        "region_id": "eu-west-1",
        "billing_currency": "USD",
        "actual": "50.000000000001",
        "expected": "20",
        "impact": "30.000000000001",
        "days": [{"charge_date": day, "actual": "50.000000000001", "expected": "20"}],
        "contributors": [{"resource_id": "i-1", "actual": "40", "expected": "0.5"}],
        "first_seen": f"{day}T05:00:00+00:00",
        **columns,
    }


def delivery(delivery_id: str, status: str, **columns: Any) -> Row:
    """Return one delivery: its row in `deliveries_stored`, and what settle found of it.

    One that is `unsettled` it has not looked at.
    """
    return {
        "delivery_id": delivery_id,
        "status": status,
        "detail": "",
        "stored": 10,
        "delivery_mode": "overwrite",
        "source": "focus",
        "source_name": "export.csv",
        "billing_account_id": "payer",
        "scope_period": "2026-05",
        "asserted_at": NOW,
        "mapper_version": "1",
        "events": 10,
        "days": [],
        "rejected": [],
        **columns,
    }


def write(
    lake: Path,
    charges: Iterable[Row] = (),
    anomalies: Iterable[Row] = (),
    deliveries: Iterable[Row] = (),
) -> Path:
    """Write a lake and return its folder."""
    by_day: dict[str, list[Row]] = {}
    for row in charges:
        by_day.setdefault(row.pop("charge_date"), []).append(row)
    for day, rows in by_day.items():
        parts = f"evaluation=v1/billing_period={day[:7]}/charge_date={day}"
        _parquet(lake, CHARGES_STORED, parts, rows)
    _json(lake / "state" / "active_evaluation" / "active.json", [{"evaluation": "v1"}])
    _json(lake / ANOMALIES.prefix / "anomalies.json", anomalies)
    found = list(deliveries)
    names = ("delivery_id", "status", "detail", "stored")
    statuses = [
        {n: row[n] for n in names} | {"evaluation": "v1"}
        for row in found
        if row["status"] != "unsettled"
    ]
    _json(lake / "state" / "delivery_status" / "status.json", statuses)
    completed = [row for row in found if row["status"] != "open"]
    if completed:
        _parquet(lake, DELIVERIES_STORED, "asserted_month=2026-06", completed)
    return lake


def year(lake: Path, days: int = 365) -> Path:
    """Write the days up to 21 May 2026 with everything a report can show."""
    start = date(2026, 5, 22) - timedelta(days=days)
    charges = [row for i in range(days) for row in _day(i, start + timedelta(days=i))]
    for ordinal, row in enumerate(charges):
        row["ordinal"] = ordinal
    spikes = [
        anomaly(i, f"2026-0{1 + i % 5}-1{i}", f"Service {'ABCDE'[i % 5]}", impact=str(400 - 37 * i))
        for i in range(8)
    ]
    spikes = [{**s, "actual": str(Decimal(s["impact"]) + 80), "expected": "80"} for s in spikes]
    spikes.append(anomaly(9, "2026-05-20", "Rechenzentrum", billing_currency="EUR"))
    said = datetime(2026, 5, 21, 6, 30)
    rejected = [{"reason": "not-a-number", "rows": 3, "currency": "USD", "billed_cost": "12.5"}]
    return write(
        lake,
        charges,
        spikes,
        [
            delivery(
                "a" * 24,
                "active",
                asserted_at=said,
                events=len(charges),
                stored=len(charges),
                days=delivered("2026-05-01", "2026-05-21"),
            ),
            delivery(
                "b" * 24,
                "incomplete",
                asserted_at=said - timedelta(hours=2),
                detail="4 rows are in errors/",
                rejected=rejected,
                days=delivered("2026-05-18"),
            ),
            delivery("c" * 24, "superseded", asserted_at=said - timedelta(days=2)),
            delivery("d" * 24, "open", source_name=None, events=0),
        ],
    )


def delivered(*days: str, currency: str | None = None) -> list[Row]:
    """Return what a delivery says of the days it brings."""
    sums = {"currency": currency, "column_name": "billed_cost", "stored": "1", "residue": "0"}
    return [
        {
            "billing_period": day[:7],
            "charge_date": day,
            "events": 1,
            "content_hash": "",
            "held_by": "",
            "sums": [sums] if currency else [],
        }
        for day in days
    ]


def _day(i: int, day: date) -> Iterable[Row]:
    weekend = day.weekday() > 4
    for number, letter in enumerate("ABCDEFGHIJ"):
        # Some grow and some shrink, weekends are cheaper, and no day is like another.
        level = 100 + (i // 8) * (1, 2, -1)[number % 3] - 25 * weekend + (i * 7 + number * 5) % 11
        cost = Decimal(180 - 17 * number) * level / 100
        status = ("complete", "missing", "incomplete")[(number + i // 90) % 3]
        account = ("production", "staging", "research platform")[number % 3]
        findings = [finding("validate_tags", "2.5", "medium")] if status == "missing" else []
        if day.day == 1:
            findings.append(finding("find_low_value", f"{2 + number}.25", "info"))
        yield charge(
            0,
            day.isoformat(),
            f"Service {letter}",
            str(cost),
            sub_account_id=f"10000000000{number % 3}",
            sub_account_name=account,
            tag_status=status,
            resource_id=f"arn:aws:ec2:eu-west-1:10000000000{number % 3}:volume/vol-{letter * 8}",
            baseline_version="8f0e2c7d51aa",
            findings=findings,
            tags={} if status == "missing" else {"owner": ("Ada", "Blaise", "Grace")[number % 3]},
        )
    if day.day in (15, 27):
        tax = {15: "-420", 27: "812.5"}[day.day]
        bill = {"charge_category": "Tax", "charge_frequency": "Recurring", "tag_status": "exempt"}
        yield charge(0, day.isoformat(), "Tax", tax, **bill)
    for plan, use, paid in (("one", "Used", "60"), ("one", "Unused", "4.5"), ("two", "Used", "9")):
        yield commitment(day.isoformat(), plan, use, paid)
    yield charge(0, day.isoformat(), "Rechenzentrum", "44.1", billing_currency="EUR")


def _parquet(lake: Path, table: Table, partition: str, rows: Iterable[Mapping[str, Any]]) -> None:
    schema = pa.schema([(c.name, arrow_type(parse(c.type))) for c in table.columns])
    folder = lake / table.prefix / partition
    folder.mkdir(parents=True)
    columns = [{c.name: row.get(c.name) for c in table.columns} for row in rows]
    pq.write_table(pa.Table.from_pylist(columns, schema=schema), folder / "rows.parquet")


def _json(path: Path, rows: Iterable[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
