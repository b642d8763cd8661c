"""A settle that counts only what was waiting finds what one that counts everything finds."""

from pathlib import Path
from typing import Any

from producers.decision import OnConflict
from producers.ingest import Options
from schemas.lake import CURRENT_STATE, DELIVERY_STATUS
from tests.e2e.conftest import Finops, Lake
from tests.exports import charge, csv_bytes
from tests.sources import deliver, file_source
from transforms.ports import Query
from transforms.settle import settle

ADD = Options(on_conflict=OnConflict.ADD)


class Recording:
    """A query that remembers what it was asked."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self.asked: list[str] = []

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Ask, and remember."""
        self.asked.append(sql)
        return self._query.rows(sql)

    @property
    def counts(self) -> list[str]:
        """The questions that count rows."""
        return [sql for sql in self.asked if "count(distinct ordinal)" in sql]


def both(lake: Lake) -> tuple[list[str], bytes]:
    """Settle what is waiting, then everything: the same state; return what the first counted."""
    _, platform = lake.started()
    query, store, now = Recording(platform.query), platform.store, platform.clock.now()
    settle(query, store, now, only_waiting=True)
    found = [store.get(key) for key in (CURRENT_STATE, DELIVERY_STATUS)]
    settle(platform.query, store, now)
    assert found == [store.get(key) for key in (CURRENT_STATE, DELIVERY_STATUS)]
    return query.counts, found[1]


def test_only_what_waits_is_counted(lake: Lake, tmp_path: Path) -> None:
    """New, replaced, added, unchanged and half-arrived deliveries, one after the other."""
    aws, platform = lake.started()
    rows = [charge(f"2026-09-0{day}", "1", ResourceId=f"r-{day}") for day in range(1, 5)]
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_bytes(csv_bytes(rows))
    lake.ingest(first)
    assert both(lake)[0] == []
    second.write_bytes(csv_bytes(rows[:2]))
    # A delivery that nobody settled yet: its rows, and no others, are counted.
    deliver(platform, file_source(second), platform.delivery(), options=ADD)
    aws.flush()
    counted, _ = both(lake)
    assert len(counted) == 1
    assert counted[0].count("delivery_id in (") == 1
    assert both(lake)[0] == []


def test_a_delivery_without_its_end_keeps_its_number(
    lake: Lake, finops: Finops, tmp_path: Path
) -> None:
    """Rows without a completion are looked for once a day; what was found stays listed."""
    aws, platform = lake.started()
    file = tmp_path / "bill.csv"
    file.write_bytes(csv_bytes([charge("2026-09-01", "1")]))
    lake.ingest(file)

    class Died(Exception):  # noqa: N818 what a killed process does, not an error
        """The process is gone."""

    def reached(step: str) -> None:
        if step == "quarantine":
            raise Died

    other = tmp_path / "other.csv"
    other.write_bytes(csv_bytes([charge("2026-09-01", "1", BillingAccountId="2")]))
    try:
        deliver(platform, file_source(other), platform.delivery(), reached=reached)
    except Died:
        aws.flush()
    assert finops("settle").out == "1 delivery newly open\n"
    assert finops("settle").out == "nothing to change\n"
    counted, statuses = both(lake)
    assert counted == []
    assert b'"status":"open"' in statuses
