"""The page: whole, escaped, self-contained, readable by everyone."""

import re
from dataclasses import replace
from importlib import resources

import pytest

from infra.report import Report, render
from infra.report.page import SECTIONS
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
        "anomalies",
        "untagged",
        "low-value",
        "findings",
        "deliveries",
        "basis",
    }
    drawn = [svg for svg in page.all("svg") if H in svg.text]
    assert len(drawn) == len(page.all("svg"))


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
    assert len(figures) == len(page.all("svg")) == 4
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
    assert "there is no trend" in sentences["trend"]
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
    for told in ("good", "bad"):
        assert _contrast(colours[told], colours["page"]) >= 4.5, told


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
