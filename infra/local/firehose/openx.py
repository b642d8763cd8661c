"""JSON values into Arrow columns with the semantics of the OpenX SerDe (§3.3), a column at a time.

A column of usual values is converted whole by Arrow; only a column with an unusual one goes value
by value through `scalars`. Both ways give the same, and a test holds them to that.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeGuard

import pyarrow as pa
import pyarrow.compute as pc

from infra.local.firehose import scalars
from infra.local.firehose.hive_type import (
    DecimalOf,
    HiveType,
    ListOf,
    MapOf,
    Scalar,
    StructOf,
)
from infra.local.firehose.settings import OpenX

Failures = dict[int, str]
"""Position of a value that did not fit, and why; its place in the column holds null."""

_SPACED = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?$"
_ISO_DATE = r"^\d{4}-\d\d-\d\d$"


@dataclass(frozen=True, slots=True)
class _Reader:
    """How one scalar type is read: value by value, and whole when only `usual` types occur."""

    each: Callable[[Any], Any]
    usual: type
    pattern: str | None = None
    """What all texts must match before Arrow may parse them."""


_READERS = {
    "string": _Reader(scalars.to_string, str),
    "bigint": _Reader(scalars.to_integer(64), int),
    "int": _Reader(scalars.to_integer(32), int),
    "smallint": _Reader(scalars.to_integer(16), int),
    "tinyint": _Reader(scalars.to_integer(8), int),
    "double": _Reader(scalars.to_double, float),
    "float": _Reader(scalars.to_double, float),
    "boolean": _Reader(scalars.to_boolean, bool),
    "timestamp": _Reader(scalars.to_timestamp, str, _SPACED),
    "date": _Reader(scalars.to_date, str, _ISO_DATE),
}
_ARROW = {
    "string": pa.string(),
    "bigint": pa.int64(),
    "int": pa.int32(),
    "smallint": pa.int16(),
    "tinyint": pa.int8(),
    "double": pa.float64(),
    "float": pa.float32(),
    "boolean": pa.bool_(),
    "timestamp": pa.timestamp("us"),
    "date": pa.date32(),
}


def columns(
    rows: Sequence[dict[str, Any]], schema: Sequence[tuple[str, HiveType]], options: OpenX
) -> tuple[list[pa.Array], Failures]:
    """Return one Arrow array for each column, and the rows that do not fit the schema."""
    if options.case_insensitive or options.dots_to_underscores:
        rows = [_renamed(row, options) for row in rows]
    present = set(chain.from_iterable(rows))
    keys = {name: options.mappings.get(name, _folded(name, options)) for name, _ in schema}
    texts = _texts(rows, {keys[name] for name, type_ in schema if _is_text(type_)} & present)
    arrays: list[pa.Array] = []
    failures: Failures = {}
    for name, type_ in schema:
        key = keys[name]
        if key not in present:  # most columns of most rows, so worth a line
            arrays.append(pa.nulls(len(rows), arrow_type(type_)))
            continue
        array = _of_texts(texts[key], type_) if key in texts and _is_text(type_) else None
        if array is None:
            array, failed = _column([row.get(key) for row in rows], type_, options)
            failures = {**failed, **failures}
        arrays.append(array)
    return arrays, failures


def _texts(rows: Sequence[dict[str, Any]], keys: set[str]) -> dict[str, pa.Array]:
    """Return columns that have nothing but texts, read from the rows at once by Arrow.

    Column by column in Python takes three times as long. Where a value is no text, none are
    returned, and each column is looked at for itself.
    """
    if not keys:
        return {}
    fields = [(key, pa.string()) for key in sorted(keys)]
    try:
        read = pa.array(rows, pa.struct(fields))
    except (pa.ArrowException, UnicodeError):
        return {}
    return dict(zip(sorted(keys), read.flatten(), strict=True))


def _is_text(type_: HiveType) -> TypeGuard[Scalar | DecimalOf]:
    """Tell whether a column's usual values are texts."""
    return isinstance(type_, Scalar | DecimalOf) and _reader(type_).usual is str


def _of_texts(texts: pa.Array, type_: Scalar | DecimalOf) -> pa.Array | None:
    """Return a column of texts as its type; None where some text is unusual."""
    if texts.null_count == len(texts):
        return pa.nulls(len(texts), arrow_type(type_))
    try:
        return _cast(texts, _reader(type_), arrow_type(type_))
    except (pa.ArrowInvalid, OverflowError):
        return None


def arrow_type(type_: HiveType) -> pa.DataType:
    """Return the Arrow type whose Parquet form is the one Hive's writer gives the column."""
    if isinstance(type_, Scalar):
        return _ARROW[type_.name]
    if isinstance(type_, DecimalOf):
        return pa.decimal128(type_.precision, type_.scale)
    if isinstance(type_, ListOf):
        return pa.list_(arrow_type(type_.item))
    if isinstance(type_, MapOf):
        return pa.map_(pa.string(), arrow_type(type_.value))
    return pa.struct([(name, arrow_type(field)) for name, field in type_.fields])


def _column(values: list[Any], type_: HiveType, options: OpenX) -> tuple[pa.Array, Failures]:
    if set(map(type, values)) <= {type(None)}:
        return pa.nulls(len(values), arrow_type(type_)), {}
    if isinstance(type_, Scalar | DecimalOf):
        return _scalar(values, _reader(type_), arrow_type(type_))
    if isinstance(type_, ListOf):
        return _list(values, type_, options)
    if isinstance(type_, MapOf):
        return _map(values, type_, options)
    return _struct(values, type_, options)


def _reader(type_: Scalar | DecimalOf) -> _Reader:
    if isinstance(type_, Scalar):
        return _READERS[type_.name]
    return _Reader(scalars.to_decimal(type_), str, _digits(type_))


def _digits(type_: DecimalOf) -> str:
    """Return the pattern of texts that fit as they are.

    Arrow 26 checks too little by itself: the text 4 wraps around to 0.597… in a decimal(38,38).
    """
    whole = type_.precision - type_.scale
    integer = f"[0-9]{{1,{whole}}}" if whole else "0"
    return rf"^-?{integer}(\.[0-9]{{1,{type_.scale}}})?$" if type_.scale else f"^-?{integer}$"


def _scalar(values: list[Any], reader: _Reader, type_: pa.DataType) -> tuple[pa.Array, Failures]:
    if set(map(type, values)) <= {reader.usual, type(None)}:
        try:
            return _whole(values, reader, type_), {}
        except (pa.ArrowInvalid, OverflowError):
            pass  # some value is unusual: find out which, and what becomes of it
    read, failures = _each(values, reader.each)
    return pa.array(read, type_), failures


def _whole(values: list[Any], reader: _Reader, type_: pa.DataType) -> pa.Array:
    if reader.usual is not str:
        return pa.array(values, type_)
    return _cast(pa.array(values, pa.string()), reader, type_)


def _cast(texts: pa.Array, reader: _Reader, type_: pa.DataType) -> pa.Array:
    if reader.pattern and not pc.all(pc.match_substring_regex(texts, reader.pattern)).as_py():
        raise pa.ArrowInvalid("another form")
    return texts.cast(type_)


def _each(values: list[Any], read: Callable[[Any], Any]) -> tuple[list[Any], Failures]:
    results: list[Any] = []
    failures: Failures = {}
    for index, value in enumerate(values):
        result = None
        if value is not None:
            try:
                result = read(value)
            except scalars.MismatchError as mismatch:
                failures[index] = str(mismatch)
        results.append(result)
    return results, failures


def _list(values: list[Any], type_: ListOf, options: OpenX) -> tuple[pa.Array, Failures]:
    lists = [v if v is None or isinstance(v, list) else [v] for v in values]
    items = [item for v in lists if v for item in v]
    array, failed = _column(items, type_.item, options)
    return pa.ListArray.from_arrays(_offsets(lists), array), _of_parents(lists, failed)


def _map(values: list[Any], type_: MapOf, options: OpenX) -> tuple[pa.Array, Failures]:
    maps, failures = _each(values, _object)
    keys = [key for v in maps if v for key in v]
    array, failed = _column([item for v in maps if v for item in v.values()], type_.value, options)
    entries = pa.MapArray.from_arrays(_offsets(maps), pa.array(keys, pa.string()), array)
    return entries, {**_of_parents(maps, failed), **failures}


def _struct(values: list[Any], type_: StructOf, options: OpenX) -> tuple[pa.Array, Failures]:
    structs, failures = _each(values, _object_or_positions(type_, options))
    children: list[pa.Array] = []
    for name, field in type_.fields:
        key = _folded(name, options)
        child = [None if v is None else v.get(key) for v in structs]
        array, failed = _column(child, field, options)
        children.append(array)
        failures = {**failed, **failures}
    fields = [pa.field(name, arrow_type(field)) for name, field in type_.fields]
    absent = pa.array([v is None for v in structs], pa.bool_())
    return pa.StructArray.from_arrays(children, fields=fields, mask=absent), failures


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise scalars.MismatchError(f"Data is not JSONObject but {scalars.to_string(value)}")
    return value


def _object_or_positions(type_: StructOf, options: OpenX) -> Callable[[Any], dict[str, Any]]:
    names = [_folded(name, options) for name, _ in type_.fields]

    def read(value: Any) -> dict[str, Any]:
        # An array fills the fields by position; what it lacks is null, what it has more is lost.
        if isinstance(value, list):
            return dict(zip(names, value, strict=False))
        return _object(value)

    return read


def _offsets(parents: Sequence[Any]) -> pa.Array:
    """Return Arrow's list offsets; null marks a null list."""
    offsets: list[int | None] = []
    end = 0
    for parent in parents:
        offsets.append(None if parent is None else end)
        end += len(parent or ())
    return pa.array([*offsets, end], pa.int32())


def _of_parents(parents: Sequence[Any], failed: Failures) -> Failures:
    """Turn positions of items into positions of the lists or maps that hold them."""
    if not failed:
        return {}
    owners = [index for index, parent in enumerate(parents) for _ in parent or ()]
    return {owners[index]: message for index, message in failed.items()}


def _folded(name: str, options: OpenX) -> str:
    return name.lower() if options.case_insensitive else name


def _renamed(value: Any, options: OpenX) -> Any:
    """Rename keys at every depth, map keys included: that is what OpenX does."""
    if isinstance(value, list):
        return [_renamed(item, options) for item in value]
    if not isinstance(value, dict):
        return value
    renamed = {_folded(key, options): _renamed(item, options) for key, item in value.items()}
    if options.dots_to_underscores:
        return {key.replace(".", "_"): item for key, item in renamed.items()}
    return renamed
