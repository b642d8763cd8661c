"""An export in steps: each invocation does a little, and the lake has all of it in the end."""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from infra.local.store import MemoryStore
from producers.errors import SourceError
from producers.scheduled_handler import Producer, run_export
from producers.sources import Source
from producers.sources.discovery import assemblies
from producers.sources.places import LocalFolder
from producers.sources.table_source import TableSource
from producers.transport import ScriptedTransport
from schemas.codec import Batch, decode
from tests.exports import LegacyReport, charge

SCHEDULED = {"scheduled_time": "2026-09-20T05:00:00Z"}
BUDGET_SECONDS = 2.0
LOOK_SECONDS = 0.6
"""What the clock moves at every look: a part of the big file takes several invocations."""


class Invocations:
    """Runs the function as Lambda would: event after event, with a time budget for each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.transport = ScriptedTransport()
        self.store = MemoryStore()
        self.events: list[dict[str, Any]] = []
        self.meanwhile: Callable[[int], None] = lambda number: None
        self.opened: list[str] = []

    def run(self) -> int:
        """Handle the schedule and every message after it; return how many invocations it took."""
        self.events = [SCHEDULED]
        for number in range(200):
            if not self.events:
                return number
            run_export(self._producer(), self.events.pop(0), self._budget())
            self.meanwhile(number)
        raise AssertionError("it never ends")

    def rows(self) -> dict[str, int]:
        """Return the events that arrived, by delivery."""
        found: dict[str, set[int]] = {}
        for batch in self.batches():
            if batch.is_charges:
                found.setdefault(batch.delivery_id, set()).update(
                    e["ordinal"] for e in batch.events
                )
        return {delivery: len(ordinals) for delivery, ordinals in found.items()}

    def completions(self) -> list[dict[str, Any]]:
        """Return what was completed, in order."""
        return [e for b in self.batches() if not b.is_charges for e in b.events]

    def batches(self) -> Iterator[Batch]:
        """Yield every accepted record, decoded."""
        for record in self.transport.accepted:
            batch = decode(record)
            assert isinstance(batch, Batch)
            yield batch

    def _budget(self) -> Callable[[], bool]:
        spent = [0.0]

        def out_of_time() -> bool:
            spent[0] += LOOK_SECONDS
            return spent[0] > BUDGET_SECONDS

        return out_of_time

    def _producer(self) -> Producer:
        return Producer(
            self.transport,
            self.store,
            sleep=lambda seconds: None,
            jitter=Random(1),
            now=lambda: 1_790_000_000_000_000,
            export=self._find,
            send=self.events.append,
        )

    def _find(self) -> list[Source]:
        place = LocalFolder(self.folder)
        return [TableSource(found, place, "focus") for found in assemblies(place)]


def rows_of(month: str, count: int, cost: str = "0.25") -> list[dict[str, str]]:
    return [charge(f"{month}-{n % 28 + 1:02}", cost, ResourceId=f"r-{n}") for n in range(count)]


@pytest.fixture
def report(tmp_path: Path) -> LegacyReport:
    """Two months; the second in three part files, one of them large."""
    report = LegacyReport(tmp_path / "s3")
    report.assemble("2026-08", "aug-a", [rows_of("2026-08", 40)], 1_788_000_000)
    parts = [rows_of("2026-09", 4_000), rows_of("2026-09", 30), rows_of("2026-09", 70)]
    report.assemble("2026-09", "sep-a", parts, 1_789_000_000)
    return report


@pytest.fixture
def lake(report: LegacyReport) -> Invocations:
    return Invocations(report.folder.parent)


def test_two_seconds_at_a_time_deliver_everything_once(lake: Invocations) -> None:
    """One part file an invocation at most, several for the large one; every row arrives."""
    invocations = lake.run()
    assert invocations >= 6
    assert sorted(lake.rows().values()) == [40, 4_100]
    told = {c["scope_period"]: c for c in lake.completions()}
    assert {p: c["events"] for p, c in told.items()} == {"2026-08": 40, "2026-09": 4_100}
    assert all(c["rejected"] == [] for c in told.values())
    assert not list(lake.store.list("spool/"))


def test_the_next_schedule_sends_nothing(lake: Invocations) -> None:
    """What is in the lake is known from a few small objects, in one invocation."""
    lake.run()
    sent = list(lake.transport.accepted)
    assert lake.run() == 1
    assert lake.transport.accepted == sent


def test_a_message_that_comes_twice_changes_nothing(lake: Invocations) -> None:
    """Lambda's asynchronous events are at-least-once."""
    lake.meanwhile = lambda number: lake.events.extend(lake.events[:1] if number < 4 else [])
    lake.run()
    assert sorted(lake.rows().values()) == [40, 4_100]
    assert {c["events"] for c in lake.completions()} == {40, 4_100}


def test_a_newer_assembly_takes_over_and_the_old_one_is_never_completed(
    lake: Invocations, report: LegacyReport
) -> None:
    """The manifest moves on while a part is read: what was spooled of the old one is dropped."""

    def replace(number: int) -> None:
        if number == 2:
            report.assemble("2026-09", "sep-b", [rows_of("2026-09", 55, "9")], 1_789_900_000)

    lake.meanwhile = replace
    lake.run()
    told = [c for c in lake.completions() if c["scope_period"] == "2026-09"]
    assert [c["events"] for c in told] == [55]
    assert sorted(lake.rows().values()) == [40, 55]
    assert not list(lake.store.list("spool/"))


def test_only_changed_days_of_a_newer_assembly_are_sent_once_the_old_one_is_active(
    lake: Invocations, report: LegacyReport
) -> None:
    """Without a settled state nothing may be taken for granted: all days are sent again."""
    lake.run()
    rows = rows_of("2026-09", 4_100)
    rows[0] = {**rows[0], "BilledCost": "77"}
    report.assemble("2026-09", "sep-b", [rows], 1_789_900_000)
    lake.run()
    newest = lake.completions()[-1]
    assert newest["events"] == 4_100
    assert {d["held_by"] for d in newest["days"]} == {None}


def test_one_bad_month_does_not_keep_the_others_out(
    lake: Invocations, report: LegacyReport
) -> None:
    """It is said at the end, as an error that reaches the queue of failed invocations."""
    report.assemble("2026-07", "jul-a", [[{"nonsense": "1"}]], 1_787_000_000)
    with pytest.raises(SourceError, match="no column"):
        lake.run()
    assert sorted(lake.rows().values()) == [40, 4_100]


def test_an_event_that_is_no_schedules_is_refused(lake: Invocations) -> None:
    """Never the clock's time instead."""
    with pytest.raises(SourceError, match="call it by its schedule"):
        run_export(lake._producer(), {}, lambda: False)


def test_a_delivery_that_the_stream_refuses_is_continued(lake: Invocations) -> None:
    """Lambda's retry of the same event goes on where the refusal came."""
    down = ScriptedTransport(lambda call, record: "ServiceUnavailableException")
    up, lake.transport = lake.transport, down
    with pytest.raises(Exception, match="were not accepted"):
        lake.run()
    lake.transport = up
    lake.run()
    assert sorted(lake.rows().values()) == [40, 4_100]
