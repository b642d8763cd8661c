"""JSON values into Arrow columns with the semantics of Hive's JsonSerDe (§3.3), value by value.

Numbers stay the text they are written in, so decimals are exact and a string column has them as
they came.
"""

import json
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import pyarrow as pa

from infra.local.firehose import scalars
from infra.local.firehose.hive_type import DecimalOf, HiveType, ListOf, MapOf, Scalar, StructOf
from infra.local.firehose.openx import Failures, arrow_type
from infra.local.firehose.scalars import MismatchError
from infra.local.firehose.settings import MILLIS, Hive

T = TypeVar("T")

_BITS = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}
_WHOLE = re.compile(r"-?[0-9]+\Z")
_DATE = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)\Z", re.ASCII)
_EPOCH = datetime(1970, 1, 1)


class Number(str):
    """A JSON number as it is written."""

    __slots__ = ()


def read_json(text: bytes | str) -> Any:
    """Parse one document; its numbers are `Number`s.

    Raises:
        ValueError: it is not JSON.
    """
    return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=_no_constant)


def columns(
    rows: Sequence[dict[str, Any]], schema: Sequence[tuple[str, HiveType]], options: Hive
) -> tuple[list[pa.Array], Failures]:
    """Return one Arrow array for each column, and the rows that do not fit the schema."""
    folded = [_folded(row) for row in rows]
    failures: Failures = {}
    arrays: list[pa.Array] = []
    for name, type_ in schema:
        values: list[Any] = []
        for index, row in enumerate(folded):
            value = None
            try:
                value = _value(row.get(name.lower()), type_, options)
            except MismatchError as mismatch:
                failures.setdefault(index, str(mismatch))
            values.append(value)
        arrays.append(pa.array(values, arrow_type(type_)))
    return arrays, failures


def _value(value: Any, type_: HiveType, options: Hive) -> Any:
    if value is None:
        return None
    if isinstance(type_, Scalar):
        return _scalar(value, type_.name, options)
    if isinstance(type_, DecimalOf):
        return scalars.to_decimal(type_)(_text(value))
    if isinstance(type_, ListOf):
        if not isinstance(value, list):
            raise MismatchError("Start of Array expected")
        return [_value(item, type_.item, options) for item in value]
    if not isinstance(value, dict):
        raise MismatchError("Start of Object expected")
    if isinstance(type_, MapOf):
        return [(key, _value(item, type_.value, options)) for key, item in value.items()]
    return _struct(_folded(value), type_, options)


def _struct(fields: dict[str, Any], type_: StructOf, options: Hive) -> dict[str, Any]:
    return {name: _value(fields.get(name.lower()), field, options) for name, field in type_.fields}


def _scalar(value: Any, name: str, options: Hive) -> Any:
    if name in _BITS:
        return _integer(value, _BITS[name])
    if name in {"double", "float"}:
        return float(_number(value))
    if name == "boolean":
        return scalars.to_boolean(value)
    text = _text(value)
    if name == "timestamp":
        return _timestamp(text, options)
    return _date(text) if name == "date" else text


def _integer(value: Any, bits: int) -> int:
    number = _number(value)
    limit = 1 << (bits - 1)
    if not _WHOLE.match(number) or len(number) > 20 or not -limit <= int(number) < limit:
        raise _mismatch(number)
    return int(number)


def _number(value: Any) -> Number:
    if not isinstance(value, Number):
        token = "START_OBJECT" if isinstance(value, dict | list) else "VALUE_STRING"
        raise MismatchError(
            f"Current token ({token}) not numeric, can not use numeric value accessors"
        )
    return value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return str(value)
    raise MismatchError("Data is not a scalar but an object or an array")


def _timestamp(text: str, options: Hive) -> datetime:
    if not options.timestamp_formats:
        return scalars.java_timestamp(text)
    for pattern in options.timestamp_formats:
        if pattern == MILLIS:
            if _WHOLE.match(text) and len(text) <= 18:
                return _valid(text, lambda: _EPOCH + timedelta(milliseconds=int(text)))
        elif not isinstance(pattern, str):
            found = _valid(text, partial(pattern.read, text))
            if found is not None:
                return found
    raise _mismatch(text)


def _date(text: str) -> date:
    match = _DATE.match(text)
    if match is None:
        raise _mismatch(text)
    year, month, day = map(int, match.groups())
    return _valid(text, lambda: date(year, month, day))


def _valid(text: str, make: Callable[[], T]) -> T:
    try:
        return make()
    except (ValueError, OverflowError):
        raise _mismatch(text) from None


def _mismatch(text: str) -> MismatchError:
    return MismatchError(f'For input string: "{text}"')


def _folded(row: dict[str, Any]) -> dict[str, Any]:
    """Return an object by its lower-case names: Hive knows columns and fields by no other."""
    return {key.lower(): value for key, value in row.items()}


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
