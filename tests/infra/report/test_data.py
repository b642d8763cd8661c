"""What the report says is what the lake holds."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from infra.local.athena import AthenaError
from infra.report import Report, as_document, gather
from infra.report.anomalies import read_anomalies
from infra.report.commitments import Use
from infra.report.costs import (
    LARGEST,
    OTHERS,
    UNNAMED,
    read_totals,
    read_trends,
)
from infra.report.findings import read_findings, read_low_value
from infra.report.movers import read_moves
from infra.report.period import Period
from infra.report.queries import queries, question
from infra.report.tags import read_tagging
from schemas.tables import CHARGES_STORED
from tests.infra.report import lakes
from transforms.ports import Query

H = lakes.HOSTILE


def money(text: str) -> Decimal:
    """Return an amount."""
    return Decimal(text)


def amounts(*texts: str | None) -> tuple[Decimal | None, ...]:
    """Return amounts, none where there is none."""
    return tuple(None if text is None else Decimal(text) for text in texts)


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
    """Twelve months before the newest one are drawn; older days are counted, and in the totals."""
    charges = [
        lakes.charge(1, "2025-04-30", "Old", "100"),
        lakes.charge(2, "2025-05-01", "A", "2"),
        lakes.charge(3, "2026-05-01", "A", "3"),
    ]
    (trend,) = read_trends(ask(tmp_path, charges=charges))
    assert trend.older_days == 1
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
        lakes.anomaly(
            2,
            "2026-05-02",
            "B",
            impact="99",
            contributors=contributors,
            end_date="2026-05-04",
            status="open",
            owner="ada",
        ),
        lakes.anomaly(3, "2026-05-02", "C", status="withdrawn"),
        lakes.anomaly(4, "2026-05-02", "D", suppressed_by="sale"),
    ]
    (group,) = read_anomalies(ask(tmp_path, anomalies=anomalies))
    assert group.impact == money("129.000000000001")
    assert [a.anomaly_id for a in group.found] == ["a2", "a1"]
    assert [(c.resource, c.actual) for c in group.found[0].contributors] == [
        ("b", money("9.000000000001")),
        ("a", 30),
    ]
    assert group.found[0].rise == 495
    assert (group.found[0].end_date, group.found[0].status, group.found[0].owner) == (
        "2026-05-04",
        "open",
        "ada",
    )
    query = lakes.athena(tmp_path)
    for day, found in (("2026-05-03", ["a2"]), ("2026-05-05", [])):
        groups = read_anomalies(query, Period(first=date.fromisoformat(day)))
        assert [a.anomaly_id for g in groups for a in g.found] == found
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


def test_a_report_has_a_year_before_the_newest_month(tmp_path: Path) -> None:
    """Older days are read only if they are asked for; nothing tells a day but a delivery."""
    charges = [
        lakes.charge(1, "2025-04-30", "A", "100"),
        lakes.charge(2, "2025-05-01", "A", "2"),
        lakes.charge(3, "2026-05-20", "A", "3"),
    ]
    deliveries = [
        lakes.delivery("d1", "active", days=lakes.delivered("2025-04-30", "2026-05-20")),
        lakes.delivery("d2", "superseded", days=lakes.delivered("2030-01-01")),
        lakes.delivery("d3", "incomplete", days=lakes.delivered("2026-05-19", "2024-01-01")),
    ]
    query = ask(tmp_path, charges=charges, deliveries=deliveries)
    report = gather(query, generated_at=lakes.NOW)
    assert report.period.first == date(2025, 5, 1)
    assert report.period.landing == ("2026-05-19",)
    assert [t.effective for t in report.totals] == [5]
    older = gather(query, generated_at=lakes.NOW, first=date(2025, 1, 1), last=date(2026, 5, 1))
    assert [t.effective for t in older.totals] == [102]
    assert older.events == 2
    assert older.period.through == date(2026, 5, 1)


def test_no_file_of_another_day_is_opened(tmp_path: Path) -> None:
    """What cannot be read lies in days before; low-value findings are asked of a month alone."""
    charges = [lakes.charge(1, "2025-05-01", "A", "2"), lakes.charge(2, "2026-05-20", "A", "3")]
    deliveries = [lakes.delivery("d1", "active", days=lakes.delivered("2026-05-20"))]
    lake = lakes.write(tmp_path, charges, (), deliveries)
    stored = lake / CHARGES_STORED.prefix / "evaluation=v1"
    older = stored / "billing_period=2025-04" / "charge_date=2025-04-30"
    older.mkdir(parents=True)
    (older / "rows.parquet").write_bytes(b"not a Parquet file")
    query = lakes.athena(lake)
    assert gather(query, generated_at=lakes.NOW).events == 2
    with pytest.raises(AthenaError, match="2025-04-30"):
        gather(query, generated_at=lakes.NOW, first=date(2025, 4, 1))
    within = stored / "billing_period=2026-04" / "charge_date=2026-04-30"
    within.mkdir(parents=True)
    (within / "rows.parquet").write_bytes(b"not a Parquet file")
    month = Period(first=date(2026, 5, 1))
    assert query.rows(month.sql("low_value", since=date(2026, 5, 1))) == []
    assert read_moves(query, month, date(2026, 5, 7), date(2026, 5, 20))[0].later == 3


@pytest.mark.parametrize(
    ("said", "complete"),
    [
        (datetime(2026, 5, 21, 23, 59), "2026-05-19"),
        (datetime(2026, 5, 22), "2026-05-20"),
        (datetime(2026, 5, 22, 0, 1), "2026-05-20"),
    ],
)
def test_a_day_is_complete_a_day_after_its_end(
    tmp_path: Path, said: datetime, complete: str
) -> None:
    """By what the sources said last, not by the clock of whoever looks."""
    days = lakes.delivered("2026-05-21")
    deliveries = [
        lakes.delivery("d1", "append", asserted_at=said, days=days),
        lakes.delivery("d2", "superseded", days=days),
    ]
    charges = [lakes.charge(i, f"2026-05-{19 + i}", "A", "1") for i in range(3)]
    report = gather(ask(tmp_path, charges=charges, deliveries=deliveries), generated_at=lakes.NOW)
    assert report.period.through.isoformat() == complete
    assert report.growing == tuple(d for d in ("2026-05-20", "2026-05-21") if d > complete)


def test_movers_compare_whole_weeks_of_use(tmp_path: Path) -> None:
    """As many days on both sides, complete ones; a bill of one day is no move."""
    first = date(2026, 4, 1)
    charges = []
    for i in range(20):
        day = (first + timedelta(days=i)).isoformat()
        charges += [
            lakes.charge(1, day, "Up", "1" if i < 10 else "3"),
            lakes.charge(2, day, "Still", "5", charge_frequency=None),
            lakes.charge(3, day, "Tax", "900" if i == 12 else "0", charge_frequency="Recurring"),
        ]
        if i > 15:
            charges.append(lakes.charge(4, day, "New", "0.5", billing_currency="EUR"))
        if i == 7:
            charges.append(lakes.charge(5, day, "Gone", "9", sub_account_id=None))
    query = ask(tmp_path, charges=charges)
    report = gather(query, generated_at=lakes.NOW)
    euro, dollar = report.moves
    # Twenty days are two weeks and a rest: the newest fourteen count.
    assert (dollar.first, dollar.middle, dollar.last, dollar.days) == (
        date(2026, 4, 7),
        date(2026, 4, 14),
        date(2026, 4, 20),
        7,
    )
    assert [(m.service, (m.earlier, m.later, m.change, m.rise)) for m in dollar.moved] == [
        ("Gone", amounts("9", "0", "-9", "-100")),
        ("Up", amounts("13", "21", "8", "61.5")),
    ]
    assert (dollar.earlier, dollar.later, dollar.change) == amounts("57", "56", "-1")
    (new,) = euro.moved
    assert (new.earlier, new.later, new.rise) == amounts("0", "2", None)
    assert read_moves(query, Period(), first, date(2026, 4, 13)) == ()


def test_commitments_say_what_nothing_used(tmp_path: Path) -> None:
    """Per commitment and currency, over all days and lately; other charges are none of it."""

    def plan(n: int, day: str, name: str, status: str, cost: str, **columns: object) -> lakes.Row:
        return {**lakes.commitment(day, name, status, cost, **columns), "ordinal": n}

    charges = [
        plan(1, "2026-03-01", "a", "Unused", "4"),
        plan(2, "2026-05-02", "a", "Used", "5"),
        plan(3, "2026-05-03", "a", "Unused", "1"),
        plan(4, "2026-05-03", "b", "Used", "8"),
        plan(5, "2026-05-03", "a", "Unused", "2", billing_currency="EUR"),
        lakes.charge(6, "2026-05-03", "A", "70"),
        # A source that gives no effective cost.
        plan(7, "2026-05-03", "b", "Unused", "0", effective_cost=None, billed_cost=money("3")),
    ]
    report = gather(ask(tmp_path, charges=charges), generated_at=lakes.NOW)
    euro, dollar = report.commitments
    assert (euro.currency, euro.use) == ("EUR", Use(money("0"), money("2")))
    assert euro.use.share == 100
    assert dollar.since == date(2026, 4, 6)
    assert dollar.use == Use(money("13"), money("8"))
    assert dollar.lately == Use(money("13"), money("4"))
    assert [(c.name, (c.use.unused, c.use.share, c.lately.share)) for c in dollar.found] == [
        ("Plan a", amounts("5", "50", "16.7")),
        ("Plan b", amounts("3", "27.3", "27.3")),
    ]


def test_untagged_money_has_owners(tmp_path: Path) -> None:
    """The first tag of the three that has a value names one; blanks name nobody."""
    tags: list[dict[str, str] | None] = [
        {"owner": "ada", "application": "shop"},
        {"owner": " ", "application": "shop"},
        {"business_unit": "retail"},
        {"Owner": "other spelling"},
        None,
    ]
    charges = [
        lakes.charge(i, "2026-05-01", "A", str(i + 1), tags=t, tag_status="incomplete")
        for i, t in enumerate(tags)
    ]
    charges.append(lakes.charge(9, "2026-05-01", "A", "20", tags={"owner": "ada"}))
    (tagging,) = read_tagging(ask(tmp_path, charges=charges))
    assert [(g.owner, (g.cost.untagged, g.cost.taggable)) for g in tagging.owners] == [
        (None, amounts("9", "9")),
        ("retail", amounts("3", "3")),
        ("shop", amounts("2", "2")),
        ("ada", amounts("1", "21")),
    ]
    assert sum(g.cost.untagged for g in tagging.owners) == tagging.whole.untagged
    assert tagging.ownerless == 9
    assert [(g.account, g.account_name) for g in tagging.accounts] == [("111", "production")]


def test_months_add_up_and_use_is_told_from_bills(tmp_path: Path) -> None:
    """The months of a trend are its total; what is no use is a bill of its service."""
    charges = [
        lakes.charge(1, "2026-04-03", "A", "2"),
        lakes.charge(2, "2026-05-01", "A", "3"),
        lakes.charge(3, "2026-05-02", "A", "50", charge_frequency="One-Time"),
        lakes.charge(4, "2026-05-02", None, "7", charge_frequency=None, charge_category="Tax"),
    ]
    (trend,) = read_trends(ask(tmp_path, charges=charges), Period(through=date(2026, 5, 1)))
    assert [(m.month, m.days, m.is_cut, (m.effective, m.billed)) for m in trend.months] == [
        ("2026-04", 1, True, amounts("2", "3")),
        ("2026-05", 2, False, amounts("60", "63")),
    ]
    assert (trend.forecast.arrived, trend.forecast.settled) == amounts("60", "3")
    assert trend.forecast.bills.point == 57


def test_a_month_is_compared_with_the_month_before_alone(tmp_path: Path) -> None:
    """Not with one that is older, and not with one whose beginning is missing."""
    days = [("2025-11-01", "9"), ("2026-01-02", "4"), ("2026-02-01", "5"), ("2026-03-01", "6")]
    charges = [lakes.charge(i, day, "A", cost) for i, (day, cost) in enumerate(days)]
    (trend,) = read_trends(ask(tmp_path, charges=charges))
    november, january, february, march = trend.months
    assert january.rise_since(november) is None
    assert february.rise_since(january) is None
    assert march.rise_since(february) == 20
    assert march.rise_since(february, money("4")) == -20
    assert march.rise_since(None) is None


def test_only_days_are_put_into_a_question() -> None:
    """Every question is complete with the days it names, and has no other gap to fill."""
    day = date(2026, 5, 1)
    for name in queries():
        sql = question(name, first=day, last=day, since=day, middle=day)
        assert "{" not in sql
        assert "}" not in sql


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
