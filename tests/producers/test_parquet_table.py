"""Parquet read as text: nothing rounded, nothing widened, nothing lost, and damage is an error."""

import io
import json
import struct
import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.errors import SourceError
from producers.sources import Table, Value
from producers.sources.parquet_file import ParquetTable
from producers.sources.places import LocalFile


class _Memory:
    """A file in memory, which seeks or does not."""

    name = "x.parquet"
    modified_at = 0
    fingerprint = ""

    def __init__(self, content: bytes, seekable: bool = True) -> None:
        self._content = content
        self._seekable = seekable
        self.size = len(content)

    def __str__(self) -> str:
        return self.name

    def open(self) -> BinaryIO:
        return io.BytesIO(self._content) if self._seekable else _Pipe(self._content)


class _Pipe(io.BytesIO):
    def seekable(self) -> bool:
        return False

    def seek(self, *_: int) -> int:
        raise AssertionError("a stream that cannot seek")


def written(table: Any, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def cells(values: list[Any], kind: Any = None, **options: Any) -> list[Value]:
    """Return what a column of values is read as."""
    content = written(pa.table({"c": pa.array(values, kind)}), **options)
    with ParquetTable(_Memory(content)) as table:
        return [row.values[0] for row in table.rows()]


def column(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.none() | values, max_size=8)


@settings(deadline=None)
@given(st.data(), st.integers(1, 60))
def test_decimals_are_plain_digits(data: st.DataObject, precision: int) -> None:
    """As many decimals as the column has; never an exponent."""
    scale = data.draw(st.integers(0, precision))
    whole = st.integers(-(10**precision) + 1, 10**precision - 1)
    values = data.draw(column(whole.map(lambda i: Decimal(f"{i}E-{scale}"))))
    kind = pa.decimal128 if precision <= 38 else pa.decimal256
    expected = [None if v is None else format(v, "f") for v in values]
    assert cells(values, kind(precision, scale)) == expected


@settings(deadline=None)
@given(column(st.floats()))
def test_doubles_are_the_shortest_that_reads_back(values: list[float | None]) -> None:
    """The same digits as Python's."""
    for value, text in zip(values, cells(values, pa.float64()), strict=True):
        assert (value is None) == (text is None)
        if value is not None:
            assert repr(float(str(text))) == repr(value)
            assert digits(str(text)) <= digits(repr(value))


@settings(deadline=None)
@given(column(st.floats(width=32, allow_nan=False)))
def test_floats_of_32_bits_are_not_widened(values: list[float | None]) -> None:
    """0.1 stays 0.1: nine digits are enough for any of them."""
    for value, text in zip(values, cells(values, pa.float32()), strict=True):
        if value is not None:
            assert struct.pack("f", float(str(text))) == struct.pack("f", value)
            assert digits(str(text)) <= 9
    assert cells([0.1], pa.float32()) == ["0.1"]


def digits(text: str) -> int:
    """Count the significant digits; none where it is no finite number."""
    mantissa = text.lower().partition("e")[0].lstrip("-").replace(".", "")
    return len(mantissa.strip("0")) if mantissa.isdecimal() else 0


@settings(deadline=None)
@given(column(st.datetimes()), st.booleans())
def test_times_are_iso_8601(values: list[datetime | None], deprecated: bool) -> None:
    """With `Z` exactly where the column has a zone; the instant is told in UTC."""
    expected = [None if v is None else v.isoformat() for v in values]
    assert cells(values, pa.timestamp("us"), use_deprecated_int96_timestamps=deprecated) == expected
    zoned = [None if v is None else v.replace(tzinfo=UTC) for v in values]
    for zone in ("UTC", "Europe/Paris", "+02:00"):
        expected_zoned = [None if v is None else f"{v}Z" for v in expected]
        assert cells(zoned, pa.timestamp("us", zone)) == expected_zoned


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (1_725_148_800_000_000_123, pa.timestamp("ns", "UTC"), "2024-09-01T00:00:00.000000123Z"),
        (1_725_148_800_123_456_000, pa.timestamp("ns"), "2024-09-01T00:00:00.123456"),
        (1_725_148_800_120, pa.timestamp("ms"), "2024-09-01T00:00:00.120000"),
        (253_402_300_800_000, pa.timestamp("ms"), "10000-01-01T00:00:00"),
        (2**62, pa.timestamp("us"), f"<value out of range: {2**62}>"),
        (date(2024, 9, 1), pa.date32(), "2024-09-01"),
        (date(2024, 9, 1), pa.date64(), "2024-09-01"),
        (True, pa.bool_(), "true"),
        (2**64 - 1, pa.uint64(), "18446744073709551615"),
        (-(2**63), pa.int64(), "-9223372036854775808"),
        (Decimal("-1.5"), pa.decimal32(5, 2), "-1.50"),
        (Decimal("1E-7"), pa.decimal64(15, 8), "0.00000010"),
        (float("-inf"), pa.float64(), "-inf"),
        ("é", pa.large_string(), "é"),
        ("é", pa.string_view(), "é"),
        ("é".encode(), pa.binary(), "é"),
        (b"\xff\xe9", pa.binary(2), "\udcff\udce9"),
        ("é", pa.dictionary(pa.int32(), pa.string()), "é"),
        (uuid.UUID(int=5).bytes, pa.uuid(), "00000000-0000-0000-0000-000000000005"),
        ('{"a":1}', pa.json_(), '{"a":1}'),
        ([1, None], pa.list_(pa.int8()), "[1,null]"),
        (["a", 'q"'], pa.large_list(pa.string()), '["a","q\\""]'),
        ([0.1, float("nan")], pa.list_(pa.float32(), 2), '[0.1,"nan"]'),
        ({"x": Decimal("1.50"), "y": None}, pa.struct({"x": pa.decimal128(9, 2), "y": pa.int8()}),
         '{"x":1.50}'),
        ([{"é": datetime(2024, 9, 1)}], pa.list_(pa.struct({"é": pa.timestamp("ms", "UTC")})),
         '[{"é":"2024-09-01T00:00:00Z"}]'),
        ([["a", "b"]], pa.list_(pa.list_(pa.dictionary(pa.int32(), pa.string()))), '[["a","b"]]'),
        ({"m": [("k", 1)]}, pa.struct({"m": pa.map_(pa.string(), pa.int8())}), '{"m":{"k":"1"}}'),
        ([("k", "v"), ("null", None)], pa.map_(pa.string(), pa.string()), {"k": "v"}),
        ([(1, Decimal("1E-8"))], pa.map_(pa.int32(), pa.decimal128(9, 8)), {"1": "0.00000001"}),
        ([("k", [1])], pa.map_(pa.string(), pa.list_(pa.int8())), {"k": "[1]"}),
        ([], pa.map_(pa.string(), pa.string()), {}),
    ],
)  # fmt: skip
def test_every_type_has_a_text(value: Any, kind: Any, text: Value) -> None:
    """A null stays one beside it, and alone."""
    assert cells([None, value, None], kind) == [None, text, None]
    assert cells([None], kind) == [None]


def test_text_that_is_not_utf_8_is_kept() -> None:
    """Writers promise UTF-8 and break it."""
    broken = pa.array([b"\xff", None, b"a"]).view(pa.string())
    content = written(pa.table({"c": broken}))
    with ParquetTable(_Memory(content)) as table:
        assert [row.values[0] for row in table.rows()] == ["\udcff", None, "a"]


NESTED = pa.struct({"x": pa.int64(), "l": pa.list_(pa.string())})
KINDS = {
    "s": pa.string(),
    "l": pa.list_(pa.int64()),
    "m": pa.map_(pa.string(), pa.int64()),
    "n": NESTED,
}


def many(count: int) -> tuple[Any, list[dict[str, Any]]]:
    """Return rows of every shape, with nulls in each, and what their text says."""
    rows: list[dict[str, Any]] = []
    for i in range(count):
        row: dict[str, Any] = {
            "s": f"row {i}" if i % 3 else None,
            "l": list(range(i % 4)) if i % 5 else None,
            "m": {"i": i, "twice": 2 * i} if i % 7 else None,
            "n": {"x": i, "l": ["a"] * (i % 3)} if i % 11 else None,
        }
        rows.append(row)
    maps = [None if r["m"] is None else list(r["m"].items()) for r in rows]
    columns = {k: pa.array([r[k] for r in rows], KINDS[k]) for k in ("s", "l", "n")}
    table = pa.table({**columns, "m": pa.array(maps, KINDS["m"])}).select(list(KINDS))
    said = []
    for row in rows:
        told: dict[str, Any] = dict(row)
        if row["m"] is not None:
            told["m"] = {key: str(value) for key, value in row["m"].items()}
        for name in ("l", "n"):
            told[name] = None if row[name] is None else _compact(row[name])
        said.append({name: value for name, value in told.items() if value is not None})
    return table, said


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


COUNT = 11_000
TABLE, SAID = many(COUNT)
# Row groups that end within a batch, at its end, and after it.
CONTENT = written(TABLE, row_group_size=5_000)


@pytest.mark.parametrize("skip", [0, 1, 4_096, 4_999, 5_000, 5_001, 9_999, 10_500, 11_000, 12_000])
def test_rows_keep_their_numbers_over_batches_and_groups(skip: int) -> None:
    """Whatever is skipped; a row's text is its cells as JSON."""
    with ParquetTable(_Memory(CONTENT), skip) as table:
        assert table.columns == ("s", "l", "m", "n")
        rows = list(table.rows())
        assert table.bytes_read == len(CONTENT)
    assert [row.line for row in rows] == list(range(skip + 1, COUNT + 1))
    assert [json.loads(row.text) for row in rows] == SAID[skip:]


def test_a_row_as_text() -> None:
    """In the order of the columns, without nulls, as compact as can be."""
    with ParquetTable(_Memory(CONTENT), 3) as table:
        as_table: Table = table
        row = next(as_table.rows())
    assert row.line == 4
    assert row.values == (None, "[0,1,2]", {"i": "3", "twice": "6"}, '{"x":3,"l":[]}')
    assert row.text == (
        '{"l":"[0,1,2]","m":{"i":"3","twice":"6"},"n":"{\\"x\\":3,\\"l\\":[]}"}'
    )  # fmt: skip


def test_progress_grows_to_the_size() -> None:
    """A batch at a time."""
    with ParquetTable(_Memory(CONTENT)) as table:
        seen = [table.bytes_read, *(table.bytes_read for _ in table.rows())]
    assert seen == sorted(seen)
    assert seen[0] == 0
    assert seen[-1] == len(CONTENT)
    assert len(set(seen)) == 1 + 5


def test_a_stream_is_copied_first() -> None:
    """An object in S3 cannot seek, and Parquet begins at its end."""
    with ParquetTable(_Memory(CONTENT, seekable=False), 10_999) as table:
        assert [row.line for row in table.rows()] == [COUNT]


def test_a_full_disk_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The copy needs room."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(SourceError, match=r"\(No space left on device\); free some space"):
        ParquetTable(_Memory(CONTENT, seekable=False))


def test_a_local_file_without_rows(tmp_path: Path) -> None:
    """It has columns all the same."""
    path = tmp_path / "x.parquet"
    path.write_bytes(written(TABLE.slice(0, 0)))
    with ParquetTable(LocalFile(path)) as table:
        assert list(table.rows()) == []
        assert table.bytes_read == path.stat().st_size
        table.close()


@pytest.mark.parametrize(
    "content", [b"", b"PAR1", b"a,b\n1,2\n" * 9], ids=["empty", "magic", "csv"]
)
def test_what_is_not_parquet(content: bytes) -> None:
    """Said at once."""
    with pytest.raises(SourceError, match=r"^x\.parquet: not readable as Parquet \(.*; fetch it a"):
        ParquetTable(_Memory(content))


SMALL = written(TABLE.slice(0, 300), row_group_size=100, write_page_checksum=True)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(SMALL) - 1), st.integers(0, 255), st.booleans())
def test_damage_is_an_error_not_a_short_file(at: int, byte: int, cut: bool) -> None:
    """Whatever byte is wrong: the announced rows or an error of one line, never fewer rows."""
    content = SMALL[:at] if cut else SMALL[:at] + bytes([byte]) + SMALL[at + 1 :]
    try:
        with ParquetTable(_Memory(content)) as table:
            rows = [(row.line, row.text) for row in table.rows()]
    except SourceError as error:
        assert str(error).endswith("; fetch it again")
        assert "\n" not in str(error)
    else:
        assert not cut
        assert len(rows) == 300


def test_damaged_data_is_noticed() -> None:
    """Page checksums are verified where a file has them."""
    content = bytearray(written(pa.table({"c": [float(i) for i in range(9_000)]}),
                                compression="none", use_dictionary=False,
                                write_page_checksum=True))  # fmt: skip
    content[len(content) // 2] ^= 1
    table = ParquetTable(_Memory(bytes(content)))
    with table, pytest.raises(SourceError, match=r"Parquet near row \d+ \(.*\); fetch it again$"):
        list(table.rows())
