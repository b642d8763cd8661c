"""Which days are complete: by what was delivered about each payer, never about another."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from infra.report import Report, gather, render
from infra.report.calendar import days_between
from infra.report.complete import DeliveredDay, complete_through
from tests.infra.report import lakes
from tests.infra.report.markup import parse


def day(text: str) -> date:
    """Return a day."""
    return date.fromisoformat(text)


def export(
    payer: str, first: str, last: str, said: str, *, instance: str = "", month: str = ""
) -> list[DeliveredDay]:
    """Return the days of one export that was replaced as a whole, last at `said`."""
    return [
        DeliveredDay(
            ("focus", payer),
            instance or payer,
            day(f"{month or first[:7]}-01"),
            False,
            d,
            datetime.fromisoformat(said),
        )
        for d in days_between(day(first), day(last))
    ]


def hourly(payer: str, first: str, last: str) -> list[DeliveredDay]:
    """Return days of which each hour came alone, up to one moment, and nothing later."""
    end = datetime.fromisoformat(last)
    found = []
    for d in days_between(day(first), end.date()):
        said = min(datetime.combine(d, datetime.min.time()) + timedelta(days=1), end)
        who = ("simulator", payer)
        found.append(DeliveredDay(who, "simulator:1", d.replace(day=1), True, d, said))
    return found


def through(*delivered: Iterable[DeliveredDay], last: str = "9999-12-31") -> str | None:
    """Return the last complete day."""
    found = complete_through([d for some in delivered for d in some], day(last))
    return found.through.isoformat() if found else None


@pytest.mark.parametrize(
    ("said", "expected"),
    [("2026-10-12T06:00", "2026-10-10"), ("2026-10-11T23:00", "2026-10-09")],
)
def test_an_export_that_is_replaced_each_day(said: str, expected: str) -> None:
    """A day after a day's end, by the newest assertion about its month."""
    assert through(export("p", "2026-10-01", "2026-10-12", said)) == expected


def test_hours_that_are_appended() -> None:
    """The demo's month: the second day has five hours, and the first is still growing."""
    month = hourly("p", "2026-09-01", "2026-10-02T05:00")
    assert through(month) == "2026-09-30"
    assert through(hourly("p", "2026-09-01", "2026-10-01T05:00")) == "2026-09-29"


def test_a_sample_of_years_ago_completes_nothing_of_today() -> None:
    """Said today, of another payer: neither its newest day nor its assertion counts here."""
    month = hourly("p", "2026-09-01", "2026-10-02T05:00")
    sample = export("q", "2024-09-01", "2024-09-30", "2026-11-27T06:00")
    assert through(month, sample) == "2026-09-30"
    assert through(month, sample, last="2024-12-31") == "2024-09-30"


def test_an_older_month_of_the_same_payer_completes_nothing_of_today() -> None:
    """March again, delivered in November, says nothing about October."""
    october = export("p", "2026-10-01", "2026-10-02", "2026-10-02T05:00")
    march = export("p", "2026-03-01", "2026-03-31", "2026-11-27T06:00")
    assert through(march, october) == "2026-09-30"


def test_days_that_were_never_delivered_are_not_complete() -> None:
    """Seven days of September are seven days, however late that is said."""
    assert through(export("p", "2026-09-01", "2026-09-07", "2026-11-27T06:00")) == "2026-09-07"


@pytest.mark.parametrize(
    ("newest", "said", "expected"),
    [
        ("2024-09-30", "2026-11-27T06:00", "2024-09-30"),
        ("2024-09-29", "2026-11-27T06:00", "2024-09-30"),
        ("2024-09-28", "2026-11-27T06:00", "2024-09-28"),
        ("2024-09-30", "2024-10-01T23:00", "2024-09-29"),
        ("2024-09-30", "2024-10-02T00:00", "2024-09-30"),
    ],
)
def test_a_closed_month_is_over(newest: str, said: str, expected: str) -> None:
    """If its last day is there, or the one before, and it was said a day after the month's end."""
    assert through(export("p", "2024-09-01", newest, said)) == expected


def test_two_payers_with_different_lags() -> None:
    """The slower one decides, at the turn of a month too; one that has stopped does not."""
    quick = export("p", "2026-10-01", "2026-10-12", "2026-10-12T06:00")
    slow = export("q", "2026-10-01", "2026-10-08", "2026-10-09T06:00")
    assert through(quick, slow) == "2026-10-07"
    turned = export("p", "2026-10-01", "2026-10-03", "2026-10-03T06:00")
    late = export("q", "2026-09-01", "2026-09-29", "2026-09-30T06:00")
    assert through(turned, late) == "2026-09-28"
    closed = export("q", "2026-09-01", "2026-09-30", "2026-10-02T06:00")
    assert through(turned, closed) == "2026-10-01"
    stopped = export("q", "2026-09-01", "2026-09-20", "2026-09-21T06:00")
    assert through(turned, stopped) == "2026-10-01"


def test_a_month_that_was_not_delivered_again_after_its_end_has_no_last_day() -> None:
    """A replaced export of September, last said on its last evening, though October goes on."""
    october = export("p", "2026-10-01", "2026-10-12", "2026-10-12T06:00")
    september = export("p", "2026-09-01", "2026-09-30", "2026-09-30T20:00")
    assert through(september, october) == "2026-09-28"
    assert through(export("p", "2026-09-01", "2026-09-30", "2026-10-05T01:00"), october) == (
        "2026-10-10"
    )


def test_a_payer_with_few_charges_holds_nothing_back() -> None:
    """An export that has later days of others had nothing to say of this one."""
    whole = export("p", "2026-10-01", "2026-10-12", "2026-10-12T06:00", instance="org")
    few = export("q", "2026-10-01", "2026-10-01", "2026-10-12T06:00", instance="org")
    assert through(whole, few) == "2026-10-10"


def test_a_charge_that_is_dated_ahead_is_no_day_that_came() -> None:
    """A purchase of next year does not make next year the newest month."""
    month = export("p", "2026-10-01", "2026-10-12", "2026-10-12T06:00")
    ahead = export("q", "2027-10-01", "2027-10-01", "2026-10-02T06:00")
    assert through(month, ahead) == "2026-10-10"
    assert through(ahead) is None


def a_report(
    lake: Path, charges: list[lakes.Row], deliveries: list[lakes.Row], last: date | None = None
) -> Report:
    """Write a lake and gather its report."""
    query = lakes.athena(lakes.write(lake, charges, (), deliveries))
    first = day("2024-01-01")
    return gather(query, generated_at=datetime(2026, 11, 27, 6), first=first, last=last)


def charged(payer: str, first: str, last: str, cost: str, currency: str) -> list[lakes.Row]:
    """Return a charge a day."""
    who = {"billing_account_id": payer, "billing_currency": currency}
    return [
        lakes.charge(i, d.isoformat(), "A", cost, **who)
        for i, d in enumerate(days_between(day(first), day(last)))
    ]


def sent(payer: str, first: str, last: str, said: str, currency: str) -> lakes.Row:
    """Return the delivery of these days."""
    days = [d.isoformat() for d in days_between(day(first), day(last))]
    return lakes.delivery(
        f"{payer}-{first}",
        "active",
        billing_account_id=payer,
        dataset_instance=f"export:{payer}",
        scope_period=first[:7],
        asserted_at=datetime.fromisoformat(said),
        days=lakes.delivered(*days, currency=currency),
    )


def test_the_page_announces_no_total_of_a_running_month(tmp_path: Path) -> None:
    """Beside a sample said today: October is forecast, and the sample's month is told apart."""
    report = a_report(
        tmp_path,
        [
            *charged("p", "2026-09-01", "2026-10-02", "10", "USD"),
            *charged("q", "2024-09-01", "2024-09-07", "3", "EUR"),
        ],
        [
            sent("p", "2026-09-01", "2026-09-30", "2026-10-02T05:00", "USD"),
            sent("p", "2026-10-01", "2026-10-02", "2026-10-02T05:00", "USD"),
            sent("q", "2024-09-01", "2024-09-07", "2026-11-27T05:00", "EUR"),
        ],
    )
    assert report.period.through == day("2026-09-30")
    assert report.growing == ("2026-10-01", "2026-10-02")
    assert (report.period.payer, report.period.asserted_at) == ("p", datetime(2026, 10, 2, 5))
    euro, dollar = (trend.forecast for trend in report.trends)
    assert (dollar.month, dollar.is_over, dollar.days_left) == ("2026-10", False, 31)
    assert dollar.end
    assert dollar.end.point == 310
    # Seven days of its September are there: a forecast of it, and no total.
    assert (euro.month, euro.is_over, euro.days_left) == ("2024-09", False, 23)
    assert euro.settled == Decimal(21)
    assert {moves.last for moves in report.moves} == {day("2026-09-30")}
    text = parse(render(report)).one("main").text
    assert "is over, and every day" not in text
    assert "those of p are of 2026-10-02 05:00 UTC, and complete through 2026-09-30." in text


def test_hours_count_before_settle_has_looked_at_them(tmp_path: Path) -> None:
    """Their rows are on the page at once, so their days are complete by them too."""

    def hour(status: str, *days: str, said: str) -> lakes.Row:
        return lakes.delivery(
            said,
            status,
            delivery_mode="append",
            asserted_at=datetime.fromisoformat(said),
            days=lakes.delivered(*days, currency="USD"),
        )

    report = a_report(
        tmp_path,
        charged("payer", "2026-05-01", "2026-05-09", "10", "USD"),
        [
            hour("append", "2026-05-01", said="2026-05-01T05:00"),
            hour("unsettled", "2026-05-08", "2026-05-09", said="2026-05-09T05:00"),
            # Some of its rows are missing: it completes nothing.
            hour("incomplete", "2026-05-11", said="2026-05-11T05:00"),
        ],
    )
    assert report.period.delivered == (day("2026-05-01"), day("2026-05-09"))
    assert report.period.through == day("2026-05-07")
    assert report.period.currencies == {"USD": day("2026-05-07")}
    assert report.period.landing == ("2026-05-11",)
    assert report.trends[0].forecast.days_left == 24
