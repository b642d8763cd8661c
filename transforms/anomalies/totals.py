"""Usage cost by day and series, read from the daily summaries: no job scans a month every night.

Tax, credits, purchases and adjustments land on one day and have no daily level, so they are left
out; so are corrections of closed periods.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from schemas.amounts import EXACT
from schemas.lake import ObjectStore
from transforms.anomalies.judging import HISTORY_DAYS
from transforms.anomalies.model import Series
from transforms.summaries.builds import Builds
from transforms.summaries.refresh import DAILY, rows_of
from transforms.summaries.rows import Row
from transforms.summaries.sources import fingerprint

Totals = dict[Series, Decimal]
"""One day's cost by series."""


class DailyTotals:
    """The totals of the days before and at a day that moves forward."""

    def __init__(self, store: ObjectStore, builds: Builds) -> None:
        self._store = store
        self._builds = builds
        self._days: dict[str, Totals] = {}

    def basis(self, day: str) -> str:
        """Return a hash of what a day is judged from: its own summary and those before it."""
        versions = [
            f"{d} {build.version}"
            for d in _window(day)
            if (build := self._builds.get((DAILY, d))) is not None
        ]
        return fingerprint(versions)

    def until(self, day: str) -> Iterator[tuple[Series, dict[str, Decimal]]]:
        """Yield each series with a cost on a day, with its costs of that day and before, by date.

        Days are asked for in order: those that are too old for this one are forgotten.
        """
        window = [d for d in _window(day) if (DAILY, d) in self._builds]
        self._days = {d: self._days[d] if d in self._days else self._totals(d) for d in window}
        for series in self._days.get(day, {}):
            yield series, {d: t[series] for d, t in self._days.items() if series in t}

    def _totals(self, day: str) -> Totals:
        totals: defaultdict[Series, Decimal] = defaultdict(Decimal)
        for row in usage_of(self._store, self._builds, day):
            series = series_of(row)
            totals[series] = EXACT.add(totals[series], row["effective_cost"])
        return dict(totals)


def usage_of(store: ObjectStore, builds: Builds, day: str) -> Iterator[Row]:
    """Yield the rows of a day's summary that have a daily level."""
    for row in rows_of(store, builds, day):
        # Nobody's usage can be judged where no cost is given.
        known = row["effective_cost"] is not None
        if known and row["charge_category"] == "Usage" and row["charge_class"] is None:
            yield row


def series_of(row: Any) -> Series:
    """Return the series that a row of a summary or of charges belongs to."""
    return (
        row["billing_account_id"],
        row["sub_account_id"],
        row["service_name"],
        row["region_id"],
        row["billing_currency"],
    )


def _window(day: str) -> list[str]:
    last = date.fromisoformat(day)
    return [(last - timedelta(days=back)).isoformat() for back in range(HISTORY_DAYS, -1, -1)]
