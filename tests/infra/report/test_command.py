"""`finops report`, from the sample file to the page."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import click
import pytest

from infra.commands.report import report_command
from infra.errors import DataDirError, NoDataError, UsageError
from infra.ingesting import run_ingest
from infra.wiring import start
from tests import samples
from tests.infra.report.markup import parse
from tests.sources import file_source


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real sample, delivered."""
    folder = tmp_path_factory.mktemp("real")
    with start(folder) as (_, platform):
        run_ingest(platform, file_source(samples.REAL))
    return folder


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run the command and return what it printed."""

    def run(*arguments: str | Path) -> str:
        report_command.main([str(a) for a in arguments], standalone_mode=False)
        return capsys.readouterr().out

    return run


def test_the_page_is_written(report: Callable[..., str], data_dir: Path, tmp_path: Path) -> None:
    """The command names the file and its size; the page has the sample's money and the audit."""
    out = tmp_path / "page.html"
    assert report("--data-dir", data_dir, "--out", out) == f"{out}: {out.stat().st_size:,} bytes\n"
    page = parse(out.read_text("utf-8"))
    totals = {d.attributes["value"] for d in page.by_id("totals").all("data")}
    for column in ("BilledCost", "EffectiveCost", "ListCost"):
        costs = [samples.value(row[column]) for row in samples.rows(samples.REAL)]
        total = samples.total([samples.stored(cost) for cost in costs if cost is not None])
        assert f"{total.normalize():f}" in totals
    assert "Clean: every event" in page.by_id("deliveries").text


def test_json_is_the_same_data(report: Callable[..., str], data_dir: Path, tmp_path: Path) -> None:
    """Amounts are strings, exact to the last digit; no page is written."""
    out = tmp_path / "page.html"
    document = json.loads(report("--data-dir", data_dir, "--json", "--no-audit", "--out", out))
    assert not out.exists()
    assert document["audit"] is None
    by_service: dict[str, Decimal] = {}
    for row in samples.rows(samples.REAL):
        cost = samples.stored(samples.value(row["EffectiveCost"]) or Decimal(0))
        by_service[row["ServiceName"]] = by_service.get(row["ServiceName"], Decimal(0)) + cost
    (trend,) = document["trends"]
    assert {s["service"]: Decimal(s["effective"]) for s in trend["services"]} == by_service


def test_wrong_folders_are_refused(
    report: Callable[..., str], data_dir: Path, tmp_path: Path
) -> None:
    """No data, a file as folder, a page in a folder that does not exist: each says what to do."""
    with pytest.raises(NoDataError, match=r"no data yet in .*; run: finops ingest"):
        report("--data-dir", tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()
    (tmp_path / "file").touch()
    with pytest.raises(DataDirError, match="is not a folder; choose another --data-dir"):
        report("--data-dir", tmp_path / "file")
    with pytest.raises(UsageError, match="no such folder; create it or choose another --out"):
        report("--data-dir", data_dir, "--out", tmp_path / "none" / "page.html")
    with pytest.raises(click.BadParameter, match="is a directory"):
        report("--data-dir", data_dir, "--out", tmp_path)


def test_a_page_that_cannot_be_written_is_refused_before_the_work(
    report: Callable[..., str], tmp_path: Path
) -> None:
    """No lake is opened for it: this one is not there, and that is not what is said."""
    nothing = tmp_path / "nothing"
    with pytest.raises(UsageError, match="--out names no file; give one, such as"):
        report("--data-dir", nothing, "--out", "")
    with pytest.raises(UsageError, match=r"cannot be written \(File name too long\); .*--out"):
        report("--data-dir", nothing, "--out", tmp_path / ("x" * 300))
    page = tmp_path / "page.html"
    with pytest.raises(NoDataError):
        report("--data-dir", nothing, "--out", page)
    assert not page.exists()
    page.write_text("an older page", "utf-8")
    with pytest.raises(NoDataError):
        report("--data-dir", nothing, "--out", page)
    assert page.read_text("utf-8") == "an older page"


def test_no_room_for_the_page_is_said(report: Callable[..., str], data_dir: Path) -> None:
    """What only writing can find out ends in a next step as well."""
    with pytest.raises(UsageError, match=r"\(No space left on device\); make room or choose"):
        report("--data-dir", data_dir, "--no-audit", "--out", "/dev/full")


def test_days_without_charges_are_no_empty_lake(
    report: Callable[..., str], data_dir: Path, tmp_path: Path
) -> None:
    """The page says where the charges are, and not that nothing was ingested or judged."""
    out = tmp_path / "page.html"
    span = ("--from", "2020-01-01", "--to", "2020-02-01")
    report("--data-dir", data_dir, "--no-audit", *span, "--out", out)
    text = parse(out.read_text("utf-8")).one("body").text
    told = "No charges from 2020-01-01 to 2020-02-01 (the lake has days from 2024-09-01 to "
    assert f"{told}2024-09-30)." in text
    for wrong in ("No charges yet", "nothing was ingested", "No baseline yet"):
        assert wrong not in text
    report("--data-dir", data_dir, "--no-audit", "--from", "2030-01-01", "--out", out)
    text = parse(out.read_text("utf-8")).one("body").text
    assert "No charges from 2030-01-01 on (the lake has" in text
