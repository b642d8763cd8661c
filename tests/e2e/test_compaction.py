"""Compaction on the whole stack: killed anywhere, twice at once, while queries and replays run.

`pytest -s -n0 tests/e2e/test_compaction.py` prints the matrix.
"""

import signal
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from infra.evaluations.lifecycle import add, remove
from infra.local.clock import SystemClock
from infra.replay.replaying import replay
from infra.replay.selection import Selection as Replayed
from infra.wiring import Platform
from producers.decision import OnConflict
from rules import default_policy, rule_set
from schemas.lake import COMPACTIONS
from schemas.tables import LAKE_ROWS
from tests.e2e.compacting import compact_and_die, compact_at
from tests.e2e.conftest import Finops, Lake
from tests.exports import charge, csv_bytes
from transforms.audit import audit
from transforms.compaction.job import STEPS, Report, Selection, Step
from transforms.compaction.planning import KEEP, LEASE
from transforms.compaction.records import NOT_COUNTED

CASES: tuple[tuple[Step, int], ...] = (*((step, 1) for step in STEPS), ("put", 2), ("delete", 2))
"""Every step, and in the middle of those that are done for each file."""
LATER_RUN = STEPS[STEPS.index("recheck") :]
MONTH = "2026-09"
DAYS = tuple(f"{MONTH}-{day:02}" for day in range(1, len(CASES) + 1))
"""A day for each case; the other tests have days of their own."""
RACED, LEFT, AUDITED, FORMED, REMOVED, SAID, SAID_TOO = MORE = tuple(
    f"{MONTH}-{day:02}" for day in range(len(CASES) + 1, len(CASES) + 8)
)
TOMORROW = timedelta(days=1, minutes=1)
"""After so long every object is old enough."""
_ASKED = (
    "delivery_id, ordinal, billed_cost, service_name, sub_account_id, charge_period_start, "
    "json_format(cast(tags as json)) as tags, json_format(cast(missing_tags as json)) as missing, "
    "rules_version, policy_version, baseline_version, cost_class, charge_date, event_id"
)


def fill(lake: Lake, folder: Path) -> None:
    """Deliver a month, deliver it again, replace it, and add to it: four files a day."""

    def file(name: str, cost: str, services: int) -> Path:
        rows = [
            charge(day, cost, ServiceName=f"s-{n}", SubAccountId=f"a-{n % 2}", Tags='{"Team":"x"}')
            for day in DAYS + MORE
            for n in range(services)
        ]
        path = folder / name
        path.write_bytes(csv_bytes(rows))
        return path

    first = file("first.csv", "1.5", 3)
    lake.ingest(first)
    lake.ingest(first, resend=True)
    lake.ingest(file("second.csv", "2.25", 4), on_conflict=OnConflict.REPLACE)
    lake.ingest(file("third.csv", "0.000000000001", 2), on_conflict=OnConflict.ADD)


def answers(platform: Platform, day: str) -> list[list[dict[str, Any]]]:
    """Return what both views say of a day."""
    views = "charges_all", "charges"
    asked = [f"select '{v}' as v, {_ASKED} from {v} where charge_date = '{day}'" for v in views]
    rows = platform.query.rows(f"{' union all '.join(asked)} order by event_id")
    return [[{**row, "v": ""} for row in rows if row["v"] == view] for view in views]


def counted_copies(platform: Platform, day: str) -> int:
    """Return how many rows of a day are there too often, compaction's own aside."""
    (row,) = platform.query.rows(
        "select count(*) as stored, count(distinct delivery_id || cast(ordinal as varchar)) as n "
        f"from charges_stored where charge_date = '{day}' and not ({NOT_COUNTED})"
    )
    return int(row["stored"] - row["n"])


def files(platform: Platform, day: str) -> list[str]:
    """Return the names of a day's files."""
    found = platform.store.list(f"processed/charges/evaluation=v1/billing_period={MONTH}/")
    return [i.key.rpartition("/")[2] for i in found if f"charge_date={day}/" in i.key]


def of(day: str) -> Selection:
    """Select a day."""
    return Selection(first=day, last=day)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """One lake for all tests: a month of four files a day."""
    folder = tmp_path_factory.mktemp("compaction")
    lake = Lake(folder / "finops")
    fill(lake, folder)
    yield lake
    lake.stop()


@pytest.fixture
def filled(lake: Lake) -> Platform:
    """Return its platform."""
    return lake.started()[1]


@pytest.mark.long
def test_killed_at_every_step_nothing_shows(lake: Lake, filled: Platform) -> None:
    """After the kill, after the next run, and after the old files are gone: the same answers."""
    now = SystemClock().now() + TOMORROW
    lines = [f"{'':12}{'files then':>12}{'copies':>8}{'at last':>10}"]
    for day, (step, nth) in zip(DAYS, CASES, strict=True):
        expected = answers(filled, day)
        assert len(expected[0]) > len(expected[1]) > 0
        assert len(files(filled, day)) == 4
        moment = now
        if step in LATER_RUN:
            assert compact_at(filled, moment, of(day)).compacted[0].done
            moment += KEEP
        code = compact_and_die(lake.data_dir, moment, of(day), step, nth)
        assert code == -signal.SIGKILL, f"never reached {step}"
        assert answers(filled, day) == expected
        then, copies = len(files(filled, day)), counted_copies(filled, day)
        assert copies in (0, 3), "the copies of before, or none"
        for wait in (LEASE, KEEP):
            moment += wait
            assert compact_at(filled, moment, of(day)).clean
        assert answers(filled, day) == expected
        # The truth, and what is not true any more.
        last = files(filled, day)
        assert len(last) == 2
        assert all(name.startswith("compacted-") for name in last)
        assert counted_copies(filled, day) == 0
        lines.append(f"{step + ' ' * (nth > 1) + str(nth) * (nth > 1):12}{then:>12}{copies:>8}"
                     f"{len(last):>10}")  # fmt: skip
    print("\nkilled at: files then, copies that count then, files at last")
    print("\n".join(lines))
    assert not list(filled.store.list(COMPACTIONS))
    report = lake.audit()
    assert report.clean
    assert not [d for d in report.doubled if d.charge_date in DAYS]


def test_two_at_once_and_a_file_that_comes_meanwhile(
    lake: Lake, filled: Platform, tmp_path: Path
) -> None:
    """One of two does each day; what lands beside is there, and is compacted the next time."""
    now = SystemClock().now() + TOMORROW
    days = (RACED, LEFT)
    before = {day: answers(filled, day) for day in days}
    selection = Selection(first=RACED, last=LEFT)
    late = tmp_path / "late.csv"
    late.write_bytes(csv_bytes([charge(RACED, "7", ServiceName="late")]))
    barrier = threading.Barrier(2)
    reports: list[Report] = []

    def run(number: int) -> None:
        def reached(step: Step) -> None:
            # Both have written and compared their files; one of them announces first.
            if step == "announce":
                barrier.wait(60)
                if number == 0 and late.exists():
                    lake.ingest(late, on_conflict=OnConflict.ADD)
                    late.unlink()

        reports.append(compact_at(filled, now, selection, reached))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = Counter(c.partition for r in reports for c in r.compacted if c.done)
    assert sorted(done.values()) == [1, 1]
    assert {c.detail for r in reports for c in r.compacted if not c.done} == {
        "another run has begun with it"
    }
    everything, truth = answers(filled, RACED)
    assert [row for row in everything if row["service_name"] != "late"] == before[RACED][0]
    assert len(truth) == len(before[RACED][1]) + 1
    assert answers(filled, LEFT) == before[LEFT]
    later = compact_at(filled, now + KEEP, selection)
    assert [d.done for d in later.deleted] == [True, True]
    # The late file, and the two that were made before, are few enough to be one again.
    assert [c.partition[2] for c in later.compacted] == [RACED]
    assert [everything, truth] == answers(filled, RACED)


def test_audit_and_replay_see_no_difference(filled: Platform) -> None:
    """Before, while both lie there, and after: nothing missing, nothing to write again."""
    add(filled, "again", rule_set("v1"), default_policy(), "v1")
    assert replay(filled, "again", Replayed()).clean
    now = SystemClock().now() + TOMORROW
    held = set()
    before = audit(filled.query, filled.store)
    doubled = {d.copies for d in before.doubled if d.charge_date == AUDITED}
    for moment in (now, now + KEEP):
        report = compact_at(filled, moment, of(AUDITED))
        assert report.clean
        assert len(report.compacted or report.deleted) == 2, "of both evaluations"
        for evaluation in ("again", "v1"):
            found = audit(filled.query, filled.store, evaluation)
            assert found.clean
            held.add((found.events, found.billed["USD"]))
            assert {d.copies for d in found.doubled if d.charge_date == AUDITED} <= doubled, moment
            again = replay(filled, evaluation, Replayed(AUDITED, AUDITED), again=True)
            assert (again.clean, again.written, again.events > 0) == (True, 0, True)
        resumed = replay(filled, "again", Replayed())
        assert (resumed.clean, resumed.resumed) == (True, resumed.raw_objects)
    assert len(held) == 1
    assert not [d for d in found.doubled if d.charge_date == AUDITED]
    remove(filled, "again")


def test_the_new_files_are_as_firehose_writes_them(filled: Platform) -> None:
    """Physical types, compression, columns; sorted, the truth apart from what is none any more."""
    old = pq.ParquetFile(_paths(filled, FORMED)[0])
    compact_at(filled, SystemClock().now() + TOMORROW, of(FORMED))
    new = [pq.ParquetFile(p) for p in _paths(filled, FORMED) if p.name.startswith("compacted-")]
    current = {row["delivery_id"] for row in answers(filled, FORMED)[1]}
    for file in new:
        assert file.metadata.format_version == old.metadata.format_version == "1.0"
        assert file.schema.equals(old.schema)
        chunks = [f.metadata.row_group(0).column(0) for f in (old, file)]
        assert len({(c.compression, c.physical_type, *c.encodings) for c in chunks}) == 1
        table = file.read()
        assert table.column_names == [c.name for c in LAKE_ROWS.columns]
        assert dict(table["tags"].to_pylist()[0]) == {"Team": "x"}
        keys = [(r["service_name"], r["sub_account_id"], r["delivery_id"], r["ordinal"])
                for r in table.to_pylist()]  # fmt: skip
        assert keys == sorted(keys)
    by_file = [set(file.read()["delivery_id"].to_pylist()) for file in new]
    assert len(by_file) == 2
    assert current in by_file
    assert not by_file[0] & by_file[1]


def test_of_a_removed_evaluation_nothing_comes_back(filled: Platform) -> None:
    """Its records go with it; a compaction that was at it writes nothing; the name is free."""
    add(filled, "gone", rule_set("v1"), default_policy(), "v1")
    replay(filled, "gone", Replayed())
    now = SystemClock().now() + TOMORROW
    gone = Selection("gone", None, REMOVED, REMOVED)

    def reached(step: Step) -> None:
        if step == "announce":
            remove(filled, "gone")

    # One raw object gave one file a delivery and day: two deliveries and an addition are three.
    report = compact_at(filled, now, gone, reached)
    assert [c.detail for c in report.compacted] == ["its files changed meanwhile"]
    assert not list(filled.store.list("processed/charges/evaluation=gone/"))
    assert not list(filled.store.list(f"{COMPACTIONS}gone."))


def test_the_command_says_what_it_did(lake: Lake, finops: Finops, filled: Platform) -> None:
    """Due, done, waiting; as JSON; and wrong options in a sentence."""
    dry = finops("compact", "--evaluation", "v1", "--dry-run", "--older-than", "0m", "--from", SAID)
    assert dry.code == 0
    assert "2 partitions: 2 due" in dry.out
    assert "next: finops compact" in dry.out
    young = finops("compact", "--evaluation", "v1", "--from", SAID, "--json")
    assert young.json["partitions"] == {"busy": 2}
    done = finops("compact", "--older-than", "0m", "--from", SAID, "--evaluation", "v1")
    assert done.code == 0
    assert f"v1 {MONTH} {SAID}: 4 files of" in done.out
    assert "3 copies left out" in done.out
    assert "8 old files of" in done.out
    after = finops(
        "compact",
        "--evaluation",
        "v1",
        "--older-than",
        "0m",
        "--billing-period",
        MONTH,
        "--from",
        SAID,
    )
    assert "2 partitions: 2 compacted, old files not deleted yet" in after.out
    for arguments, said in (
        (("--older-than", "soon"), "is not a time span, such as 90m, 24h or 7d"),
        (("--min-files", "1"), "--min-files"),
        (("--from", "x"), "write YYYY-MM-DD"),
        (("--billing-period", "x"), "write YYYY-MM"),
        (("--evaluation", "X/"), "finops evaluations list"),
        (("--from", "2026-09-02", "--to", "2026-09-01"), "is after --to"),
    ):
        answer = finops("compact", *arguments)
        assert answer.code == 2, arguments
        assert said in answer.err
    (record,) = [i.key for i in filled.store.list(f"{COMPACTIONS}v1.{MONTH}.{SAID}")]
    filled.store.put(record, b"{}")
    damaged = finops("compact")
    assert damaged.code == 2
    assert "delete it and run: finops compact" in damaged.err


def _paths(platform: Platform, day: str) -> list[Path]:
    folder = Path(platform.lake) / "processed/charges/evaluation=v1" / f"billing_period={MONTH}"
    return sorted((folder / f"charge_date={day}").glob("*.parquet"))
