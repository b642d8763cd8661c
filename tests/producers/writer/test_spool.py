"""The spool: durable when told so, oldest first, cut where it was torn, full without silence."""

import errno
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from producers.errors import SpoolError, SpoolFullError
from producers.packing import Record
from producers.writer.spool import FileSpool

META: dict[str, Any] = {"rejected": [], "ends": None}


Open = Callable[..., FileSpool]


@pytest.fixture
def open_spool(tmp_path: Path) -> Iterator[Open]:
    """Open the producer's spool, after closing the one before it, as its next process would."""
    with ExitStack() as opened:

        def open_(**settings: Any) -> FileSpool:
            opened.close()
            return opened.enter_context(closing(FileSpool(tmp_path / "p", **settings)))

        yield open_


def record(text: str) -> Record:
    return Record(text.encode(), "2026-09/2026-09-01", 2, 50, "d")


def append(spool: FileSpool, *texts: str) -> None:
    spool.append(META, [record(text) for text in texts])


def waiting(spool: FileSpool, count: int = 500) -> list[str]:
    return [r.data.decode() for _, _, r in spool.window(count, 1 << 20)]


def test_the_oldest_is_first_and_only_what_is_open(open_spool: Open) -> None:
    """Records are handed out in order; accepted ones never again."""
    spool = open_spool()
    append(spool, "a", "b")
    append(spool, "c")
    assert waiting(spool) == ["a", "b", "c"]
    assert waiting(spool, 2) == ["a", "b"]
    first, second, _ = [place[:2] for place in spool.window(3, 1 << 20)]
    spool.accept([second])
    assert waiting(spool) == ["a", "c"]
    assert spool.finished() is None
    spool.accept([first])
    entry = spool.finished()
    assert entry is not None
    spool.done(entry)
    assert waiting(spool) == ["c"]
    assert (spool.waiting_records, spool.waiting_events) == (1, 2)


def test_a_window_keeps_to_bytes_and_is_never_empty(open_spool: Open) -> None:
    """A record larger than the window goes alone."""
    spool = open_spool()
    append(spool, "x" * 90, "y" * 20, "z")
    assert [len(r.data) for _, _, r in spool.window(9, 100)] == [90]
    assert [len(r.data) for _, _, r in spool.window(9, 10)] == [90]
    assert [len(r.data) for _, _, r in spool.window(9, 111)] == [90, 20, 1]


def test_the_next_process_finds_what_is_open(open_spool: Open) -> None:
    """Marks hold for parts of entries, also of ones that the process did not come to."""
    spool = open_spool()
    for name in "abc":
        append(spool, name + "1", name + "2")
    places = [place[:2] for place in spool.window(9, 1 << 20)]
    spool.accept([places[0], places[3], places[5]])
    spool.save_mark()
    again = open_spool()
    assert (again.found.waiting_records, again.found.cut_bytes) == (3, 0)
    assert waiting(again, 1) == ["a2"]
    again.accept([again.window(1, 1 << 20)[0][:2]])
    again.save_mark()
    third = open_spool()
    assert waiting(third) == ["b1", "c1"]


def test_without_its_mark_everything_is_sent_again(tmp_path: Path, open_spool: Open) -> None:
    """A lost or damaged mark costs a second sending, never a record."""
    spool = open_spool()
    append(spool, "a", "b")
    spool.accept([spool.window(1, 1 << 20)[0][:2]])
    spool.save_mark()
    (tmp_path / "p" / "accepted.json").write_bytes(b"{")
    again = open_spool()
    assert waiting(again) == ["a", "b"]


def test_segments_without_use_go_and_the_newest_stays(tmp_path: Path, open_spool: Open) -> None:
    """Each entry begins a segment here: those that are done are removed, the last one is not."""
    spool = open_spool(segment_bytes=1)
    for name in "abc":
        append(spool, name)
    while (entry := spool.oldest()) is not None:
        spool.accept([(entry.number, 0)])
        spool.done(entry)
    spool.save_mark()
    assert [p.name for p in (tmp_path / "p").glob("*.spool")] == ["0000000000000003.spool"]
    append(spool, "d")
    assert waiting(spool) == ["d"]
    again = open_spool()
    assert waiting(again) == ["d"]


@pytest.mark.parametrize("torn", [1, 10, 17, 40])
def test_a_torn_entry_is_cut_and_the_next_one_takes_its_place(
    tmp_path: Path, open_spool: Open, torn: int
) -> None:
    """Whatever of the last entry is missing, those before it are there and writing goes on."""
    spool = open_spool()
    append(spool, "safe")
    (path,) = (tmp_path / "p").glob("*.spool")
    before = path.stat().st_size
    append(spool, "torn")
    with path.open("r+b") as file:
        file.truncate(before + torn)
    again = open_spool()
    assert again.found.cut_bytes == torn
    assert path.stat().st_size == before
    append(again, "next")
    assert waiting(again) == ["safe", "next"]
    third = open_spool()
    assert (waiting(third), third.found.cut_bytes) == (["safe", "next"], 0)


def test_a_segment_that_never_got_its_first_entry(tmp_path: Path, open_spool: Open) -> None:
    """A process that died while it began a segment leaves nothing in the way."""
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / f"{1:016}.spool").write_bytes(b"FINOPS")
    spool = open_spool()
    append(spool, "a")
    assert waiting(spool) == ["a"]


def test_damage_in_the_middle_is_kept_aside_and_told(tmp_path: Path, open_spool: Open) -> None:
    """Bytes that were acknowledged and cannot be read are not passed over in silence."""
    spool = open_spool()
    for name in ("first", "second", "third"):
        append(spool, name)
    (path,) = (tmp_path / "p").glob("*.spool")
    body = bytearray(path.read_bytes())
    place = body.index(b"second")
    body[place] ^= 1
    path.write_bytes(body)
    again = open_spool()
    assert again.found.damaged_bytes > 0
    assert waiting(again) == ["first", "third"]
    (kept,) = (tmp_path / "p" / "damaged").iterdir()
    assert b"recond" in kept.read_bytes()


def test_another_version_is_refused(tmp_path: Path) -> None:
    """A spool of a later version is not read as this one's."""
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / f"{1:016}.spool").write_bytes(b"FINOPS SPOOL 2\nwhatever")
    with pytest.raises(SpoolError, match="another version"):
        FileSpool(folder)
    (folder / f"{1:016}.spool").rename(folder / "notes.spool")
    with pytest.raises(SpoolError, match="no segment"):
        FileSpool(folder)


def test_a_spool_has_a_largest_size(open_spool: Open) -> None:
    """What does not fit is refused whole, and fits again once older entries are gone."""
    spool = open_spool(max_bytes=400)
    append(spool, "a" * 100)
    with pytest.raises(SpoolFullError, match="not safe"):
        append(spool, "b" * 200)
    assert waiting(spool) == ["a" * 100]


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path, open_spool: Open) -> None:
    """The operating system refuses to write on: the entry is gone, and the next one is whole."""
    # In a process of its own: the limit is the process's.
    child = multiprocessing.get_context("spawn").Process(target=_fill, args=(tmp_path,))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    again = open_spool()
    assert again.found.cut_bytes == 0
    assert waiting(again) == ["a" * 100, "c"]


def _fill(folder: Path) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    spool = FileSpool(folder / "p")
    append(spool, "a" * 100)
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (700, hard))
    with pytest.raises(SpoolFullError) as raised:
        append(spool, "b" * 1_000)
    assert isinstance(raised.value.__cause__, OSError)
    assert raised.value.__cause__.errno == errno.EFBIG
    append(spool, "c")
    assert waiting(spool) == ["a" * 100, "c"]


def test_one_process_at_a_time(tmp_path: Path, open_spool: Open) -> None:
    """A second writer of the same name is refused, and told who has it."""
    spool = open_spool()
    with pytest.raises(SpoolError, match=rf"process {os.getpid()} writes here already"):
        FileSpool(tmp_path / "p")
    spool.close()
    open_spool()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """Something else lies there."""
    (tmp_path / "p").write_text("a file")
    with pytest.raises(SpoolError, match="cannot be written"):
        FileSpool(tmp_path / "p")
