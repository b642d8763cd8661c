"""One lake that has something for every section, and its report."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from infra.report import Report, gather, render
from infra.report.commitments import Commitment, Commitments, Use
from infra.report.movers import Mover, Moves
from tests.infra.report import lakes
from tests.infra.report.markup import Element, parse
from transforms.audit import AuditReport, Gap

H = lakes.HOSTILE


def audit(*gaps: Gap) -> AuditReport:
    """Return a verdict on ten events."""
    return AuditReport(
        evaluation="v1",
        events=10,
        billed={"USD": "12.5"},
        raw_objects=1,
        raw_records=2,
        raw_bytes=2_000,
        ingestion_billed_bytes=10_240,
        raw_copies=1,
        failed_records=1,
        failed_events=3,
        deliveries=2,
        gaps=list(gaps),
        open_deliveries=["d3"],
    )


def moves() -> Moves:
    """Return one hostile mover."""
    one, three = Decimal(1), Decimal("3.25")
    days = date(2026, 4, 1), date(2026, 4, 8), date(2026, 4, 14)
    return Moves("USD", *days, one, three, (Mover(H, H, H, H, one, three),))


def commitments() -> Commitments:
    """Return one hostile commitment, a quarter of it unused."""
    use = Use(Decimal(3), Decimal(1))
    found = Commitment(H, H, H, use, use, "2026-05-01", "2026-05-02")
    return Commitments("USD", use, use, date(2026, 4, 5), (found,))


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A report in which every text that comes from outside is hostile."""
    who = {"sub_account_name": H}
    names = {**who, "resource_id": H, "region_id": H, "policy_version": H}
    findings = [lakes.finding("find_low_value", "2.25", "info"), lakes.finding(H, None, H)]
    charges = [
        lakes.charge(1, "2026-05-01", H, "10.5", **names, findings=findings, rules_version=H),
        lakes.charge(2, "2026-05-02", H, "4.000000000001", **names, tag_status="missing"),
        lakes.charge(
            3, "2026-05-02", None, "0.00012", tag_status="incomplete", tags={"owner": H}, **who
        ),
        lakes.charge(4, "2026-05-02", "Tax", "-3", tag_status="exempt", **who),
        lakes.charge(5, "2026-05-02", H, "7", billing_currency="EUR", list_cost=None),
    ]
    contributor = {"resource_id": H, "actual": "40", "expected": None}
    rejected = [{"reason": H, "rows": 2, "currency": "USD", "billed_cost": "1." + "1" * 30}]
    lake = lakes.write(
        tmp_path_factory.mktemp("lake"),
        charges,
        [lakes.anomaly(1, "2026-05-02", H, region_id=H, owner=H, contributors=[contributor])],
        [
            lakes.delivery("d1", "active", source_name=H),
            lakes.delivery("d2", "incomplete", detail=H, rejected=rejected, scope_period=H),
        ],
    )
    gap = Gap("missing-in-processed", H, "2026-05", "2026-05-02", 2, {"USD": "4"}, H)
    report = gather(lakes.athena(lake), generated_at=lakes.NOW, audit=audit(gap))
    # Two days of charges have no two weeks to compare.
    assert not (report.moves or report.commitments)
    return replace(report, moves=(moves(),), commitments=(commitments(),))


@pytest.fixture(scope="session")
def page(full: Report) -> Element:
    """That report's page, parsed."""
    return parse(render(full))


@pytest.fixture(scope="session")
def nothing(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The report of a lake without a single row."""
    lake: Path = lakes.write(tmp_path_factory.mktemp("empty"))
    return gather(lakes.athena(lake), generated_at=lakes.NOW)
