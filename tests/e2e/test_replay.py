"""Law 3: replay gives every row again, value for value, whatever was killed on the way."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from infra.evaluations.lifecycle import add
from infra.local.firehose import Faults
from infra.local.firehose.settings import Parquet
from infra.replay.replaying import replay
from infra.replay.run import Replay, Report
from infra.replay.selection import Selection
from infra.wiring import Platform
from rules import default_policy, rule_set
from schemas.lake import ObjectInfo, ObjectStore
from tests import samples
from tests.e2e.conftest import Finops, Lake
from transforms.audit import audit
from transforms.evaluations import load_context

EVERYTHING = Selection()
REAL, GENERATED = (len(samples.rows(f)) for f in (samples.REAL, samples.GENERATED))
SNAPPY = Parquet(compression="SNAPPY", dictionary=True, page_size=1024 * 1024)


def rows_of(folder: Path, evaluation: str) -> pa.Table:
    """Read an evaluation's files as they lie there, sorted by delivery and ordinal."""
    files = sorted(folder.glob(f"processed/charges/evaluation={evaluation}/**/*.parquet"))
    # One by one: the folder's names are no columns of the files.
    tables = [pq.ParquetFile(file).read() for file in files]
    return pa.concat_tables(tables).sort_by(
        [("delivery_id", "ascending"), ("ordinal", "ascending")]
    )


def same_again(platform: Platform, name: str = "again") -> None:
    """Register another name for what v1 stands for."""
    add(platform, name, rule_set("v1"), default_policy(), "v1")


@pytest.fixture
def small(lake: Lake) -> Iterator[Platform]:
    """A lake with the real sample, and another name for v1."""
    lake.ingest(samples.REAL)
    platform = lake.started()[1]
    same_again(platform)
    yield platform


def run(platform: Platform, selection: Selection = EVERYTHING, **given: Any) -> Report:
    """Replay into `again`, through another store where one is given."""
    store = given.pop("store", platform.store)
    context = load_context(platform.store, "again")
    return Replay(store, platform.query, context, selection, SNAPPY, **given).run()


class _Killed(BaseException):
    """The process died."""


class _Dying:
    """A store whose process dies before or after its n-th put."""

    def __init__(self, store: ObjectStore, puts: int, *, after: bool) -> None:
        self._store = store
        self._left = puts
        self._after = after

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        return self._store.list(prefix)

    def get(self, key: str) -> bytes:
        return self._store.get(key)

    def put(self, key: str, body: bytes) -> None:
        self._left -= 1
        if self._left < 0 and not self._after:
            raise _Killed
        self._store.put(key, body)
        if self._left < 0:
            raise _Killed

    def delete(self, key: str) -> None:
        self._store.delete(key)


def test_killed_at_any_step_the_same_command_finishes_it(small: Platform) -> None:
    """After each put, and before it: nothing doubled, nothing missing, the same files."""
    puts = 0
    killed = True
    while killed:
        killed = False
        for after in (False, True):
            try:
                run(small, store=_Dying(small.store, puts, after=after))
            except _Killed:
                killed = True
        puts += 7
    report = run(small)
    assert report.clean
    assert rows_of(Path(small.lake), "again").equals(rows_of(Path(small.lake), "v1"))
    assert run(small).written == 0
    assert not audit(small.query, small.store, "again").doubled


def test_the_rows_that_were_lost_come_back_as_they_were(small: Platform) -> None:
    """An evaluation's own rows, deleted and computed again from raw/."""
    folder = Path(small.lake)
    made = rows_of(folder, "v1")
    for info in list(small.store.list("processed/charges/evaluation=v1/")):
        small.store.delete(info.key)
    assert replay(small, "v1", EVERYTHING).clean
    assert rows_of(folder, "v1").equals(made)
    assert replay(small, "v1", EVERYTHING).written == 0


def test_what_was_sent_twice_is_written_once(lake: Lake, small: Platform) -> None:
    """Sent again, delivered twice, out of order: v1 has copies; replay writes each event once."""
    faults = Faults(duplicate_batches=True, duplicate_objects=True, reorder=True)
    lake.ingest(samples.REAL, resend=True, faults=faults)
    assert audit(small.query, small.store, "v1").raw_copies == 2 * REAL
    report = run(small)
    assert report.clean
    assert report.written == REAL == report.events / 3
    again = audit(small.query, small.store, "again")
    assert again.clean
    assert not again.doubled


def test_parts_make_the_whole(small: Platform) -> None:
    """By date, by delivery, by period: whatever is left out is there after the next part."""
    deliveries = small.query.rows("select distinct delivery_id as id from charges order by 1")
    first = Selection(last="2024-09-10")
    part = run(small, first)
    assert part.clean
    assert 0 < part.written < REAL
    one = run(small, Selection(delivery_id=deliveries[0]["id"]))
    assert one.clean
    rest = run(small, Selection(first="2024-09-11", billing_period="2024-09"))
    assert rest.clean
    assert rows_of(Path(small.lake), "again").equals(rows_of(Path(small.lake), "v1"))


def test_events_that_arrive_later_are_added(lake: Lake, small: Platform) -> None:
    """A replay after a replay takes what is new, and finds the rest done."""
    run(small)
    lake.ingest(samples.GENERATED)
    report = run(small)
    assert (report.resumed, report.clean) == (1, True)
    assert report.written == GENERATED


def test_a_replay_that_is_not_whole_says_so(lake: Lake, finops: Finops, small: Platform) -> None:
    """A lost file: exit code 1 and the day; --again repairs it."""
    assert finops("replay", "--evaluation", "again").code == 0
    (lost, *_) = small.store.list("processed/charges/evaluation=again/")
    small.store.delete(lost.key)
    found = finops("replay", "--evaluation", "again")
    assert found.code == 1
    assert "missing-in-processed" in found.out
    assert "--again" in found.out
    repaired = finops("replay", "--evaluation", "again", "--again", "--json")
    assert (repaired.code, repaired.json["clean"]) == (0, True)


def test_wrong_selections_are_one_sentence(finops: Finops, small: Platform) -> None:
    """Exit code 2, and what to do."""
    for arguments, said in (
        (("--evaluation", "nope"), "no evaluation 'nope' is registered"),
        (("--evaluation", "v1", "--from", "yesterday"), "write YYYY-MM-DD"),
        (("--evaluation", "v1", "--from", "2024-09-02", "--to", "2024-09-01"), "is after --to"),
        (("--evaluation", "v1", "--billing-period", "2024"), "write YYYY-MM"),
        (("--evaluation", "v1", "--delivery", "zz"), "no delivery with an id that begins"),
    ):
        answer = finops("replay", *arguments)
        assert answer.code == 2, arguments
        assert said in answer.err
