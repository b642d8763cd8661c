"""Parquet files, batch by batch, each cell as the text that says exactly what it holds."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from decimal import Decimal
from itertools import pairwise
from typing import Any, BinaryIO, NamedTuple, Self, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as types

from producers.errors import SourceError
from producers.sources import SourceFile, Value

_BATCH = 4_096
"""Rows converted at once: enough to spread the cost of a call, few enough to hold."""

_BUFFER = 1024 * 1024
_DAMAGES = (pa.ArrowException, OSError, UnicodeDecodeError)
_NOT_FINITE = frozenset({"nan", "inf", "-inf"})


class ParquetRow(NamedTuple):
    """One row: its number from 1, its cells, and the columns they stand in."""

    line: int
    values: Sequence[Value]
    columns: Sequence[str]

    @property
    def text(self) -> str:
        """Its cells as one JSON object from column to cell, in order, without the nulls."""
        cells = zip(self.columns, self.values, strict=True)
        return _dumped({name: value for name, value in cells if value is not None})


class ParquetTable:
    """A Parquet file, open. Read once; holds a batch of rows and no more than a row group.

    Cells are text: decimals as plain digits with their scale, floats as the shortest number that
    reads back as the same one, times in ISO 8601 (with `Z` where the column has a zone, with a
    fraction where it is not zero), bytes as UTF-8, lists and structs as compact JSON. A map is a
    dict without the keys that have no value. Close the table, or use `with`.

    Args:
        file: where it lies; copied to a temporary file first when it cannot seek.
        skip: rows that `rows` passes over.

    Raises:
        SourceError: it cannot be opened or is not Parquet.
    """

    def __init__(self, file: SourceFile, skip: int = 0) -> None:
        self._file = file
        self._skip = skip
        self._done = 0
        with ExitStack() as opened:
            self._raw = opened.enter_context(_seekable(file))
            try:
                # Buffering ahead would hold the column chunks of all row groups until the end.
                self._parquet = pq.ParquetFile(
                    self._raw,
                    pre_buffer=False,
                    buffer_size=_BUFFER,
                    page_checksum_verification=True,
                    # As nanoseconds, years beyond 2262 would wrap around without a word.
                    coerce_int96_timestamp_unit="us",
                )
                self.columns: Sequence[str] = tuple(self._parquet.schema_arrow.names)
            except _DAMAGES as error:
                raise SourceError(
                    f"{file}: not readable as Parquet ({_one_line(error)}); fetch it again"
                ) from error
            opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; closing it again does nothing."""
        self._raw.close()

    @property
    def bytes_read(self) -> int:
        """Bytes of the file that were read so far, taking all rows to be of one size."""
        total = self._parquet.metadata.num_rows
        return self._file.size * self._done // total if total else self._file.size

    def rows(self) -> Iterator[ParquetRow]:
        """Yield the rows after the skipped ones, once.

        Raises:
            SourceError: the file is damaged.
        """
        for group in range(self._parquet.num_row_groups):
            end = self._done + self._parquet.metadata.row_group(group).num_rows
            if end <= self._skip:
                self._done = end
                continue
            for batch in self._batches(group):
                start = self._done
                self._done += batch.num_rows
                passed = max(self._skip - start, 0)
                if passed < batch.num_rows:
                    yield from self._batch_rows(batch.slice(passed), start + passed + 1)
            self._check_count(end)
        self._check_count(self._parquet.metadata.num_rows)

    def _check_count(self, announced: int) -> None:
        # Never a short file: pyarrow reads fewer rows than a footer announces without a word.
        if self._done != announced:
            raise self._damaged(f"{self._done:,} rows where {announced:,} were announced")

    def _batches(self, group: int) -> Iterator[Any]:
        # A row group at a time: pyarrow decodes it lazily, and skipped ones are not touched.
        try:
            yield from self._parquet.iter_batches(_BATCH, row_groups=[group])
        except _DAMAGES as error:
            raise self._damaged(_one_line(error)) from error

    def _batch_rows(self, batch: Any, first: int) -> Iterator[ParquetRow]:
        try:
            cells = [_cells(column) for column in batch.columns]
        except _DAMAGES as error:
            raise self._damaged(_one_line(error)) from error
        for line, values in enumerate(zip(*cells, strict=True), first):
            yield ParquetRow(line, values, self.columns)

    def _damaged(self, why: str) -> SourceError:
        return SourceError(
            f"{self._file}: not readable as Parquet near row {self._done + 1} ({why}); "
            "fetch it again"
        )


def _seekable(file: SourceFile) -> BinaryIO:
    raw = file.open()
    if raw.seekable():
        return raw
    with raw:
        try:
            with ExitStack() as opened:
                copy = opened.enter_context(tempfile.TemporaryFile())
                shutil.copyfileobj(raw, copy, _BUFFER)
                opened.pop_all()
        except OSError as error:
            raise SourceError(
                f"{file}: cannot be copied to a temporary file ({error.strerror}); free some space "
                "or name another folder in TMPDIR"
            ) from error
    return cast(BinaryIO, copy)


# One function for each shape of column; arrays come as slices, with nulls, as pyarrow gives them.


def _cells(array: Any) -> Sequence[Value]:
    return _dicts(array) if types.is_map(array.type) else _texts(array)


def _texts(array: Any) -> list[str | None]:
    kind = array.type
    if isinstance(kind, pa.UuidType):
        return [None if value is None else str(value) for value in array.to_pylist()]
    if isinstance(kind, pa.BaseExtensionType):
        return _texts(array.storage)
    if types.is_dictionary(kind):
        return _texts(array.dictionary_decode())
    if types.is_nested(kind):
        return _json(array)
    if types.is_timestamp(kind):
        # Seen as naive, an instant is its UTC time; no time zone database is asked.
        return _distinct(array.view(pa.timestamp(kind.unit)), _Iso("Z" if kind.tz else ""))
    if types.is_decimal(kind):
        # Arrow counts no distinct values of the narrow decimals.
        narrow = kind.bit_width < 128
        wide = array.cast(pa.decimal128(kind.precision, kind.scale)) if narrow else array
        return _distinct(wide, _plain)
    try:
        return cast(list[str | None], array.cast(pa.string()).to_pylist())
    except (pa.ArrowInvalid, UnicodeDecodeError):
        values = array.cast(pa.binary()).to_pylist()
        return [v if v is None else v.decode("utf-8", "surrogateescape") for v in values]


def _distinct(array: Any, spelt: Callable[[str], str]) -> list[str | None]:
    """Spell each distinct value once: amounts and times repeat, and spelling them is slow."""
    encoded = array.dictionary_encode()
    texts = [*map(spelt, encoded.dictionary.cast(pa.string()).to_pylist()), None]
    return [texts[i] for i in encoded.indices.fill_null(len(texts) - 1).to_pylist()]


def _plain(text: str) -> str:
    return format(Decimal(text), "f") if "E" in text else text


class _Iso:
    """Turns Arrow's `2026-09-01 00:00:00.000000` into ISO 8601, losing only zeros."""

    def __init__(self, zone: str) -> None:
        self._zone = zone

    def __call__(self, text: str) -> str:
        if text.startswith("<"):  # what Arrow writes for a year that it cannot
            return text
        whole, _, fraction = text.partition(".")
        digits = len(fraction.rstrip("0"))
        if digits > 6:
            whole = text
        elif digits:
            whole += f".{fraction[:6]:0<6}"
        return whole.replace(" ", "T", 1) + self._zone


def _dicts(array: Any) -> list[Mapping[str, str] | None]:
    spans, (keys, items) = _spans(array, array.keys, array.items)
    pairs = list(zip(_texts(keys), _texts(items), strict=True))
    return [
        {k: v for k, v in pairs[start:end] if k is not None and v is not None} if valid else None
        for valid, start, end in spans
    ]


def _json(array: Any) -> list[str | None]:
    """Give each cell as JSON, made from the inside out, so that numbers keep their exact digits."""
    kind = array.type
    if types.is_dictionary(kind):
        return _json(array.dictionary_decode())
    if types.is_map(kind):
        return [None if cell is None else _dumped(cell) for cell in _dicts(array)]
    if types.is_struct(kind):
        return _json_objects(array)
    if types.is_nested(kind):
        return _json_lists(array if types.is_list(kind) else array.cast(pa.list_(kind.value_type)))
    texts = _texts(array)
    if types.is_integer(kind) or types.is_decimal(kind) or types.is_boolean(kind):
        return texts
    if types.is_floating(kind):
        return [_dumped(text) if text in _NOT_FINITE else text for text in texts]
    return [None if text is None else _dumped(text) for text in texts]


def _json_objects(array: Any) -> list[str | None]:
    names = [_dumped(field.name) for field in array.type]
    members = zip(*map(_json, array.flatten()), strict=True)
    return [
        "{" + ",".join(f"{n}:{cell}" for n, cell in zip(names, cells, strict=True) if cell) + "}"
        if valid
        else None
        for valid, cells in zip(array.is_valid().to_pylist(), members, strict=True)
    ]


def _json_lists(array: Any) -> list[str | None]:
    spans, (values,) = _spans(array, array.values)
    cells = [cell or "null" for cell in _json(values)]
    return [f"[{','.join(cells[start:end])}]" if valid else None for valid, start, end in spans]


def _spans(array: Any, *children: Any) -> tuple[list[tuple[bool, int, int]], list[Any]]:
    """Return where each cell's elements lie in the children, and of these only what is used."""
    offsets = array.offsets.to_pylist()
    first = offsets[0]
    spans = [
        (valid, start - first, end - first)
        for valid, (start, end) in zip(array.is_valid().to_pylist(), pairwise(offsets), strict=True)
    ]
    return spans, [child.slice(first, offsets[-1] - first) for child in children]


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
