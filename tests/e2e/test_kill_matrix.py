"""Two assemblies of a month, in both orders, killed at every step: one of them shows, whole.

`pytest -s -n0 tests/e2e/test_kill_matrix.py` prints the matrix.
"""

import signal
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from infra.wiring import Platform
from tests.e2e.conftest import Lake
from tests.e2e.killed import STEPS, ingest_and_die
from tests.exports import LegacyReport, charge

MONTH = "2026-09"
OLDER, NEWER = 1_789_000_000, 1_789_900_000
Shown = dict[tuple[str, str], Decimal]
"""What the view shows of an account: (charge date, resource) to billed cost."""


class Month:
    """One account's month, as two assemblies said it; each case has an account of its own."""

    def __init__(self, folder: Path, account: str) -> None:
        self._folder = folder
        self._account = account
        same = [self._row("01", "1.5", "r-1"), self._row("01", "2.25", "r-2")]
        bad = self._row("01", "oops", "r-bad")
        self.a = [*same, self._row("02", "10", "r-1"), self._row("03", "4", "r-1"), bad]
        self.b = [*same, self._row("02", "11", "r-1"), self._row("04", "8", "r-3"), bad]

    def place(self, name: str) -> Path:
        """Write one assembly where it can be ingested, and return where."""
        rows, seconds = {"A": (self.a, OLDER), "B": (self.b, NEWER)}[name]
        report = LegacyReport(self._folder / name, f"bill-{self._account}")
        report.assemble(MONTH, f"assembly-{name}", [rows[:2], rows[2:]], seconds)
        return report.folder

    def shows(self, name: str) -> Shown:
        """Return what the view shows where an assembly is read."""
        rows = {"A": self.a, "B": self.b}[name][:-1]
        return {
            (r["ChargePeriodStart"][:10], r["ResourceId"]): Decimal(r["BilledCost"]) for r in rows
        }

    def _row(self, day: str, cost: str, resource: str) -> dict[str, str]:
        return charge(f"{MONTH}-{day}", cost, ResourceId=resource, BillingAccountId=self._account)


def shown(platform: Platform, account: str) -> Shown:
    rows = platform.query.rows(
        "select charge_date, resource_id, count(*) as n, sum(billed_cost) as billed from charges "
        f"where billing_account_id = '{account}' group by 1, 2"
    )
    assert all(r["n"] == 1 for r in rows)
    return {(r["charge_date"], r["resource_id"]): r["billed"] for r in rows}


def run_matrix(lake: Lake, folder: Path, order: Sequence[str]) -> None:
    """Kill the ingest of both assemblies at every step, and print what showed."""
    _, platform = lake.started()
    platform.activate_first_evaluation()
    lines = [f"{'':12}" + "".join(f"{name:>12}" for name in order)]
    for step in STEPS:
        account = str(step)
        month = Month(folder / account, account)
        expected: Shown = {}
        cells = []
        for name in order:
            place = month.place(name)
            before = expected
            # An older assembly that comes later changes nothing.
            expected = month.shows(name) if name == order[0] else month.shows("B")
            code = ingest_and_die(lake.data_dir, place, step)
            assert code == -signal.SIGKILL, f"{account}, {name}: never reached {step}"
            now = shown(platform, account)
            assert now in (before, expected), f"{account}, {name}: {now}"
            cells.append("old" if now == before else "new")
            assert ingest_and_die(lake.data_dir, place, None) == 0
            assert shown(platform, account) == expected, f"{account}, {name}"
            cells[-1] += f" -> {'B' if expected == month.shows('B') else 'A'}"
        lines.append(f"{step:12}" + "".join(f"{cell:>12}" for cell in cells))
    print("\nkilled at, while ingesting: what showed then -> what shows after the next run")
    print("\n".join(lines))
    assert not list(platform.store.list("spool/")), "a finished ingest leaves nothing behind"
    report = lake.audit()
    assert report.clean
    assert not report.open_deliveries


class TestOlderFirst:
    """A class for each order, so that they run beside each other."""

    def test_killed_at_every_step_one_assembly_shows_whole(
        self, lake: Lake, tmp_path: Path
    ) -> None:
        """After the kill: what showed before, or what will. After the same command again: it."""
        run_matrix(lake, tmp_path, ("A", "B"))


@pytest.mark.long
class TestNewerFirst:
    """The older assembly comes second."""

    def test_killed_at_every_step_one_assembly_shows_whole(
        self, lake: Lake, tmp_path: Path
    ) -> None:
        """B shows from its first complete moment on, whatever becomes of A."""
        run_matrix(lake, tmp_path, ("B", "A"))
