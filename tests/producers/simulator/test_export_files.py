"""Simulated exports lie as AWS's do: found, numbered, named by manifests, the same each time."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import date
from itertools import chain
from pathlib import Path
from shlex import split
from typing import BinaryIO

import pytest

from infra.cli import run
from infra.parquet_parts import PARQUET
from producers.errors import SourceError
from producers.sources.discovery import Assembly, assemblies
from producers.sources.places import LocalFolder
from producers.sources.simulator import Simulator
from producers.sources.simulator.clock import DAY, first_hour
from producers.sources.simulator.exports import CSV, EXPORT_KINDS, Format, MonthBill, write_export
from producers.sources.simulator.exports.columns import Column
from producers.sources.simulator.exports.parts import PartWriter
from producers.sources.simulator.organisation import PAYER
from producers.sources.tabular import open_table
from tests import samples
from tests.producers.simulator.exported import IDS, WAYS, events, sums

SEPTEMBER = date(2026, 9, 1)
SAMPLES = samples.FOLDER.parent / "cur"


@pytest.fixture(scope="module")
def world() -> Simulator:
    return Simulator(1, date(2026, 8, 30))


@pytest.fixture(params=WAYS, ids=IDS)
def way(request: pytest.FixtureRequest) -> tuple[str, Format]:
    kind: tuple[str, Format] = request.param
    return kind


def small(world: Simulator, hours: int) -> MonthBill:
    services = ("Amazon Athena", "Savings Plans for AWS Compute usage", "AWS Support (Business)")
    return MonthBill(world, SEPTEMBER, first_hour(SEPTEMBER) + hours, services)


def write(
    out: Path, kind: str, bill: MonthBill, form: Format = CSV, rows_per_file: int = 50
) -> Assembly:
    """Write an export and find it again, as an ingest would."""
    write_export(out, EXPORT_KINDS[kind], bill, form, rows_per_file)
    (found,) = assemblies(LocalFolder(out / f"simulated-{kind}"))
    return found


def content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_same_arguments_same_bytes(
    way: tuple[str, Format], world: Simulator, tmp_path: Path
) -> None:
    """Manifests included; another hour is another assembly."""
    kind, form = way
    for name, hours in (("a", 8), ("b", 8), ("c", 9)):
        write(tmp_path / name, kind, small(world, hours), form)
    assert content(tmp_path / "a") == content(tmp_path / "b") != content(tmp_path / "c")


def test_discovery_finds_every_layout(
    way: tuple[str, Format], world: Simulator, tmp_path: Path
) -> None:
    """The manifest names the parts in order, the month and the account."""
    kind, form = way
    found = write(tmp_path, kind, small(world, 8), form)
    assert (found.export_name, found.billing_period) == (f"simulated-{kind}", "2026-09")
    assert found.account == PAYER
    assert found.manifest is not None
    assert len(found.files) == 2
    paths = [tmp_path / f"simulated-{kind}" / file.name for file in found.files]
    assert sums(events(paths)) == sums(list(chain.from_iterable(small(world, 8).hours())))
    with open_table(found.files[1]) as table:
        assert list(table.columns) == list(found.columns)


def test_a_newer_data_export_replaces_the_older(world: Simulator, tmp_path: Path) -> None:
    """What a longer or differently written export left is gone."""
    assert len(write(tmp_path, "cur", small(world, 12)).files) == 3
    assert len(write(tmp_path, "cur", small(world, 3), PARQUET).files) == 1
    data = tmp_path / "simulated-cur" / "data" / "BILLING_PERIOD=2026-09"
    assert [path.name for path in data.iterdir()] == ["simulated-cur-00001.snappy.parquet"]


def test_a_legacy_report_keeps_its_refreshes(world: Simulator, tmp_path: Path) -> None:
    """The month's manifest names the newest; the older can be named by its folder."""
    first = write(tmp_path, "cur-legacy", small(world, 5))
    second = write(tmp_path, "cur-legacy", small(world, 8))
    assert first.assembly_id != second.assembly_id
    assert all(second.assembly_id in file.name for file in second.files)
    month = tmp_path / "simulated-cur-legacy" / "20260901-20261001"
    (again,) = assemblies(LocalFolder(month / first.assembly_id))
    assert again.fingerprint == first.fingerprint
    assert again.dataset_instance == second.dataset_instance


def test_a_months_other_exports_stay(world: Simulator, tmp_path: Path) -> None:
    """Two months of one export, and the three kinds beside each other, are told apart."""
    august = MonthBill(world, date(2026, 8, 1), world.start + 2, ("Amazon Athena",))
    for kind in EXPORT_KINDS:
        for bill in (august, small(world, 2)):
            write_export(tmp_path, EXPORT_KINDS[kind], bill, CSV, 50)
    found = [(a.billing_period, a.export_name) for a in assemblies(LocalFolder(tmp_path))]
    names = sorted(kind.export_name for kind in EXPORT_KINDS.values())
    assert found == [(month, name) for month in ("2026-08", "2026-09") for name in names]


def test_a_write_that_fails_leaves_the_older_export(world: Simulator, tmp_path: Path) -> None:
    """Files get their names when all are whole: nothing half written is ever found."""
    write(tmp_path, "focus", small(world, 5))
    before = content(tmp_path)

    def full(stream: BinaryIO, columns: Sequence[Column]) -> PartWriter:
        if "00002" in str(getattr(stream, "name", "")):
            raise OSError(28, "No space left on device")
        return CSV.open(stream, columns)

    with pytest.raises(OSError, match="No space"):
        write(tmp_path, "focus", small(world, 9), Format("csv", CSV.suffix, full))
    assert content(tmp_path) == before


def test_late_rows_come_with_a_later_export(world: Simulator) -> None:
    """An export made on a day lacks what arrives after it, and never has more of a day."""
    until = first_hour(SEPTEMBER) + DAY
    early, later = (
        Counter(row.charge_date for rows in small(world, hours).hours() for row in rows)
        for hours in (DAY, 3 * DAY)
    )
    assert set(early) == {"2026-09-01"}
    assert early["2026-09-01"] <= later["2026-09-01"]
    complete = MonthBill(world, SEPTEMBER)
    assert complete.until == first_hour(date(2026, 10, 1)) + 26
    assert MonthBill(world, SEPTEMBER, until + 10_000).until == complete.until


def test_what_cannot_be_written_is_said(world: Simulator) -> None:
    """Each refusal names the next step."""
    with pytest.raises(SourceError, match="begins on 2026-08-30, after 2026-07; give a later"):
        MonthBill(world, date(2026, 7, 1))
    with pytest.raises(SourceError, match="nothing of 2026-09 is known by 2026-09-01 00:00 UTC"):
        MonthBill(world, SEPTEMBER, first_hour(SEPTEMBER))
    with pytest.raises(SourceError, match="no service 'EC2' in the simulated bill; it has: AWS G"):
        MonthBill(world, SEPTEMBER, services=["EC2"])


# The command.

TINY = ["--month", "2026-09", "--until", "2026-09-01T02", "--service", "Amazon Athena"]


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says what it wrote and what to do next; --json says the same."""
    out = tmp_path / "a bill"
    arguments = ["simulate", "--out", str(out), "--as", "cur-legacy", *TINY]
    assert run([*arguments, "--rows-per-file", "10"]) == 0
    printed = capsys.readouterr().out
    folder = out / "simulated-cur-legacy"
    assert "wrote 18 rows of 2026-09 as legacy CUR, as known on 2026-09-01 02:00 UTC" in printed
    assert printed.endswith(f"next: finops ingest '{folder}'\n")
    assert len(assemblies(LocalFolder(folder))[0].files) == 2
    assert run(["simulate", "--out", str(out), "--as", "focus", *TINY, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["rows"], said["billing_period"]) == (18, "2026-09")
    assert [file["rows"] for file in said["files"]] == [18]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--as", "cur-legacy", "--format", "parquet"], "say --as cur --format parquet"),
        (["--as", "cur", "--month", "2026-8x"], "does not match the format"),
        (["--as", "cur", "--month", "2026-08"], "give a later month or an earlier start"),
        (["--as", "cur", "--until", "2026-09-01"], "give a later time, up to 2026-10-02T02"),
        (["--as", "cur", "--service", "X"], "no service 'X' in the simulated bill"),
    ],
)
def test_wrong_arguments(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, with the way out, and nothing written."""
    assert run(["simulate", "--out", str(tmp_path), *TINY, *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


# sample-data/cur


def test_the_samples_are_what_the_command_writes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Row by row, by the commands that sample-data/README.md gives; other zlibs pack otherwise."""
    readme = (SAMPLES.parent / "README.md").read_text("utf-8")
    commands = [c for c in readme.splitlines() if c.startswith("finops simulate --out sample-data")]
    assert len(commands) == 3
    for command in commands:
        words = split(command)[1:]
        words[words.index("sample-data/cur")] = str(tmp_path)
        assert run(words) == 0
    capsys.readouterr()
    written = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert written == {path.relative_to(SAMPLES) for path in SAMPLES.rglob("*") if path.is_file()}
    for name in written:
        if name.suffix == ".json":
            assert (tmp_path / name).read_bytes() == (SAMPLES / name).read_bytes()
        else:
            assert events([tmp_path / name]) == events([SAMPLES / name])
