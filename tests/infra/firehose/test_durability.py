"""Streams with a journal: what a restart finds, what a put without room answers, what is discarded.

The law that nothing is lost is in `test_law`.
"""

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from infra.local.firehose import DeliveryError, FirehoseError, JournalError, NoJournal
from infra.local.firehose.errors import ResourceNotFoundError
from infra.local.firehose.file_journal import file_journals
from infra.local.firehose.records import Source
from tests.infra.firehose.mortal import MortalStore
from tests.infra.firehose.setups import STREAM, World, configuration, data_of, echo, ok, plain

MakeWorld = Callable[..., World]


@pytest.fixture
def journaled(tmp_path: Path) -> Iterator[MakeWorld]:
    """Make worlds whose stream has a journal, and a Lambda that fails the record `bad`."""
    with ExitStack() as made:

        def make(**settings: object) -> World:
            world = World(
                plain(**settings),
                answer,
                store=MortalStore(),
                journals=file_journals(tmp_path, pytest.fail),
            )
            made.callback(lambda: world.firehose.close())
            return world

        yield make


def answer(record: dict[str, Any]) -> dict[str, Any]:
    """Fail the record `bad`."""
    return {**ok(record), "result": "ProcessingFailed"} if data_of(record) == b"bad" else ok(record)


@pytest.mark.parametrize(
    ("ticks", "waits_in"),
    [(0, {"raw/", "main/", "errors/"}), (1, {"raw/", "main/", "errors/"}), (2, {"raw/"})],
    ids=["incoming", "partition, errors and backup", "backup"],
)
@pytest.mark.parametrize("record", [b"good", b"bad"])
def test_a_record_survives_wherever_it_waits(
    journaled: MakeWorld, ticks: int, waits_in: set[str], record: bytes
) -> None:
    """Before the Lambda, in main or error output, and in the backup alone."""
    world = journaled()
    world.put(record)
    for _ in range(ticks):
        world.tick(60)
    delivered = {"main/", "errors/", "raw/"} - waits_in
    stored = {prefix for prefix in ("main/", "errors/", "raw/") if world.keys(prefix)}
    assert stored == delivered - {"main/" if record == b"bad" else "errors/"}
    world.restart()
    world.flush()
    assert world.bodies("raw/") == [record]
    assert len(world.keys("main/" if record == b"good" else "errors/")) == 1 + len(stored)


@pytest.mark.parametrize("record", [b"good", b"bad"])
def test_a_record_survives_where_nothing_but_its_output_waits(
    journaled: MakeWorld, record: bytes
) -> None:
    """Without a backup, main and error output alone keep it in the journal."""
    world = journaled(S3BackupMode=None, S3BackupConfiguration=None)
    world.put(record)
    world.tick(60)
    assert world.keys() == []
    world.restart()
    world.flush()
    assert len(world.keys("main/" if record == b"good" else "errors/")) == 1


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_what_could_not_be_stored_survives(journaled: MakeWorld, failing: int) -> None:
    """A destination that is down, and then a kill, lose nothing of what was to go there."""
    world = journaled()
    assert isinstance(world.store, MortalStore)
    world.put(b"good", b"bad")
    world.store.puts, world.store.error = failing, PermissionError
    with pytest.raises(DeliveryError):
        world.flush()
    assert len(world.keys()) == 2
    world.restart()
    world.flush()
    assert [bool(world.keys(prefix)) for prefix in ("raw/", "main/", "errors/")] == [True] * 3


def test_a_restart_keeps_order_arrival_and_age(journaled: MakeWorld) -> None:
    """Objects are named by the original arrival, and intervals go on from it."""
    world = journaled(S3BackupMode=None, S3BackupConfiguration=None)
    world.put(b"a")
    world.clock.advance(30)
    world.put(b"b", b"c")
    world.clock.advance(29)
    world.restart()
    world.put(b"d")
    world.tick(1)  # the Lambda's minute since the first record
    assert [len(event["records"]) for event in world.function.events] == [4]
    world.tick(60)
    assert world.bodies("main/") == [b"abcd"]
    assert "events-1-2026-11-23-10-30-15-" in world.keys("main/")[0]


def test_a_clock_that_went_back_delays_nothing(journaled: MakeWorld) -> None:
    """A record from the future waits its interval, not until its day has come."""
    world = journaled()
    world.put(b"a")
    world.clock.advance(-86_400)
    world.restart()
    world.tick(60)
    world.tick(60)
    assert world.bodies("main/") == [b"a"]


def test_another_configuration_delivers_the_journal_its_way(journaled: MakeWorld) -> None:
    """What matters is the stream's name."""
    world = journaled()
    world.put(b"a")
    world.settings = plain(
        Prefix="other/",
        ProcessingConfiguration=None,
        S3BackupMode=None,
        S3BackupConfiguration=None,
    )
    world.restart()
    world.flush()
    assert world.keys()[0].startswith("other/")
    assert world.bodies("") == [b"a"]


def test_a_deleted_stream_discards_its_journal(journaled: MakeWorld, tmp_path: Path) -> None:
    """A new stream of the same name begins with nothing."""
    world = journaled()
    world.put(b"a")
    world.firehose.delete_delivery_stream(STREAM)
    assert list(tmp_path.iterdir()) == []
    for call in (world.firehose.delete_delivery_stream, world.firehose.flush):
        with pytest.raises(ResourceNotFoundError):
            call(STREAM)
    world.restart()
    world.flush()
    assert world.keys() == []


def test_a_delivered_journal_is_empty(journaled: MakeWorld, tmp_path: Path) -> None:
    """Nothing piles up, and nothing is delivered again."""
    world = journaled()
    for _ in range(3):
        world.put(b"a", b"b")
        world.flush()
        assert [path.name for path in (tmp_path / STREAM).iterdir()] == ["lock"]
    world.restart()
    world.flush()
    assert len(world.keys("main/")) == 3


class FullJournal(NoJournal):
    """A journal on a full disk."""

    full = True

    def append(self, sources: Sequence[Source]) -> None:
        """Fail while there is no room."""
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_without_room_in_the_journal_nothing_is_accepted() -> None:
    """A put that cannot be remembered is refused as a whole, and can be sent again."""
    journal = FullJournal()
    world = World(plain(), answer=echo, journals=lambda stream: journal)
    for size in (1, 2):
        with pytest.raises(FirehoseError) as refusal:
            world.put(*[b"a"] * size)
        assert refusal.value.code == "ServiceUnavailableException"
        assert "No space left on device" in refusal.value.message
    with pytest.raises(FirehoseError, match="No space left on device"):
        world.firehose.put_record(STREAM, b"a")
    world.flush()
    assert world.keys() == []
    journal.full = False
    assert world.put(b"a", b"b")["FailedPutCount"] == 0
    world.flush()
    assert world.bodies("main/") == [b"ab"]


def test_a_journal_that_cannot_be_opened_stops_the_stream(
    journaled: MakeWorld, tmp_path: Path
) -> None:
    """Nothing is started beside records that would be lost, until somebody decided."""
    folder = tmp_path / STREAM
    folder.mkdir()
    other = folder / "0001.journal"
    other.write_bytes(b"firehose-journal 2\n")
    with pytest.raises(JournalError, match="not of this version"):
        journaled()
    other.unlink()
    other.mkdir()
    with pytest.raises(JournalError, match="cannot be opened"):
        journaled()
    other.rmdir()
    world = journaled()
    world.put(b"a")
    world.flush()
    assert world.bodies("main/") == [b"a"]


def test_a_refused_configuration_leaves_the_journal_alone(journaled: MakeWorld) -> None:
    """What a stream cannot be created with costs no record."""
    world = journaled()
    world.put(b"a")
    good = world.settings
    world.settings = configuration(BucketARN="arn:aws:s3:::none")
    with pytest.raises(FirehoseError):
        world.restart()
    world.settings = good
    world.restart()
    world.flush()
    assert world.bodies("main/") == [b"a"]
