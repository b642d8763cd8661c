"""What the documents say is what the code does."""

import re
from pathlib import Path

import pytest

from infra import reference
from infra.athena.catalog import charge_columns, views
from infra.cli import run

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("name", sorted(reference.pages()))
def test_generated_pages_are_current(name: str) -> None:
    """Run `make docs` after changing tables, rules or commands."""
    page = ROOT / "docs" / "reference" / name
    assert page.read_text("utf-8") == reference.pages()[name], f"{page}: run make docs"


def test_the_readme_shows_what_the_demo_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every line of the README's session is printed, in this order; `...` stands for others."""
    text = (ROOT / "README.md").read_text("utf-8")
    session = re.search(r"```console\n\$ make demo\n(.*?)```", text, re.S)
    assert session
    monkeypatch.chdir(ROOT)
    # The month after the sample takes its minutes; `make demo` shows it.
    assert run(["demo", "--days", "0", "--data-dir", str(tmp_path / "lake")]) == 0
    printed = iter(_comparable(line) for line in capsys.readouterr().out.splitlines())
    for line in session[1].splitlines():
        if line.strip() and line.strip() != "...":
            assert _comparable(line) in printed, f"README.md shows {line!r}"


def _comparable(line: str) -> str:
    # Sizes on the wire hold the file's time and vary by a byte or two.
    return re.sub(r"records of [\d,]+ bytes", "records of N bytes", line).strip()


@pytest.mark.parametrize("page", [*sorted(ROOT.glob("docs/**/*.md")), ROOT / "README.md"])
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link names a file that exists."""
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("view", ["charges", "charges_all"])
def test_charge_views_show_every_column(view: str) -> None:
    """A column added to the table is added to the views."""
    sql = views()[view]
    listed = re.findall(r"[a-z_]+", sql[sql.index("select\n") : sql.index("\nfrom")])
    missing = [name for name in charge_columns() if name not in listed]
    assert not missing
