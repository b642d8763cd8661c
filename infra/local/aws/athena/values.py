"""How Athena prints values: the text of `GetQueryResults` and of the result file, by type."""

import math
import struct
from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

Printer = Callable[[Any], str]
"""From a value that is not NULL to its text."""

_SCIENTIFIC_FROM, _SCIENTIFIC_BELOW = 1e7, 1e-3
"""Java's Double.toString uses an exponent outside of these."""


def printer(type_: str) -> Printer:
    """Return what prints values of a type as Athena reports it, such as `map(varchar, bigint)`."""
    base, arguments = split_type(type_)
    match base:
        case "array":
            return _array(_nested(arguments[0]))
        case "map":
            return _map(_nested(arguments[0]), _nested(arguments[1]))
        case "row":
            fields = [field.partition(" ") for field in arguments]
            return _row({name: _nested(child) for name, _, child in fields})
    return _SCALARS.get(base, str)


def split_type(type_: str) -> tuple[str, list[str]]:
    """Return a type's name and its arguments: `decimal(38,12)` is `decimal` and `38`, `12`.

    What follows the arguments belongs to the name: `timestamp with time zone`.
    """
    base, opened, rest = type_.partition("(")
    if not opened:
        return type_, []
    inner, _, suffix = rest.rpartition(")")
    arguments: list[str] = []
    depth, piece = 0, ""
    for character in inner:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            arguments.append(piece.strip())
            piece = ""
        else:
            piece += character
    return base + suffix, [*arguments, piece.strip()]


def _nested(type_: str) -> Printer:
    print_ = printer(type_)
    return lambda value: "null" if value is None else print_(value)


def _array(element: Printer) -> Printer:
    return lambda values: f"[{', '.join(map(element, values))}]"


def _map(key: Printer, value: Printer) -> Printer:
    def print_(entries: Mapping[Any, Any]) -> str:
        return f"{{{', '.join(f'{key(k)}={value(v)}' for k, v in entries.items())}}}"

    return print_


def _row(fields: Mapping[str, Printer]) -> Printer:
    def print_(values: Mapping[str, Any]) -> str:
        return f"{{{', '.join(f'{name}={p(values[name])}' for name, p in fields.items())}}}"

    return print_


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _decimal(value: Decimal) -> str:
    return format(value, "f")


def _double(value: float) -> str:
    return _java(repr(value), value)


def _real(value: float) -> str:
    single = struct.pack("f", value)
    digits = (f"{value:.{n}g}" for n in range(1, 10))
    return _java(next(d for d in digits if struct.pack("f", float(d)) == single), value)


def _java(shortest: str, value: float) -> str:
    """Print a number as Java does, from its shortest decimal text."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "-0.0" if math.copysign(1, value) < 0 else "0.0"
    number = Decimal(shortest).normalize()
    if _SCIENTIFIC_BELOW <= abs(value) < _SCIENTIFIC_FROM:
        plain = format(number, "f")
        return plain if "." in plain else f"{plain}.0"
    sign, digits, _ = number.as_tuple()
    mantissa = "".join(map(str, digits))
    text = f"{mantissa[0]}.{mantissa[1:] or '0'}E{number.adjusted()}"
    return f"-{text}" if sign else text


def _timestamp(value: datetime) -> str:
    return value.isoformat(sep=" ", timespec="milliseconds")


def _instant(value: datetime) -> str:
    return f"{_timestamp(value.replace(tzinfo=None))} UTC"


def _time(value: time) -> str:
    return value.isoformat(timespec="milliseconds")


def _interval(value: timedelta) -> str:
    sign, value = ("-", -value) if value < timedelta(0) else ("", value)
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    clock = f"{hours:02d}:{minutes:02d}:{seconds:02d}.{value.microseconds // 1000:03d}"
    return f"{sign}{value.days} {clock}"


def _bytes(value: bytes) -> str:
    return value.hex(" ")


_SCALARS: dict[str, Printer] = {
    "boolean": _boolean,
    "decimal": _decimal,
    "double": _double,
    "real": _real,
    "timestamp": _timestamp,
    "timestamp with time zone": _instant,
    "time": _time,
    "interval day to second": _interval,
    "varbinary": _bytes,
}
