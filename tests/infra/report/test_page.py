"""The page: whole, escaped, self-contained, readable by everyone."""

import re
from dataclasses import replace
from datetime import date
from importlib import resources
from pathlib import Path

import pytest

from infra.report import Report, gather, render
from infra.report.amounts import exact, shown
from infra.report.costs import read_trends
from infra.report.page import SECTIONS
from infra.report.period import Period
from tests.infra.report import lakes
from tests.infra.report.conftest import audit
from tests.infra.report.markup import Element, parse

H = lakes.HOSTILE


def test_every_section_is_there(page: Element) -> None:
    """Each has a heading, content and a link to it; the page has its landmarks and language."""
    assert page.one("html").attributes["lang"] == "en"
    for landmark in ("header", "nav", "main", "footer", "h1"):
        assert page.one(landmark).text
    assert page.one("head").one("title").text == "Cloud costs, 2026-05-01 to 2026-05-02"
    sections = page.one("main").all("section")
    assert [(s.attributes["id"], s.one("h2").text) for s in sections] == list(SECTIONS)
    links = [a.attributes["href"] for a in page.one("nav").all("a")]
    assert links == [f"#{name}" for name, _ in SECTIONS]


def test_links_and_labels_lead_somewhere(page: Element) -> None:
    """Ids are unique, and whatever refers to one finds it."""
    ids = [e.attributes["id"] for e in page.walk() if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    wanted = {
        e.attributes["aria-labelledby"] for e in page.walk() if "aria-labelledby" in e.attributes
    }
    wanted |= {a.attributes["href"].removeprefix("#") for a in page.all("a")}
    assert wanted <= set(ids)


def test_nothing_is_loaded_and_nothing_runs(full: Report, page: Element) -> None:
    """No address, no script, no handler; the policy in the head forbids both anyway."""
    html = render(full)
    assert not re.search(r"https?:|url\(|@import|<script|<link|<img|javascript:", html, re.I)
    for element in page.walk():
        assert not [name for name in element.attributes if name.startswith("on")]
        assert not element.attributes.keys() & {"src", "srcset", "xlink:href", "action"}
    policy = next(m for m in page.all("meta") if "http-equiv" in m.attributes)
    assert policy.attributes["content"].startswith("default-src 'none'")


def test_every_value_is_escaped(full: Report, page: Element) -> None:
    """A name that is a script is text wherever it stands, in tables and in drawings."""
    assert not page.all("script")
    places = {
        section.attributes["id"]
        for section in page.all("section")
        for element in section.all("th", "td")
        if H in element.text
    }
    assert places == {
        "trend",
        "movers",
        "anomalies",
        "untagged",
        "low-value",
        "commitments",
        "findings",
        "deliveries",
        "basis",
    }
    drawn = [svg for svg in page.all("svg") if H in svg.text]
    # The forecasts' two drawings have no names in them.
    assert len(drawn) == len(page.all("svg")) - 2 == 5
    owners = page.by_id("untagged").all("table")[0]
    assert [row.all("th")[0].text for row in owners.all("tr")[1:]] == ["no tag names one", H]


def test_tables_are_tables(page: Element) -> None:
    """Each has a caption, scoped headings, and as many cells in every row."""
    assert len(page.all("table")) > 10
    for table in page.all("table"):
        first = next(c for c in table.content if isinstance(c, Element))
        assert first.name == "caption"
        assert first.text
        assert all(th.attributes["scope"] in ("row", "col") for th in table.all("th"))
        widths = {
            sum(int(cell.attributes.get("colspan", 1)) for cell in row.all("th", "td"))
            for row in table.all("tr")
        }
        assert len(widths) == 1, first.text


def test_every_chart_is_told_in_words(page: Element) -> None:
    """A figure holds one picture, named by a caption that says what there is to see."""
    figures = page.all("figure")
    assert len(figures) == len(page.all("svg")) == 7
    for figure in figures:
        picture, caption = figure.one("svg"), figure.one("figcaption")
        assert picture.attributes["role"] == "img"
        assert picture.attributes["aria-labelledby"] == caption.attributes["id"]
        assert len(caption.text) > 60
        assert picture.all("title")


def test_amounts_are_exact_and_name_their_currency(page: Element) -> None:
    """An amount is shown rounded; its title and data have every digit; its currency stands by."""
    amounts = page.all("data")
    assert len(amounts) > 50
    for amount in amounts:
        value, currency = amount.attributes["value"], amount.text.split(" ", 1)[1]
        assert currency in ("USD", "EUR")
        assert amount.attributes["title"] == f"{value} {currency}"
    shown = {amount.attributes["value"]: amount.text for amount in amounts}
    assert shown["11.500120000001"] == "11.50 USD"
    assert shown["0.00012"] == "0.00012 USD"
    assert shown["1." + "1" * 30] == "1.11 USD"


def test_marks_carry_exact_amounts(page: Element) -> None:
    """The drawing itself is approximate, the title of each mark is not."""
    titles = [title.text for title in page.by_id("trend").all("title")]
    assert f"2026-05-02, {H}: 4.000000000001 USD" in titles
    assert "2026-05-02, Tax: -3 USD" in titles
    assert "2026-05-02: 1 abnormal" in titles


def test_empty_sections_say_so(nothing: Report) -> None:
    """Without data each section is a sentence."""
    page = parse(render(nothing))
    sentences = {s.attributes["id"]: s.text for s in page.all("section")}
    assert "No charges yet" in sentences["totals"]
    assert "nothing to forecast" in sentences["forecast"]
    assert "there is no trend" in sentences["trend"]
    assert "it takes two complete weeks" in sentences["movers"]
    assert "No commitments on these days." in sentences["commitments"]
    assert (
        "No anomalies. No baseline yet: costs are neither normal nor abnormal."
        in sentences["anomalies"]
    )
    assert "there is no untagged money" in sentences["untagged"]
    assert "None listed. No baseline yet" in sentences["low-value"]
    assert "No findings" in sentences["findings"]
    assert "No deliveries yet." in sentences["deliveries"]
    assert "not audited for this page" in sentences["deliveries"]
    assert "0 events" in sentences["basis"]
    assert not page.all("figure", "table")


def test_with_a_baseline_no_anomalies_means_none(full: Report) -> None:
    """Then, and only then, the page does not excuse itself."""
    judged = replace(full.versions[0], baseline_version="8f0e2c")
    report = replace(full, anomalies=(), low_value=(), versions=(judged,))
    text = parse(render(report)).one("main").text
    assert "No anomalies." in text
    assert "No low-value recurring costs" in text
    assert "No baseline yet" not in text


@pytest.mark.parametrize(
    ("clean", "words"),
    [(True, "Clean: every event"), (False, "1 difference between what was recorded")],
)
def test_the_verdict_of_the_audit_is_told(full: Report, clean: bool, words: str) -> None:
    """With its numbers, and each difference by delivery and day."""
    report = replace(full, audit=audit()) if clean else full
    section = parse(render(report)).by_id("deliveries")
    assert words in section.text
    assert "10 events in 2 raw records of 2 deliveries, 12.50 USD billed" in section.text
    assert "3 events only in the error store." in section.text
    captions = [caption.text for caption in section.all("caption")]
    assert ("Differences" in captions) is not clean


def test_every_section_says_what_its_figures_are(page: Element) -> None:
    """Which cost, by which period: before the first number of each section about money."""
    for name in ("forecast", "trend", "movers", "anomalies", "untagged", "low-value"):
        first = page.by_id(name).all("p")[0]
        assert first.attributes["class"] == "measure"
        assert first.text.startswith("Effective")
        assert "cost by charge date" in first.text


def test_the_forecast_is_told_with_its_range(tmp_path: Path) -> None:
    """In numbers, in words, in the table of months, and at a glance."""
    charges = [
        lakes.charge(i, f"2026-0{3 + i // 31}-{1 + i % 31:02}", "A", str(10 + i % 2))
        for i in range(41)
    ]
    lake = lakes.write(
        tmp_path, charges, (), [lakes.delivery("d1", "append", days=lakes.delivered("2026-04-10"))]
    )
    query = lakes.athena(lake)
    report = gather(query, generated_at=lakes.NOW, last=date(2026, 4, 10))
    end = report.trends[0].forecast.end
    assert end
    page = parse(render(report))
    section = page.by_id("forecast")
    values = [data.attributes["value"] for data in section.one("dl").all("data")]
    assert values[:3] == [exact(end.point), exact(end.low), exact(end.high)]
    rows = {row.all("th")[0].text: row.text for row in section.one("table").all("tr")[1:]}
    assert list(rows) == ["2026-03", "2026-04 not complete", "2026-04 expected"]
    assert shown(end.point) in rows["2026-04 expected"]
    assert "April 2026 is expected to come to" in page.by_id("totals").text
    march = Period(last=date(2026, 3, 31), through=date(2026, 3, 31))
    over = parse(render(replace(report, trends=read_trends(query, march))))
    assert "March 2026 is over, and every day of it is complete" in over.by_id("forecast").text


def test_one_day_is_a_report(tmp_path: Path) -> None:
    """A single charge of today: no forecast, no movers, a day that is not complete."""
    charges = [lakes.charge(1, "2026-06-01", "A", "3", tag_status="missing")]
    lake = lakes.write(tmp_path, charges)
    page = parse(render(gather(lakes.athena(lake), generated_at=lakes.NOW)))
    text = {s.attributes["id"]: s.text for s in page.all("section")}
    assert "more may arrive for 2026-06-01." in text["totals"]
    assert "No forecast: it takes 7 complete days, and there are 0." in text["forecast"]
    assert "it takes two complete weeks" in text["movers"]
    assert "3.00 USD of 3.00 USD is untagged: 100.0 %" in text["untagged"]
    assert "Fainter days are not complete." in text["trend"]


def test_days_without_all_their_rows_are_named(tmp_path: Path) -> None:
    """A delivery that has not landed whole leaves what its days had before."""
    landing = [f"2026-05-1{i}" for i in range(8)]
    deliveries = [
        lakes.delivery("d1", "active", days=lakes.delivered("2026-05-20")),
        lakes.delivery("d2", "incomplete", days=lakes.delivered(*landing)),
    ]
    lake = lakes.write(tmp_path, [lakes.charge(1, "2026-05-20", "A", "3")], (), deliveries)
    totals = parse(render(gather(lakes.athena(lake), generated_at=lakes.NOW))).by_id("totals")
    assert "Rows are missing on 8 days, 2026-05-10 to 2026-05-17:" in totals.text


def test_long_tables_sum_up_the_rest(full: Report) -> None:
    """What a table does not list, it still adds."""
    dollar = full.trends[1]
    services = tuple(replace(dollar.services[0], service=f"S{i}") for i in range(40))
    report = replace(full, trends=(replace(dollar, services=services),))
    table = parse(render(report)).by_id("trend").all("table")[0]
    rest = table.all("tr")[-2]
    assert rest.text.startswith("15 more services")
    assert "217.50 USD" in rest.text


def test_a_page_repeats_itself(full: Report) -> None:
    """The same data give the same bytes: nothing asks for time or chance."""
    assert render(full) == render(full)


@pytest.mark.parametrize(
    "name", ["a\x00b", "a\x0bb\uffff", "]]>&amp;\"'", "\u202eevil", "%-d {{ 7 }}"]
)
def test_odd_names_do_not_break_the_drawing(full: Report, name: str) -> None:
    """Control characters, quotes and template signs are drawn or replaced, never interpreted."""
    trend = replace(full.trends[1], groups=(name, *full.trends[1].groups[1:]))
    drawn = parse(render(replace(full, trends=(trend,)))).by_id("trend").one("svg").text
    kept = "".join(c if c.isprintable() or c == "\u202e" else "\ufffd" for c in name)
    assert kept in drawn


@pytest.mark.parametrize("character", ["\x1b", "\x00", "\x0b", "\ufffe"])
def test_no_character_of_a_name_ends_the_process(full: Report, character: str) -> None:
    """Not in an axis either, which the renderer measures; the page has a mark in its place."""
    name, shown = f"Amazon{character}[31mEC2", "Amazon\ufffd[31mEC2"
    (moves,), (anomalies,), tagging = full.moves, full.anomalies, full.tagging
    odd = replace(
        full,
        moves=(replace(moves, moved=(replace(moves.moved[0], service=name),)),),
        anomalies=(replace(anomalies, found=(replace(anomalies.found[0], service=name),)),),
        tagging=tuple(
            replace(t, accounts=tuple(replace(a, account_name=name) for a in t.accounts))
            for t in tagging
        ),
    )
    html = render(odd)
    assert character not in html
    page = parse(html)
    for section in ("movers", "anomalies", "untagged"):
        assert any(shown in svg.text for svg in page.by_id(section).all("svg")), section
    assert shown in page.by_id("movers").one("table").text


def test_what_has_no_owner_is_told_from_what_lacks_tags(tmp_path: Path) -> None:
    """Money with an owner but without another required tag is untagged, and has an owner."""
    charges = [
        lakes.charge(1, "2026-05-01", "A", "3", tag_status="incomplete", tags={"owner": "ada"}),
        lakes.charge(2, "2026-05-01", "A", "1", tag_status="missing"),
        lakes.charge(
            3,
            "2026-05-01",
            "A",
            "5",
            tag_status="incomplete",
            tags={"owner": "ada"},
            billing_currency="EUR",
        ),
    ]
    lake = lakes.write(tmp_path, charges)
    text = parse(render(gather(lakes.athena(lake), generated_at=lakes.NOW))).by_id("totals").text
    assert (
        "4.00 USD lacks required tags: 100.0 % of what can be tagged; for 1.00 USD of it no tag "
        "names an owner." in text
    )
    assert "5.00 EUR lacks required tags: 100.0 % of what can be tagged; a tag names" in text
    assert "has no owner" not in text


SCHEMES = {"light": 0, "dark": 1, "print": 2}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_colours_have_contrast(scheme: str) -> None:
    """Text has 4.5 to 1 against its ground, what is drawn 3 to 1 (WCAG 2.2, 1.4.3 and 1.4.11)."""
    style = resources.files("infra.report").joinpath("templates", "page.css").read_text("utf-8")
    block = re.findall(r":root \{(.*?)\}", style, re.S)[SCHEMES[scheme]]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
    for ground in ("page", "raised"):
        for text in ("ink", "muted", "link"):
            assert _contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for drawn in ("good", "warn", "bad", "others", *(f"s{i}" for i in range(1, 8))):
        assert _contrast(colours[drawn], colours["page"]) >= 3, drawn
    for told in ("good", "warn", "bad"):
        assert _contrast(colours[told], colours["page"]) >= 4.5, told


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
