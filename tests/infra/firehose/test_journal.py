"""Journals as files: what was appended comes back, whatever happened to the process or the disk."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.firehose import JournalError
from infra.local.firehose.file_journal import FileJournal, file_journals, folder_name
from infra.local.firehose.journal_format import HEADER, decode, encode
from infra.local.firehose.limits import STREAM_NAME
from infra.local.firehose.records import Source
from tests.infra.firehose.mortal import Disk
from tests.infra.firehose.setups import START

Put = list[tuple[bytes, datetime]]
RECORDS = st.tuples(
    st.binary(max_size=40),
    st.datetimes(timezones=st.just(UTC), min_value=datetime(1600, 1, 1)),
)
SESSIONS = st.lists(st.lists(st.lists(RECORDS, min_size=1, max_size=4), max_size=5), max_size=4)
"""Puts of one process after another."""


def sources(first: int, *data: bytes) -> list[Source]:
    return [Source(d, START, n) for n, d in enumerate(data, first)]


PUTS = [sources(0, b"a", b""), sources(2, b"bcd"), sources(3, b"e" * 300, b"f", b"g")]


def entry(put: list[Source]) -> bytes:
    return b"".join(encode(put))


def together(puts: Iterable[list[Source]]) -> list[Source]:
    return list(chain.from_iterable(puts))


def numbered(folder: Path) -> list[str]:
    """Return the names of the segments."""
    return sorted(path.name for path in folder.iterdir() if path.name != "lock")


def recovered(folder: Path, report: Callable[[str], None] = pytest.fail) -> list[Source]:
    """Return what a new process finds."""
    journal = FileJournal(folder, report)
    try:
        return journal.recover()
    finally:
        journal.close()


def segment(folder: Path, content: bytes) -> Path:
    """Write a journal of one segment."""
    folder.mkdir()
    path = folder / "0001.journal"
    path.write_bytes(content)
    return path


@settings(deadline=None, max_examples=60)
@given(SESSIONS, st.sampled_from([1, 100, 10_000]))
def test_what_processes_appended_the_next_one_recovers(
    sessions: list[list[Put]], segment_bytes: int
) -> None:
    """Every record comes back with its bytes, its moment and its number, in order."""
    expected: list[Source] = []
    with TemporaryDirectory() as name:
        for session in sessions:
            journal = FileJournal(Path(name), pytest.fail, segment_bytes=segment_bytes)
            assert journal.recover() == expected
            for put in session:
                batch = [Source(*r, n) for n, r in enumerate(put, len(expected))]
                journal.append(batch)
                expected += batch
            journal.close()
        assert recovered(Path(name)) == expected


def test_a_record_is_on_disk_when_the_append_returns(tmp_path: Path) -> None:
    """Another reader sees it, although the journal is still open."""
    journal = FileJournal(tmp_path, pytest.fail)
    for put in PUTS:
        journal.append(put)
    assert decode((tmp_path / "0001.journal").read_bytes()) == (together(PUTS), "")
    journal.close()


def test_a_put_of_any_size_is_one_entry(tmp_path: Path) -> None:
    """More records than the system takes pieces in one write."""
    put = sources(0, *(b"%d" % n for n in range(3_000)))
    journal = FileJournal(tmp_path, pytest.fail)
    journal.append(put)
    journal.close()
    assert (tmp_path / "0001.journal").read_bytes() == HEADER + entry(put)
    assert recovered(tmp_path) == put


def test_a_tail_torn_at_any_byte_is_cut(tmp_path: Path) -> None:
    """Whole entries before it count, nothing is reported, and the journal goes on."""
    whole = HEADER + b"".join(map(entry, PUTS))
    ends = [len(HEADER + b"".join(map(entry, PUTS[:n]))) for n in range(len(PUTS) + 1)]
    for cut in range(len(whole)):
        folder = tmp_path / str(cut)
        segment(folder, whole[:cut])
        expected = together(p for p, end in zip(PUTS, ends[1:], strict=True) if end <= cut)
        journal = FileJournal(folder, pytest.fail)
        assert journal.recover() == expected
        more = sources(100, b"more")
        journal.append(more)
        journal.close()
        assert recovered(folder) == expected + more


def test_damage_at_any_byte_keeps_what_is_before_and_is_reported(tmp_path: Path) -> None:
    """A changed byte costs its put and the later ones of its segment, and is never silent."""
    whole = HEADER + b"".join(map(entry, PUTS))
    ends = [len(HEADER + b"".join(map(entry, PUTS[:n]))) for n in range(len(PUTS) + 1)]
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 0xFF
        path = segment(tmp_path / str(position), bytes(damaged))
        later = path.with_name("0002.journal")
        later.write_bytes(HEADER + entry(sources(50, b"later")))
        if 17 <= position < len(HEADER):  # the version
            with pytest.raises(JournalError, match="not of this version"):
                recovered(path.parent)
            continue
        expected = together(p for p, end in zip(PUTS, ends[1:], strict=True) if end <= position)
        reports: list[str] = []
        assert recovered(path.parent, reports.append) == [*expected, *sources(50, b"later")]
        (report,) = reports
        assert str(path) in report
        assert f"{len(expected)} records before that" in report


def test_a_damaged_segment_is_kept_for_a_person(tmp_path: Path) -> None:
    """Once delivered it is no longer read, its number is not used again, and it is still there."""
    content = HEADER + entry(PUTS[0]) + entry(PUTS[1])[:-1] + b"!"
    segment(tmp_path / "s", content)
    reports: list[str] = []
    journal = FileJournal(tmp_path / "s", reports.append)
    assert journal.recover() == PUTS[0]
    journal.release(1)
    assert numbered(tmp_path / "s") == ["0001.journal"]
    journal.release(2)
    journal.close()
    assert (tmp_path / "s" / "0001.damaged").read_bytes() == content
    journal = FileJournal(tmp_path / "s", pytest.fail)
    assert journal.recover() == []
    journal.append(PUTS[0])
    journal.close()
    assert numbered(tmp_path / "s") == ["0001.damaged", "0002.journal"]


def test_what_is_no_journal_is_damage(tmp_path: Path) -> None:
    """A segment with another header is reported and does not keep the stream from starting."""
    segment(tmp_path / "s", b"something else altogether")
    reports: list[str] = []
    assert recovered(tmp_path / "s", reports.append) == []
    assert "header" in reports[0]


def test_another_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    """A later format is neither read wrongly nor thrown away."""
    path = segment(tmp_path / "s", b"firehose-journal 12\nunknown")
    with pytest.raises(JournalError, match="move the file away"):
        recovered(tmp_path / "s")
    assert path.read_bytes() == b"firehose-journal 12\nunknown"


def test_a_segment_goes_when_all_of_it_is_delivered(tmp_path: Path) -> None:
    """A segment ends at its size, and is removed as a whole."""
    journal = FileJournal(tmp_path, pytest.fail, segment_bytes=1)
    for put in PUTS:
        journal.append(put)
    assert numbered(tmp_path) == ["0001.journal", "0002.journal", "0003.journal"]
    journal.release(2)
    assert numbered(tmp_path) == ["0002.journal", "0003.journal"]
    journal.release(5)  # the last put is delivered in part
    assert numbered(tmp_path) == ["0003.journal"]
    journal.release(6)
    assert numbered(tmp_path) == []
    journal.append(sources(6, b"h"))
    assert numbered(tmp_path) == ["0004.journal"]
    journal.close()
    assert recovered(tmp_path) == sources(6, b"h")


def test_a_segment_that_is_partly_delivered_takes_nothing_more(tmp_path: Path) -> None:
    """A steady flow leaves no segment that lasts for ever, and no small ones without need."""
    journal = FileJournal(tmp_path, pytest.fail)
    for put in PUTS[:2]:
        journal.append(put)
        journal.release(0)  # nothing is delivered yet
    assert numbered(tmp_path) == ["0001.journal"]
    journal.release(1)
    journal.append(PUTS[2])
    journal.release(3)
    assert numbered(tmp_path) == ["0002.journal"]
    journal.close()
    assert recovered(tmp_path) == PUTS[2]


@pytest.mark.parametrize("cuts", [True, False])
@pytest.mark.parametrize("room", [0, 1, 10, 30, 31, 60, 65])
def test_a_full_disk_refuses_the_append_and_keeps_the_rest(
    tmp_path: Path, room: int, cuts: bool
) -> None:
    """What did not fit is not remembered, and appends go on when there is room again."""
    disk = Disk(cuts=cuts)
    for fitting in (0, 1):
        folder = tmp_path / str(fitting)
        journal = FileJournal(folder, pytest.fail, create=disk.create)
        if fitting:
            journal.append(PUTS[0])
        disk.room = room
        with pytest.raises(OSError, match="No space left"):
            journal.append(PUTS[2])
        if cuts:
            whole = HEADER + entry(PUTS[0]) if fitting else b""
            assert (folder / "0001.journal").read_bytes() == whole
        with pytest.raises(OSError, match="No space left"):
            disk.room = 0
            journal.append(PUTS[2])
        disk.room = None
        journal.append(PUTS[1])
        journal.close()
        assert recovered(folder) == [*(PUTS[0] if fitting else []), *PUTS[1]]
        journal = FileJournal(folder, pytest.fail)
        journal.recover()
        journal.release(10)
        assert numbered(folder) == []
        journal.close()


def test_a_discarded_journal_leaves_nothing_and_takes_nothing(tmp_path: Path) -> None:
    """Its folder is gone, damaged segments too; a put that comes too late is refused."""
    folder = tmp_path / "s"
    journal = FileJournal(folder, pytest.fail)
    journal.append(PUTS[0])
    (folder / "0000.damaged").write_bytes(b"?")
    journal.discard()
    assert not folder.exists()
    journal.release(100)
    with pytest.raises(OSError, match="closed"):
        journal.append(PUTS[1])
    journal.close()
    assert recovered(folder) == []
    journal = FileJournal(folder, pytest.fail)
    (folder / "lock").unlink()
    folder.rmdir()
    journal.discard()  # somebody was faster
    assert not folder.exists()


def test_a_closed_journal_takes_nothing(tmp_path: Path) -> None:
    """A put that comes too late is refused, and what was there stays."""
    journal = FileJournal(tmp_path, pytest.fail)
    journal.append(PUTS[0])
    journal.close()
    with pytest.raises(OSError, match="closed"):
        journal.append(PUTS[1])
    assert recovered(tmp_path) == PUTS[0]


def test_a_journal_is_open_once(tmp_path: Path) -> None:
    """A second opening is refused before it reads or writes anything."""
    journal = FileJournal(tmp_path, pytest.fail)
    journal.append(PUTS[0])
    with pytest.raises(JournalError, match="open already"):
        FileJournal(tmp_path, pytest.fail)
    journal.append(PUTS[1])
    journal.close()
    assert recovered(tmp_path) == [*PUTS[0], *PUTS[1]]


def test_a_segment_that_cannot_be_removed_is_reported_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Delivery goes on; the worst that follows is a duplicate."""

    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    reports: list[str] = []
    journal = FileJournal(tmp_path, reports.append)
    journal.append(PUTS[0])
    monkeypatch.setattr(Path, "unlink", refuse)
    journal.release(2)
    journal.release(2)
    journal.close()
    (report,) = reports
    assert "Permission denied" in report
    assert recovered(tmp_path) == PUTS[0]


def test_each_stream_has_a_folder(tmp_path: Path) -> None:
    """The usual name is the folder's; a strange one stays under the root."""
    journals = file_journals(tmp_path / "firehose", pytest.fail)
    for name in ("finops-events", "..", "."):
        journal = journals(name)
        journal.append(PUTS[0])
        journal.close()
    names = sorted(path.name for path in (tmp_path / "firehose").iterdir())
    assert names == ["%2E", "%2E%2E", "finops-events"]
    assert [path.name for path in tmp_path.iterdir()] == ["firehose"]


NAMES = st.from_regex(re.compile(STREAM_NAME), fullmatch=True)


@given(NAMES, NAMES)
def test_no_two_streams_share_a_folder(one: str, other: str) -> None:
    """Neither where letter case counts in file names nor where it does not."""
    assert re.fullmatch(r"[A-Za-z0-9%_-]{1,192}", folder_name(one))
    assert (folder_name(one).lower() == folder_name(other).lower()) == (one == other)
    assert one.swapcase() == one or folder_name(one).lower() != folder_name(one.swapcase()).lower()
