"""A quarter of the simulated bill, thinned: of each day an hour, of its usage every twentieth row.

What is not usage (purchases, support, credits, tax) is kept whole, from whatever hour.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from producers.sources import ChargeRow, Source
from producers.sources.discovery import assemblies
from producers.sources.places import LocalFolder
from producers.sources.simulator import Simulator
from producers.sources.simulator.exports import CSV, EXPORT_KINDS, MonthBill, write_export
from producers.sources.table_source import TableSource

FIRST, LAST = "2026-07-01", "2026-09-30"
MONTHS = ("2026-07", "2026-08", "2026-09")
_STEP = 25
"""Hours: a day, and one more, so that every hour of the day comes."""
_USAGE_STEP = 20


class ThinBill(MonthBill):
    """A month with a part of its hours and of their usage."""

    def hours(self) -> Iterator[list[ChargeRow]]:
        """Yield the hours that are left."""
        start = max(self.first, self.simulator.start)
        for hour in range(start, self.until, _STEP):
            rows = [row for row in self.simulator.rows(hour) if self._belongs(row)]
            usage = [row for row in rows if row.charge["charge_category"] == "Usage"]
            yield [row for row in rows if row not in usage] + usage[::_USAGE_STEP]


def write_quarter(folder: Path) -> list[Path]:
    """Write the quarter as three FOCUS exports, a month each, and return their folders."""
    world = Simulator(1, date(2026, 7, 1), 92)
    folders = []
    for number in (7, 8, 9):
        out = folder / str(number)
        bill = ThinBill(world, date(2026, number, 1))
        write_export(out, EXPORT_KINDS["focus"], bill, CSV, 500_000, lambda rows: None)
        folders.append(out)
    return folders


def quarter_sources(folders: list[Path]) -> list[Source]:
    """Return the exports as sources."""
    return [TableSource(a, p, "focus") for p in map(LocalFolder, folders) for a in assemblies(p)]
