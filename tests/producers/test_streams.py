"""Streams: each line once, in order, whatever becomes of the file and of the reader."""

import os
from collections.abc import Iterator
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.errors import SourceError
from producers.sources import ChargeRow, RejectedRow
from producers.sources.focus_object import MAX_LINE_BYTES, FocusObjects
from producers.sources.simulator import Simulator
from producers.streams import Item
from producers.streams.followed import FollowedFile
from producers.streams.lines import Lines
from producers.streams.pipe import PipedLines
from producers.streams.simulated import SimulatedStream
from tests.producers.writer.events import event

LOOK = 1_200
"""Rows of the simulated bill: more than an hour's."""


def line(number: int) -> bytes:
    return orjson.dumps(event(number, BilledCost=f"0.{number}")) + b"\n"


def numbers(items: list[Item]) -> list[int]:
    """Return the numbers of the lines that rows were made from."""
    rows = [item.row for item in items]
    assert all(isinstance(row, ChargeRow) for row in rows)
    return [int(row.charge["billed_cost"][2:]) for row in rows if isinstance(row, ChargeRow)]


def new(items: Iterator[Item | None]) -> list[Item]:
    """Return what is there until the stream has nothing for now."""
    found: list[Item] = []
    for item in items:
        if item is None:
            return found
        found.append(item)
    return found


@given(st.lists(st.binary(max_size=9)), st.data())
@settings(deadline=None)
def test_lines_do_not_depend_on_the_pieces(texts: list[bytes], data: st.DataObject) -> None:
    """However bytes arrive, the lines are those of the whole, and so are their sizes."""
    whole = b"\n".join(texts)
    lines, rest = Lines(), whole
    found: list[tuple[bytes, int]] = []
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        found += list(lines.feed(rest[:size]))
        rest = rest[size:]
    found += list(lines.rest())
    expected = whole.split(b"\n")[: None if whole[-1:] not in (b"", b"\n") else -1]
    assert [text for text, _ in found] == [text.removesuffix(b"\r") for text in expected]
    assert sum(size for _, size in found) == len(whole)


def test_a_line_too_long_is_passed_and_rejected(tmp_path: Path) -> None:
    """It costs its own row and a bounded amount of memory."""
    path = tmp_path / "e.ndjson"
    path.write_bytes(line(1) + b"{" + b"x" * (3 * MAX_LINE_BYTES) + b"\n" + line(2))
    first, long, last = new(FollowedFile(path, FocusObjects("e")).items(None))
    assert isinstance(long.row, RejectedRow)
    assert (long.row.reason, long.row.line) == ("line-too-long", 2)
    assert len(long.row.text) < 10_000
    assert numbers([first, last]) == [1, 2]


def test_a_file_is_followed_and_a_line_waits_for_its_end(tmp_path: Path) -> None:
    """It may come later; half a line is not a row."""
    path = tmp_path / "e.ndjson"
    notes: list[str] = []
    items = FollowedFile(path, FocusObjects("e"), notes.append).items(None)
    assert new(items) == new(items) == []
    assert notes == [f"{path}: is not there; waiting for it"]
    with path.open("ab", buffering=0) as file:
        file.write(line(1) + line(2)[:20])
        assert numbers(new(items)) == [1]
        file.write(line(2)[20:] + b"\n \n" + line(3))
        assert numbers(new(items)) == [2, 3]
        assert new(items) == []
    items.close()  # type: ignore[attr-defined]


def test_it_goes_on_behind_a_place(tmp_path: Path) -> None:
    """After a restart the same rows come again, and none before the place."""
    path = tmp_path / "e.ndjson"
    path.write_bytes(b"".join(map(line, range(1, 9))))
    followed = FollowedFile(path, FocusObjects("e"))
    read = new(followed.items(None))
    for n, item in enumerate(read, start=1):
        assert numbers(new(followed.items(item.position))) == list(range(n + 1, 9))


@pytest.mark.parametrize("away", [False, True])
def test_a_rotated_file_is_read_to_its_end_first(tmp_path: Path, away: bool) -> None:
    """Renamed, with a new one in its place; also while nobody followed."""
    path = tmp_path / "e.ndjson"
    path.write_bytes(line(1))
    followed = FollowedFile(path, FocusObjects("e"))
    items = followed.items(None)
    found = new(items)
    with path.open("ab") as file:
        file.write(line(2) + line(3).rstrip())
    path.rename(tmp_path / "e.ndjson.1")
    if away:
        items.close()  # type: ignore[attr-defined]
        items = followed.items(orjson.loads(orjson.dumps(found[-1].position)))
    path.write_bytes(line(4))
    found += new(items)
    assert numbers(found) == [1, 2, 3, 4]
    items.close()  # type: ignore[attr-defined]


def test_a_file_that_is_gone_is_said(tmp_path: Path) -> None:
    """Its successor is read, also one that got its inode; what it had more is not known."""
    path = tmp_path / "e.ndjson"
    path.write_bytes(line(1) + line(2))
    notes: list[str] = []
    followed = FollowedFile(path, FocusObjects("e"), notes.append)
    position = new(followed.items(None))[0].position
    path.write_bytes(line(7) + line(8) + line(9))
    assert path.stat().st_ino == position["inode"]
    assert numbers(new(followed.items(position))) == [7, 8, 9]
    assert "not in its folder any more" in notes[0]


def test_a_file_that_is_cut_is_read_from_its_beginning(tmp_path: Path) -> None:
    """As `copytruncate` does it."""
    path = tmp_path / "e.ndjson"
    path.write_bytes(line(1) + line(2))
    notes: list[str] = []
    items = FollowedFile(path, FocusObjects("e"), notes.append).items(None)
    assert numbers(new(items)) == [1, 2]
    os.truncate(path, 0)
    with path.open("ab") as file:
        file.write(line(3))
    found: list[Item] = []
    for _ in range(3):
        found += new(items)
    assert numbers(found) == [3]
    assert "was cut" in notes[0]
    items.close()  # type: ignore[attr-defined]


def test_a_pipe_ends_with_its_last_line(tmp_path: Path) -> None:
    """A line's end is not needed at the end; bad lines are rows too."""
    reading, writing = os.pipe()
    os.write(writing, line(1) + b"not json\n" + b'{"a": 1, "a": 2}\n' + line(2).rstrip())
    os.close(writing)
    stream = PipedLines(reading, "stdin", FocusObjects("stdin"))
    rows = [item.row for item in stream.items(None) if item is not None]
    os.close(reading)
    said = [row.reason if isinstance(row, RejectedRow) else "" for row in rows]
    assert said == ["", "bad-json", "duplicate-name", ""]


def test_json_numbers_keep_their_digits() -> None:
    """No amount goes through a float."""
    text = orjson.dumps(event(1, BilledCost="@", EffectiveCost="#"))
    text = text.replace(b'"@"', b"0.10000000000000000555").replace(b'"#"', b"1e-13")
    row = FocusObjects("e").map_line(0, 1, text)
    assert isinstance(row, ChargeRow)
    exact = {name: (amount.text, str(amount.residue)) for name, amount in row.amounts}
    assert exact["billed_cost"] == ("0.1", "5.55E-18")
    assert exact["effective_cost"] == ("0", "1E-13")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"{", "bad-json"),
        (b"[1]", "bad-json"),
        (b"[" * 100_000, "bad-json"),
        (b'{"BilledCost": NaN}', "missing-column"),
        (orjson.dumps(event(1, BilledCost="NaN")), "bad-amount"),
        (orjson.dumps(event(1, BilledCost="1")).replace(b"USD", b"U\xffD"), "bad-encoding"),
        (orjson.dumps(event(1, BilledCost="1")).replace(b"USD", b"\\ud800"), "bad-encoding"),
        (orjson.dumps(event(1, BilledCost="1", BillingCurrency=None)), "missing-value"),
    ],
)
def test_lines_that_cannot_be_events_say_why(text: bytes, reason: str) -> None:
    row = FocusObjects("e").map_line(5, 9, text)
    assert isinstance(row, RejectedRow)
    assert (row.reason, row.ordinal, row.line) == (reason, 5, 9)
    assert row.text.encode("utf-8", "surrogateescape") == text


def test_the_simulated_bill_goes_on_behind_any_place() -> None:
    """Row for row, over the ends of hours."""
    stream = SimulatedStream(Simulator(1, date(2026, 9, 1), 31))
    whole = [item for item in islice(stream.items(None), LOOK) if item]
    places = {item.position["hour"] for item in whole}
    assert len(places) > 1
    for n in (1, 17, LOOK // 2, LOOK - 1):
        again = [i for i in islice(stream.items(whole[n - 1].position), LOOK - n) if i]
        assert [i.position for i in again] == [i.position for i in whole[n:]]
        assert [charge(i) for i in again] == [charge(i) for i in whole[n:]]


def charge(item: Item) -> dict[str, Any]:
    assert isinstance(item.row, ChargeRow)
    return item.row.charge


@pytest.mark.parametrize("place", [{"hour": 1, "row": 1}, {"inode": 1}, 7])
def test_a_name_of_another_source_is_refused(tmp_path: Path, place: object) -> None:
    """A place is only taken from the source that gave it."""
    with pytest.raises(SourceError, match="choose another --name"):
        next(SimulatedStream(Simulator(1, date(2026, 9, 1), 31)).items(place))
    if not isinstance(place, dict) or "hour" in place:
        with pytest.raises(SourceError, match="choose another --name"):
            next(FollowedFile(tmp_path / "e", FocusObjects("e")).items(place))
