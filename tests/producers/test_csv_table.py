"""CSV read row by row: every row with its line and its text, and never half a file as a whole."""

import io
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.errors import SourceError
from producers.sources import Table
from producers.sources.csv_file import CsvRow, CsvTable
from producers.sources.places import LocalFile
from tests.exports import zipped


def read(path: Path, content: bytes, skip: int = 0) -> tuple[list[str], list[CsvRow]]:
    path.write_bytes(content)
    with CsvTable(LocalFile(path), skip) as table:
        return list(table.columns), list(table.rows())


def refusal(path: Path, content: bytes) -> str:
    with pytest.raises(SourceError) as error:
        read(path, content)
    return str(error.value)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.csv"


def test_lines_and_original_text_survive_quotes_and_newlines(path: Path) -> None:
    """A field may hold newlines; the next row still knows its line and its text."""
    content = b'\xef\xbb\xbf a ,"b"\r\n"1\n2",x\r\n\r\n3,"y""z"\r\n'
    for stored in (content, zipped(content)):
        assert read(path, stored) == (["a", "b"], [
            CsvRow(2, ["1\n2", "x"], '"1\n2",x'),
            CsvRow(5, ["3", 'y"z'], '3,"y""z"'),
        ])  # fmt: skip


def test_gzip_is_known_by_its_bytes(tmp_path: Path) -> None:
    """Browsers unpack `.gz` without telling, and people rename; members may follow each other."""
    two = zipped(b"a\n1\n") + zipped(b"2\n")
    for name, content in (("x.csv", two), ("x.csv.gz", b"a\n1\n2\n")):
        _, rows = read(tmp_path / name, content)
        assert [row.values for row in rows] == [["1"], ["2"]]


def test_bytes_that_are_not_utf_8_are_kept(path: Path) -> None:
    """They come out of the text again."""
    _, (row,) = read(path, b"a\n\xff\xe9\n")
    assert row.text.encode("utf-8", "surrogateescape") == b"\xff\xe9"


def test_rows_may_be_broken(path: Path) -> None:
    """Fields too many or too few are the mapper's to judge; so are columns that stand twice."""
    columns, rows = read(path, b"a,a\n1\n1,2,3\n")
    assert columns == ["a", "a"]
    assert [len(row.values) for row in rows] == [1, 3]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty; export it again"),
        (b"\xef\xbb\xbf", "has no header line; export it again"),
        (b"\r\n\n", "has no header line; export it again"),
        (zipped(b""), "has no header line; export it again"),
        (b"a\n1\nx\0y\n", "not readable as CSV, line 3 holds a NUL byte; is it the right file?"),
        (b"\0", "not readable as CSV, line 1 holds a NUL byte; is it the right file?"),
        (b"a\n" + b"x" * 17_000_000,
         "not readable as CSV, line 2 is longer than 16,777,216 characters; is it the right file?"),
        (b'a\n"' + (b"x" * 1_023 + b"\n") * 17_000,
         "not readable as CSV at line 16386 (field larger than field limit (16777216)); "
         "is it the right file?"),
    ],
    ids=["empty", "mark-only", "blank", "gzip-of-nothing", "nul", "nul-first", "line", "field"],
)  # fmt: skip
def test_what_is_not_csv(path: Path, content: bytes, said: str) -> None:
    """The error says why, and what to do."""
    assert refusal(path, content) == f"{path}: {said}"


@settings(max_examples=50, deadline=None)
@given(cut=st.integers(3, 2_000), flip=st.none() | st.integers(0, 10**6))
def test_damaged_gzip_is_an_error_not_a_short_file(
    tmp_path_factory: pytest.TempPathFactory, cut: int, flip: int | None
) -> None:
    """Cut anywhere, or with a wrong byte in its data."""
    source = random.Random(1)
    text = "a,b\n" + "".join(f"{source.random()},{i}\n" for i in range(500))
    whole = bytearray(zipped(text.encode()))
    if flip is None:
        del whole[min(cut, len(whole) - 1) :]
    else:
        whole[10 + flip % (len(whole) - 10)] ^= 0x55
    said = refusal(tmp_path_factory.getbasetemp() / "damaged.csv.gz", bytes(whole))
    assert "the gzip file is damaged near line" in said or "NUL byte" in said
    assert said.endswith(("; fetch it again", "; is it the right file?"))


def test_a_file_that_stops_being_readable(path: Path) -> None:
    """A failing disk is named, with how far it came."""

    class Failing(LocalFile):
        def open(self) -> io.BufferedReader:
            return io.BufferedReader(Disk())

    class Disk(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, _: object) -> int:
            raise OSError(5, "Input/output error")

    with pytest.raises(SourceError, match="Input/output error after 0 bytes; fetch it again"):
        CsvTable(Failing(path))


def test_progress_is_in_stored_bytes(path: Path) -> None:
    """It only grows, not all at once, and ends at the file's size."""
    lines = (f"{random.Random(i).random()},{i}\n" for i in range(100_000))
    content = zipped(("a,b\n" + "".join(lines)).encode(), 1)
    path.write_bytes(content)
    with CsvTable(LocalFile(path)) as table:
        seen = [table.bytes_read, *(table.bytes_read for _ in table.rows())]
    assert seen == sorted(seen)
    assert 0 < seen[0] < len(content) == seen[-1]
    assert len(set(seen)) > 2


def test_a_table_can_be_left_early(path: Path) -> None:
    """Closing twice is fine."""
    path.write_bytes(zipped(b"a\n1\n2\n"))
    table = CsvTable(LocalFile(path))
    as_table: Table = table
    assert next(as_table.rows()).values == ["1"]
    table.close()
    table.close()


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
ROWS = st.lists(st.lists(CELL | st.sampled_from(['"', "\n", "\r\n", ","]), min_size=2, max_size=4))


def _quoted(cell: str) -> str:
    """Quote where it must be and, for variety, longer cells."""
    must = any(character in cell for character in '",\r\n') or len(cell) > 4
    return '"' + cell.replace('"', '""') + '"' if must else cell


@settings(max_examples=200, deadline=None)
@given(ROWS, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.data())
def test_texts_joined_are_the_file(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[list[str]],
    end: str,
    packed: bool,
    data: st.DataObject,
) -> None:
    """Cells come back, texts joined are the file, and skipping leaves what it does not skip."""
    content = "".join(",".join(map(_quoted, row)) + end for row in [["h", "i"], *rows]).encode()
    path = tmp_path_factory.getbasetemp() / "joined.csv"
    stored = zipped(content) if packed else content
    _, found = read(path, stored)
    assert [row.values for row in found] == rows
    assert "".join(row.text + end for row in found).encode() == content[len("h,i" + end) :]
    skip = data.draw(st.integers(0, len(rows) + 1))
    assert read(path, stored, skip)[1] == found[skip:]
