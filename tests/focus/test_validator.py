"""The FOCUS Validator on a source and on the view `focus`: the view breaks no rule of its own.

Run it by `make test-focus`, which gives the validator an environment: it pins an old pandas. Its
version 1.0.0 knows the rules of FOCUS 1.0, which 1.2 kept; five of them fail on every file, because
they look for columns by names of a draft (`Provider`, `ChargeType`).
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from infra.cli import run
from infra.ingesting import run_ingest
from infra.wiring import start
from tests import samples
from tests.sources import file_source

BIN = (Path("build") / "focus" / "bin").resolve()
MONTHS = {samples.REAL: "2024-09", samples.GENERATED: "2026-05"}
ALWAYS = {
    "InvoiceIssuer_Required",
    "Provider_Required",
    "Publisher_Required",
    "ResourceID_Required",
    "SkuPriceId_Nullable",
}
"""Rules that ask for columns of no released FOCUS."""
LEAST_RULES = 100


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a data directory with both samples."""
    folder: Path = tmp_path_factory.mktemp("finops")
    with start(folder) as (_, platform):
        for sample in MONTHS:
            run_ingest(platform, file_source(sample))
        yield folder


def failures(file: Path) -> set[str]:
    """Return the rules that a file breaks."""
    (packages,) = (BIN.parent / "lib").glob("python*/site-packages")
    report = file.with_suffix(".xml")
    # Its table of currencies is looked for from where it is installed.
    subprocess.run(
        [str(BIN / "focus-validator"), "--data-file", str(file), "--validate-version", "1.0",
         "--output-type", "unittest", "--output-destination", str(report)],
        cwd=packages, check=True, stdout=subprocess.DEVNULL, timeout=120,
    )  # fmt: skip
    cases = list(ElementTree.parse(report).iter("testcase"))
    assert len(cases) >= LEAST_RULES
    return {case.attrib["name"].split(" ")[0] for case in cases if case.find("failure") is not None}


@pytest.mark.parametrize("sample", MONTHS, ids=lambda path: path.stem)
def test_the_view_breaks_no_rule_that_its_source_keeps(
    sample: Path, lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No exceptions; and of the rest, only what no file can keep or the source broke."""
    month = MONTHS[sample]
    capsys.readouterr()
    arguments = ("--param", f"first_month={month}", "--param", f"last_month={month}", "--csv")
    assert run(["query", "focus", *arguments, "--data-dir", str(lake)]) == 0
    export = tmp_path / "view.csv"
    export.write_text(capsys.readouterr().out, "utf-8")
    source = samples.copied(sample, tmp_path)
    of_view, of_source = failures(export), failures(source)
    assert of_view <= of_source
    assert of_view >= ALWAYS


def test_the_comparison_can_fail(lake: Path, tmp_path: Path) -> None:
    """A file without a mandatory column breaks rules that the source keeps."""
    source = samples.copied(samples.REAL, tmp_path)
    broken = tmp_path / "broken.csv"
    broken.write_text(source.read_text("utf-8").replace("BilledCost", "Cost", 1), "utf-8")
    assert "BilledCost_Required" in failures(broken) - failures(source)
