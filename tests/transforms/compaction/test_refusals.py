"""What is not equivalent replaces nothing, and says why."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra.compaction.queries import LONGEST_QUERY, queries_running
from infra.local.clock import ManualClock
from schemas.lake import COMPACTIONS
from tests.compaction.memory import FOLDER, JsonRows, MemoryObjects, Row, file_of
from transforms.compaction.job import Compaction, Report, Selection
from transforms.compaction.planning import KEEP, Criteria

ROWS = [Row("d1", n) for n in range(6)]


class Lake:
    """Two files, quiet for a day."""

    def __init__(self, scratch: Path, objects: type[MemoryObjects] = MemoryObjects) -> None:
        self._scratch = scratch
        self.clock = ManualClock(datetime(2026, 9, 10, tzinfo=UTC))
        self.objects = objects(self.clock.now)
        self.objects.put(f"{FOLDER}a.parquet", file_of(ROWS[:4]))
        self.objects.put(f"{FOLDER}b.parquet", file_of(ROWS[2:]))
        self.clock.advance(by=timedelta(days=1))

    def run(self, wrong: Callable[[list[Row]], list[Row]] = lambda rows: rows) -> Report:
        """Compact with an engine that writes what is wrong."""
        job = Compaction(
            *(self.objects, JsonRows(wrong), lambda partition: {"d1"}, lambda: False),
            *(self.clock.now, self._scratch),
        )
        return job.run(Selection(), Criteria(min_files=2))

    def keys(self) -> list[str]:
        """Return what lies there."""
        return sorted(self.objects.stored)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda rows: rows[1:], "6 rows became 5"),
        (lambda rows: [*rows, rows[0]], "1 rows were written more than once"),
        (lambda rows: [Row("d1", 0, cost=9), *rows[1:]], "billed_cost differ"),
        (lambda rows: [Row("d1", 0, mode="append"), *rows[1:]], "no amount differs"),
        (lambda rows: [Row("d2", 0), *rows[1:]], "6 rows became 5"),
    ],
)
def test_what_is_not_equivalent_is_not_written(
    tmp_path: Path, wrong: Callable[[list[Row]], list[Row]], said: str
) -> None:
    """Not a byte in the lake, the alarm, and the next run may try again."""
    lake = Lake(tmp_path)
    before = lake.keys()
    report = lake.run(wrong)
    assert not report.clean
    assert said in report.compacted[0].detail
    assert lake.keys() == before
    assert lake.run().compacted[0].done


def test_rows_that_contradict_each_other_stay_where_they_are(tmp_path: Path) -> None:
    """Which one is right, nobody knows here."""
    lake = Lake(tmp_path)
    lake.objects.put(f"{FOLDER}b.parquet", file_of([Row("d1", 0, cost=9)]))
    lake.clock.advance(by=timedelta(days=1))
    before = lake.keys()
    report = lake.run()
    assert not report.clean
    assert "rows of delivery d1 have the same ordinal and versions and differ" in (
        report.compacted[0].detail
    )
    assert lake.keys() == before


class Rotting(MemoryObjects):
    """Stores something else than it was given."""

    def upload(self, path: Path, key: str) -> str:
        """Lose the last byte."""
        return self.put(key, path.read_bytes()[:-1])


def test_what_was_stored_wrong_is_taken_away(tmp_path: Path) -> None:
    """The record too: the lake is as it was."""
    lake = Lake(tmp_path, Rotting)
    before = lake.keys()
    report = lake.run()
    assert not report.clean
    assert "what was stored is not what was written" in report.compacted[0].detail
    assert lake.keys() == before


def test_nothing_is_deleted_whose_rows_are_not_held(tmp_path: Path) -> None:
    """A new file was lost: the old ones stay, the record goes, and it is compacted anew."""
    lake = Lake(tmp_path)
    assert lake.run().compacted[0].done
    (new, *_) = (stored.key for stored in lake.objects.list(f"{FOLDER}compacted-"))
    del lake.objects.stored[new]
    lake.clock.advance(by=KEEP)
    report = lake.run()
    assert not report.clean
    assert "nothing was deleted, and it will be compacted anew" in report.deleted[0].detail
    assert report.compacted[0].done
    lake.clock.advance(by=KEEP)
    assert lake.run().clean
    assert not list(lake.objects.list(COMPACTIONS))
    assert all("compacted-" in stored.key for stored in lake.objects.list(FOLDER))


class Athena:
    """Tells of executions by their states and ages, two a page."""

    def __init__(self, now: datetime, *executions: tuple[str, timedelta]) -> None:
        self._found = {
            str(n): {"Status": {"State": state, "SubmissionDateTime": now - age}}
            for n, (state, age) in enumerate(executions)
        }
        self.pages = 0

    def get_paginator(self, name: str) -> "Athena":
        """Page through executions."""
        assert name == "list_query_executions"
        return self

    def paginate(self, **given: object) -> object:
        """Yield ids."""
        ids = list(self._found)
        for start in range(0, len(ids), 2):
            self.pages += 1
            yield {"QueryExecutionIds": ids[start : start + 2]}

    def batch_get_query_execution(self, QueryExecutionIds: list[str]) -> object:  # noqa: N803
        """Describe them."""
        return {"QueryExecutions": [self._found[id_] for id_ in QueryExecutionIds]}


def test_queries_that_run_are_seen() -> None:
    """Also behind newer ones; none runs longer than four hours, so older pages are not asked."""
    now = datetime(2026, 9, 10, tzinfo=UTC)
    minute, done = timedelta(minutes=1), ("SUCCEEDED", timedelta(minutes=2))
    assert not queries_running(Athena(now), "w", now)
    assert not queries_running(Athena(now, done, ("FAILED", minute)), "w", now)
    assert queries_running(Athena(now, ("QUEUED", minute)), "w", now)
    assert queries_running(Athena(now, done, done, done, ("RUNNING", minute)), "w", now)
    old = ("SUCCEEDED", LONGEST_QUERY + minute)
    athena = Athena(now, done, old, ("RUNNING", minute))
    assert not queries_running(athena, "w", now)
    assert athena.pages == 1
