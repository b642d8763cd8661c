"""What the report says is what the lake holds."""

from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from infra.report import Report, as_document
from infra.report.anomalies import read_anomalies
from infra.report.costs import (
    LARGEST,
    LONGEST_DAYS,
    OTHERS,
    UNNAMED,
    read_totals,
    read_trends,
)
from infra.report.findings import read_findings, read_low_value
from infra.report.queries import queries
from infra.report.tags import read_tagging
from tests.infra.report import lakes
from transforms.ports import Query

H = lakes.HOSTILE


def money(text: str) -> Decimal:
    """Return an amount."""
    return Decimal(text)


def ask(lake: Path, **rows: list[lakes.Row]) -> Query:
    """Write a lake and return the way to ask it."""
    return lakes.athena(lakes.write(lake, **rows))


def test_currencies_are_never_added(full: Report) -> None:
    """Each currency has its own totals, and only its own charges are in them."""
    euro, dollar = full.totals
    assert (euro.currency, euro.events) == ("EUR", 1)
    assert (euro.effective, euro.billed) == (Decimal(7), Decimal(8))
    assert euro.list_cost is None
    assert (dollar.currency, dollar.events) == ("USD", 4)
    assert dollar.effective == money("11.500120000001")
    assert dollar.billed == money("15.500120000001")
    assert dollar.list_cost == money("23.000240000002")
    assert (dollar.first_day, dollar.last_day) == ("2026-05-01", "2026-05-02")


def test_a_trend_is_its_days_is_its_services_is_its_total(tmp_path: Path) -> None:
    """Groups add up to the day, days and services to the total, whatever is drawn apart."""
    query = lakes.athena(lakes.year(tmp_path, days=40))
    trends, totals = read_trends(query), read_totals(query)
    for trend, total in zip(trends, totals, strict=True):
        assert trend.currency == total.currency
        for day in trend.days:
            assert sum(day.groups) == day.effective
        assert sum(d.effective for d in trend.days) == trend.effective == total.effective
        assert sum(s.effective for s in trend.services) == total.effective
        assert sum(s.events for s in trend.services) == total.events
    euro, dollar = trends
    assert euro.groups == ("Rechenzentrum",)
    assert dollar.groups == (*(f"Service {letter}" for letter in "ABCDEF"), OTHERS)
    assert len(dollar.groups) == LARGEST + 1


def test_a_credit_does_not_hide_the_use_it_pays_for(full: Report) -> None:
    """Services are ranked by what they moved; one that has no name is called so."""
    dollar = full.trends[1]
    assert dollar.groups == (H, "Tax", UNNAMED)
    assert [s.service for s in dollar.services] == [H, UNNAMED, "Tax"]
    assert dollar.highest.charge_date == "2026-05-01"


def test_a_trend_is_no_longer_than_a_year(tmp_path: Path) -> None:
    """Older days are counted, and their cost stays in the services and totals."""
    charges = [
        lakes.charge(1, "2025-04-30", "Old", "100"),
        lakes.charge(2, "2025-05-01", "A", "2"),
        lakes.charge(3, "2026-05-01", "A", "3"),
    ]
    (trend,) = read_trends(ask(tmp_path, charges=charges))
    assert (LONGEST_DAYS, trend.older_days) == (366, 1)
    assert [d.charge_date for d in trend.days] == ["2025-05-01", "2026-05-01"]
    assert trend.groups == ("A",)
    assert trend.effective == 105


def test_without_an_effective_cost_the_billed_one_counts(tmp_path: Path) -> None:
    """Totals, trend and tags agree on it, as the anomaly job does."""
    charges = [lakes.charge(1, "2026-05-01", "A", "2", effective_cost=None, tag_status="missing")]
    query = ask(tmp_path, charges=charges)
    assert read_totals(query)[0].effective == read_totals(query)[0].billed == 3
    assert read_trends(query)[0].effective == read_tagging(query)[0].whole.untagged == 3


def test_untagged_is_a_share_of_money(full: Report) -> None:
    """Missing and incomplete over all that can be tagged; exempt charges are left out."""
    dollar = next(t for t in full.tagging if t.currency == "USD")
    assert dollar.whole.untagged == money("4.000120000001")
    assert dollar.whole.taggable == money("14.500120000001")
    assert dollar.whole.exempt == -3
    assert dollar.whole.share == money("27.6")
    assert [(g.service, g.events, g.cost.untagged) for g in dollar.groups] == [
        (H, 1, money("4.000000000001")),
        (None, 1, money("0.00012")),
    ]
    assert dollar.groups[0].cost.share == money("27.6")


def test_low_value_lists_the_newest_month_of_each_payer(tmp_path: Path) -> None:
    """What was found in older months may be gone, so amounts of two months never add."""

    def small(ordinal: int, day: str, payer: str, amount: str) -> lakes.Row:
        found = [lakes.finding("find_low_value", amount, "info")]
        return lakes.charge(ordinal, day, "S", "1", billing_account_id=payer, findings=found)

    charges = [
        small(1, "2026-04-01", "p", "2.4"),
        small(2, "2026-05-01", "p", "1.2"),
        small(3, "2026-04-01", "q", "3.6"),
        small(4, "2026-03-01", "r", "9"),
        lakes.charge(5, "2026-04-02", "S", "1", billing_account_id="r"),
    ]
    (group,) = read_low_value(ask(tmp_path, charges=charges))
    assert [(i.month, i.monthly, i.yearly) for i in group.items] == [
        ("2026-04", money("3.6"), money("43.8")),
        ("2026-05", money("1.2"), money("14.6")),
    ]
    assert (group.monthly, group.yearly) == (money("4.8"), money("58.4"))


def test_findings_are_counted_by_rule_and_severity(tmp_path: Path) -> None:
    """With their money, the most severe first, and the rule's own words."""
    findings = [lakes.finding("validate_tags", "2", "low"), lakes.finding("rule-error", None)]
    charges = [
        lakes.charge(1, "2026-05-01", "S", "1", findings=findings),
        lakes.charge(2, "2026-05-01", "S", "1", findings=findings[:1]),
        lakes.charge(
            3, "2026-05-01", "S", "1", findings=[lakes.finding("validate_tags", "9", "high")]
        ),
    ]
    found = read_findings(ask(tmp_path, charges=charges))
    assert [(f.rule, f.severity, f.number, f.amount) for f in found] == [
        ("rule-error", "low", 1, None),
        ("validate_tags", "high", 1, 9),
        ("validate_tags", "low", 2, 4),
    ]
    assert found[1].meaning == "Check a charge's tags against the policy's required keys."
    assert found[0].meaning == ""


def test_anomalies_come_with_what_added_to_them(tmp_path: Path) -> None:
    """Largest impact first, each with its own contributors in the job's order."""
    contributors = [
        {"resource_id": "b", "actual": "9.000000000001", "expected": "1"},
        {"resource_id": "a", "actual": "30", "expected": "29"},
    ]
    anomalies = [
        lakes.anomaly(1, "2026-05-01", "A", contributors=[]),
        lakes.anomaly(2, "2026-05-02", "B", impact="99", contributors=contributors),
    ]
    (group,) = read_anomalies(ask(tmp_path, anomalies=anomalies))
    assert group.impact == money("129.000000000001")
    assert [a.anomaly_id for a in group.found] == ["a2", "a1"]
    assert [(c.resource, c.actual) for c in group.found[0].contributors] == [
        ("b", money("9.000000000001")),
        ("a", 30),
    ]
    assert group.found[0].rise == 495
    assert group.found[1].contributors == ()


def test_deliveries_say_where_they_stand(full: Report) -> None:
    """Counts by status, and those that need a look with why; rejected money keeps every digit."""
    health = full.deliveries
    assert [(s.status, s.deliveries) for s in health.statuses] == [
        ("incomplete", 1),
        ("active", 1),
    ]
    assert [(d.delivery_id, d.detail, d.rejected_rows) for d in health.attention] == [("d2", H, 2)]
    assert (health.unsettled, health.rejected_rows, len(health.latest)) == (1, 2, 2)
    assert health.rejected[0].billed == money("1." + "1" * 30)


def test_the_page_rests_on_named_versions(full: Report) -> None:
    """Every combination of evaluation, rules, policy and baseline with its events and days."""
    assert full.events == 5
    assert (full.first_day, full.last_day) == ("2026-05-01", "2026-05-02")
    assert {(v.rules_version, v.policy_version, v.events) for v in full.versions} == {
        (H, H, 1),
        ("v1", H, 1),
        ("v1", "policy-1", 3),
    }
    assert not full.has_baseline


def test_an_empty_lake_is_an_empty_report(nothing: Report) -> None:
    """No row is no total, not a total of zero in some currency."""
    document = as_document(nothing)
    for section in (
        "totals",
        "trends",
        "anomalies",
        "tagging",
        "low_value",
        "findings",
        "versions",
    ):
        assert document[section] == ()
    assert nothing.first_day is None
    assert not nothing.deliveries.statuses


def test_the_document_holds_no_float(full: Report) -> None:
    """JSON is printed from exact decimals, and says whether the audit was clean."""
    kinds = defaultdict(list)

    def walk(value: object, path: str) -> None:
        if isinstance(value, dict):
            for name, child in value.items():
                walk(child, f"{path}.{name}")
        elif isinstance(value, list | tuple):
            for child in value:
                walk(child, path)
        else:
            kinds[type(value)].append(path)

    walk(as_document(full), "")
    assert float not in kinds
    assert ".trends.days.groups" in kinds[Decimal]
    assert as_document(full)["audit"]["clean"] is False


@pytest.mark.parametrize("name", sorted(queries()))
def test_every_question_says_what_it_measures(name: str) -> None:
    """The file begins with the question, and names its measure or its period."""
    first, *others = queries()[name].splitlines()
    assert first.startswith("-- ")
    assert first.endswith("?")
    assert others[0].startswith(("-- Measure: ", "-- Period: "))
