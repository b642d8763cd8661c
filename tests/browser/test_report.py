"""The report as a browser shows it: drawn, silent, in both colour schemes, narrow and on paper."""

from pathlib import Path

import pytest

from infra.report import gather, render
from infra.report.page import SECTIONS
from tests.browser.chromium import ENTER, TAB, Chromium
from tests.infra.report import lakes

AXE = Path("build") / "axe" / "node_modules" / "axe-core" / "axe.min.js"
"""Fetched for these tests by `make test-browser`; no part of the project."""
CHARTS = 8
"""Forecast, trend and anomalies of two currencies; movers and tags of one."""
_STOPS = """[...document.querySelectorAll('a, summary, [tabindex="0"]')].filter(
    stop => stop.matches('summary') || !stop.closest('details:not([open])'))"""
_FOCUSED = f"""const at = document.activeElement;
    const style = getComputedStyle(at);
    const shown = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    const place = at.getBoundingClientRect();
    return [at.textContent.trim().slice(0, 40), {_STOPS}.indexOf(at),
            shown && place.right > 0 && place.bottom > 0];"""
LOOK_AT = Path("build") / "report"
"""Where the pictures are left for people."""


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on a year of days."""
    return _written(lakes.year(tmp_path_factory.mktemp("lake")), "report.html")


def _written(lake: Path, name: str) -> Path:
    report = gather(lakes.athena(lake), generated_at=lakes.NOW)
    LOOK_AT.mkdir(parents=True, exist_ok=True)
    path = LOOK_AT / name
    path.write_text(render(report), "utf-8")
    return path.resolve()


@pytest.fixture(scope="session")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same on a few weeks: as many kinds of things, and fewer of each."""
    return _written(lakes.year(tmp_path_factory.mktemp("lake"), days=45), "short.html")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_is_drawn_in_the_scheme_asked_for(
    chromium: Chromium, page: Path, dark: bool
) -> None:
    """Page, text and bars take their colours from the scheme; every chart has bars with a size."""
    chromium.show(page, dark=dark)
    chromium.screenshot(LOOK_AT / ("dark.png" if dark else "light.png"))
    background, ink, bar = chromium.run(
        """const style = (element, name) => getComputedStyle(element)[name];
        const bar = document.querySelector('#trend svg path[fill="var(--s1)"]');
        return [style(document.body, 'backgroundColor'), style(document.body, 'color'),
                style(bar, 'fill')];"""
    )
    expected = (
        ("rgb(20, 22, 27)", "rgb(233, 235, 240)", "rgb(122, 165, 255)")
        if dark
        else ("rgb(255, 255, 255)", "rgb(26, 29, 36)", "rgb(47, 95, 208)")
    )
    assert (background, ink, bar) == expected
    largest = chromium.run(
        """return [...document.querySelectorAll('figure svg')].map(svg => Math.max(
            ...[...svg.querySelectorAll('path:has(title)')].map(
                p => p.getBoundingClientRect().width * p.getBoundingClientRect().height)));"""
    )
    assert len(largest) == CHARTS
    # A dot of the forecast is smaller than any bar.
    assert min(largest) > 30


def test_the_page_asks_for_nothing(chromium: Chromium, page: Path) -> None:
    """Loading sends no request but for the page itself, and the console stays empty."""
    chromium.requests(), chromium.console()
    chromium.show(page)
    assert chromium.requests() == [page.as_uri()]
    assert chromium.console() == []


def test_hostile_names_stay_text(chromium: Chromium, tmp_path: Path) -> None:
    """A service called like a script is shown as that, and the page has no script."""
    rows = [lakes.charge(0, "2026-05-01", lakes.HOSTILE, "5", sub_account_name=lakes.HOSTILE)]
    lake = lakes.write(tmp_path / "lake", rows, [lakes.anomaly(1, "2026-05-01", lakes.HOSTILE)])
    hostile = tmp_path / "hostile.html"
    report = gather(lakes.athena(lake), generated_at=lakes.NOW)
    hostile.write_text(render(report), "utf-8")
    chromium.show(hostile)
    assert chromium.run("return document.scripts.length") == 0
    assert lakes.HOSTILE in chromium.run("return document.querySelector('#trend').innerText")
    assert lakes.HOSTILE in chromium.run(
        "return document.querySelector('#anomalies svg').textContent"
    )


@pytest.mark.parametrize("width", [360, 768, 1200])
def test_nothing_sticks_out(chromium: Chromium, page: Path, width: int) -> None:
    """At the width of a telephone, too, only tables and charts scroll sideways, never the page."""
    chromium.show(page, width=width)
    assert chromium.run("return document.documentElement.scrollWidth") <= width


def test_keyboard_and_screen_reader_reach_everything(chromium: Chromium, page: Path) -> None:
    """Pictures have names, whatever scrolls takes focus, and each link leads to a section."""
    chromium.show(page, width=360)
    names = [picture["name"]["value"] for picture in chromium.pictures()]
    assert len(names) == CHARTS
    assert all(len(name) > 60 for name in names)
    stuck = """return [...document.querySelectorAll('main *')].filter(e =>
        e.scrollWidth > e.clientWidth && getComputedStyle(e).overflowX === 'auto'
        && e.tabIndex < 0).length"""
    assert chromium.run(stuck) == 0
    links = "return [...document.querySelectorAll('nav a')].map(a => a.hash)"
    assert chromium.run(links) == [f"#{name}" for name, _ in SECTIONS]
    reached = (
        "return [...document.querySelectorAll('nav a')].every(a => document.querySelector(a.hash))"
    )
    assert chromium.run(reached)


def test_the_keyboard_walks_the_page(chromium: Chromium, page: Path) -> None:
    """Tab reaches every link, table, chart and fold once, in order, each with a visible focus."""
    chromium.show(page)
    expected = chromium.run(f"return {_STOPS}.length")
    stops = []
    for _ in range(expected):
        chromium.press(TAB)
        stops.append(chromium.run(_FOCUSED))
    assert stops[0] == ["Skip to the report", 0, True]
    assert [number for _, number, _ in stops] == list(range(expected))
    assert all(visible for _, _, visible in stops), [name for name, _, seen in stops if not seen]


def test_keys_skip_the_links_and_open_what_is_folded(chromium: Chromium, page: Path) -> None:
    """Enter on the first stop leads past the links; Enter on a fold opens it."""
    chromium.show(page)
    chromium.press(TAB)
    chromium.press(ENTER)
    chromium.press(TAB)
    assert chromium.run("return document.activeElement.closest('main') !== null")
    assert chromium.run("return location.hash") == "#main"
    chromium.run("document.querySelector('summary').focus()")
    assert chromium.run("return document.querySelector('details').open") is False
    chromium.press(ENTER)
    assert chromium.run("return document.querySelector('details').open") is True


@pytest.mark.skipif(not AXE.exists(), reason="no axe-core; make test-browser fetches it with npm")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing(chromium: Chromium, short: Path, dark: bool) -> None:
    """WCAG 2.2 A and AA and the best practices of axe-core, folds open, in both schemes."""
    chromium.show(short, dark=dark)
    chromium.run("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    chromium.run(AXE.read_text("utf-8"))
    found = chromium.run(
        """return axe.run(document, {resultTypes: ['violations']}).then(found =>
            [found.passes.length, found.violations.map(v =>
                v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 200)).join(' | '))])"""
    )
    passed, violations = found
    assert violations == []
    assert passed > 20


def test_a_year_opens_within_two_seconds(chromium: Chromium, page: Path) -> None:
    """From the request to the end of loading, on a year of days in two currencies."""
    chromium.show(page)
    timing = """return new Promise(done => new PerformanceObserver(seen => {
        const [page] = performance.getEntriesByType('navigation');
        const [paint] = seen.getEntriesByName('first-contentful-paint');
        if (paint) done([page.loadEventEnd, paint.startTime]);
    }).observe({type: 'paint', buffered: true}));"""
    loaded, painted = chromium.run(timing)
    assert 0 < painted < 2_000
    assert 0 < loaded < 2_000


def test_it_prints(chromium: Chromium, page: Path) -> None:
    """On paper, dark mode or not, the page is a PDF of a few sheets."""
    chromium.show(page, dark=True)
    pdf = chromium.pdf(LOOK_AT / "report.pdf")
    assert pdf.startswith(b"%PDF")
    assert 3 <= pdf.count(b"/Type /Page\n") <= 15
