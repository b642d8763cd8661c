"""Rows to the files of a table: one for each partition, in Athena's formats and names."""

import gzip
import io
import json
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlglot import exp

from infra.local.athena.column_types import glue_type
from infra.local.athena.errors import AthenaError, NotSupportedError
from infra.local.athena.files import NO_VALUE

MAX_PARTITIONS = 100
"""Athena guide, "CTAS and INSERT INTO ... more than 100 partitions"."""
_CODECS = {"GZIP": "gzip", "SNAPPY": "snappy", "ZSTD": "zstd", "LZ4": "lz4", "NONE": "none"}
_PLAIN = frozenset(string.ascii_letters + string.digits + "_-. +@,!~$&();<>|`")
"""What Hive leaves as it is in the name of a partition's folder."""


class TooManyPartitionsError(AthenaError):
    """One statement writes to more partitions than Athena allows."""

    code = "HIVE_TOO_MANY_OPEN_PARTITIONS"


@dataclass(frozen=True, slots=True)
class FileForm:
    """How files are written."""

    format: str
    """`PARQUET`, `JSON` or `TEXTFILE`."""
    compression: str = "GZIP"
    delimiter: str = "\x01"
    decimals_as_text: bool = False
    """Whether JSON has decimals in quotes: what reads it back here would else lose digits."""


@dataclass(frozen=True, slots=True)
class RowFile:
    """One file: its folder under the table, its partition's values, and its bytes."""

    folder: str
    values: tuple[str, ...]
    extension: str
    body: bytes


def row_files(
    rows: pa.Table, types: Mapping[str, str], keys: Sequence[str], form: FileForm
) -> list[RowFile]:
    """Return the files of rows; none where there are no rows.

    Args:
        rows: columns in the order of `types`, partition columns last.
        types: Glue types by column, partition columns included.
        keys: the partition columns.
        form: how to write.

    Raises:
        TooManyPartitionsError: more than Athena writes at once.
        NotSupportedError: the format or the compression is not written here.
    """
    write = _writer(form)
    schema = pa.schema([(name, arrow_type(type_)) for name, type_ in types.items()])
    rows = pa.table(
        [column.cast(f.type) for column, f in zip(rows.columns, schema, strict=True)], schema=schema
    )
    if not rows.num_rows:
        return []
    kept = [name for name in types if name not in keys]
    groups = _groups(rows, keys)
    if len(groups) > MAX_PARTITIONS:
        raise TooManyPartitionsError(
            f"Exceeded limit of {MAX_PARTITIONS} open writers for partitions/buckets",
            "Write fewer partitions with each statement.",
        )
    extension = "" if form.format == "PARQUET" or form.compression == "NONE" else ".gz"
    return [
        RowFile(folder_of(keys, values), values, extension, write(rows.select(kept).take(indices)))
        for values, indices in groups.items()
    ]


def folder_of(keys: Sequence[str], values: Sequence[str]) -> str:
    """Return the folder of a partition as Hive names it: `day=2026-01-31/`; none is empty."""
    return "".join(f"{k}={_escaped(v)}/" for k, v in zip(keys, values, strict=True))


def arrow_type(glue: str) -> pa.DataType:
    """Return the Arrow type that files hold a Glue type in."""
    return _arrow(glue_type(glue))


def _arrow(type_: exp.DataType) -> pa.DataType:
    inner = type_.expressions
    match type_.this:
        case exp.DType.DECIMAL:
            precision, scale = (int(p.name) for p in inner) if len(inner) == 2 else (10, 0)
            return pa.decimal128(precision, scale)
        case exp.DType.ARRAY:
            return pa.list_(_arrow(inner[0]))
        case exp.DType.MAP:
            return pa.map_(_arrow(inner[0]), _arrow(inner[1]))
        case exp.DType.STRUCT:
            return pa.struct([(f.name, _arrow(f.kind)) for f in inner])
    if type_.this not in _ARROW:
        raise NotSupportedError(f"Unsupported Hive type: {type_.sql('hive')}", "Cast the column.")
    return _ARROW[type_.this]


_T = exp.DType
_ARROW = {
    _T.TEXT: pa.string(),
    _T.VARCHAR: pa.string(),
    _T.CHAR: pa.string(),
    _T.BOOLEAN: pa.bool_(),
    _T.TINYINT: pa.int8(),
    _T.SMALLINT: pa.int16(),
    _T.INT: pa.int32(),
    _T.BIGINT: pa.int64(),
    _T.FLOAT: pa.float32(),
    _T.DOUBLE: pa.float64(),
    _T.DATE: pa.date32(),
    _T.TIMESTAMP: pa.timestamp("us"),
    _T.BINARY: pa.binary(),
    _T.VARBINARY: pa.binary(),
}


def _groups(rows: pa.Table, keys: Sequence[str]) -> dict[tuple[str, ...], list[int]]:
    columns = [[_partition_text(v) for v in rows.column(key).to_pylist()] for key in keys]
    groups: dict[tuple[str, ...], list[int]] = {}
    values = zip(*columns, strict=True) if keys else (() for _ in range(rows.num_rows))
    for index, value in enumerate(values):
        groups.setdefault(value, []).append(index)
    return groups


def _partition_text(value: object) -> str:
    if value is None or value == "":
        return NO_VALUE
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="milliseconds")
    return str(value)


def _escaped(value: str) -> str:
    return "".join(c if c in _PLAIN or ord(c) > 127 else f"%{ord(c):02X}" for c in value)


def _writer(form: FileForm) -> Callable[[pa.Table], bytes]:
    if form.format == "PARQUET":
        if form.compression not in _CODECS:
            raise _compression(form)
        return lambda rows: _parquet(rows, _CODECS[form.compression])
    if form.format not in ("JSON", "TEXTFILE"):
        raise NotSupportedError(
            f"files of format {form.format}", "Write PARQUET, JSON or TEXTFILE."
        )
    if form.compression not in ("GZIP", "NONE"):
        raise _compression(form)
    write = _json(form.decimals_as_text) if form.format == "JSON" else _text(form.delimiter)
    if form.compression == "NONE":
        return write
    return lambda rows: gzip.compress(write(rows), mtime=0)


def _compression(form: FileForm) -> NotSupportedError:
    return NotSupportedError(
        f"compression {form.compression} of {form.format} files", "Use GZIP or NONE."
    )


def _parquet(rows: pa.Table, codec: str) -> bytes:
    sink = io.BytesIO()
    pq.write_table(
        rows,
        sink,
        version="1.0",
        compression=codec,
        use_deprecated_int96_timestamps=True,
        store_decimal_as_integer=False,
    )
    return sink.getvalue()


def _json(decimals_as_text: bool) -> Callable[[pa.Table], bytes]:
    form = '"{:f}"' if decimals_as_text else "{:f}"

    def value_text(value: Any) -> str:
        match value:
            case Decimal():
                return form.format(value)  # with all its digits
            case datetime():
                return json.dumps(value.isoformat(sep=" ", timespec="milliseconds"))
            case date():
                return json.dumps(value.isoformat())
            case bytes():
                raise NotSupportedError("binary values in JSON files", "Write Parquet.")
            case dict():
                pairs = (f"{json.dumps(str(k))}:{value_text(v)}" for k, v in value.items())
                return "{" + ",".join(pairs) + "}"
            case list():
                return "[" + ",".join(map(value_text, value)) + "]"
        return json.dumps(value)

    def write(rows: pa.Table) -> bytes:
        documents = rows.to_pylist(maps_as_pydicts="strict")
        return "".join(f"{value_text(document)}\n" for document in documents).encode()

    return write


def _text(delimiter: str) -> Callable[[pa.Table], bytes]:
    def write(rows: pa.Table) -> bytes:
        lines = zip(*(column.to_pylist() for column in rows.columns), strict=True)
        return "".join(f"{delimiter.join(map(_text_value, line))}\n" for line in lines).encode()

    return write


def _text_value(value: Any) -> str:
    match value:
        case None:
            return "\\N"
        case bool():
            return str(value).lower()
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.isoformat(sep=" ", timespec="milliseconds")
        case list() | dict() | bytes():
            raise NotSupportedError("nested or binary values in text files", "Write Parquet.")
    return str(value).replace("\n", " ")
