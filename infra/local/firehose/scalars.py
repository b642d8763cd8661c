"""One JSON value into one scalar column, as OpenX reads it (§3.3); each raises MismatchError.

Everything here is per value and exact; `openx` has the fast way for whole columns of usual values.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any, TypeVar

import orjson

from infra.local.firehose.hive_type import DecimalOf

T = TypeVar("T")

_INTEGER = re.compile(r"[+-]?[0-9]+\Z")
_DOUBLE = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\Z")
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z\Z", re.ASCII)
_SPACED = re.compile(r"(\d{4})-(\d\d?)-(\d\d?) (\d\d?):(\d\d?):(\d\d?)(?:\.(\d{1,9}))?\Z", re.ASCII)
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)\Z", re.ASCII)
_EPOCH = datetime(1970, 1, 1)
# Wide enough that only the rounding to the column's scale ever rounds.
_WIDE = Context(prec=4096, rounding=ROUND_HALF_UP, Emax=4096, Emin=-4096)


class MismatchError(Exception):
    """The value does not fit its column; `str()` is the end of the service's message."""


def to_string(value: Any) -> str:
    """Read text as it is, numbers and booleans as Java writes them, the rest as compact JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return _java_double(value)
    return orjson.dumps(value).decode()


def to_integer(bits: int) -> Callable[[Any], int]:
    """Return the reader of signed integers of that size."""
    limit = 1 << (bits - 1)

    def read(value: Any) -> int:
        if isinstance(value, str) and _INTEGER.match(value) and len(value) <= 20:
            number = int(value)
        elif isinstance(value, int) and not isinstance(value, bool):
            number = value
        elif isinstance(value, float) and value.is_integer():
            number = int(value)
        else:
            raise _mismatch(value)
        if not -limit <= number < limit:
            raise _mismatch(value)
        return number

    return read


def to_double(value: Any) -> float:
    """Read a number, or text that is one."""
    if isinstance(value, str) and _DOUBLE.match(value):
        return float(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise _mismatch(value)


def to_boolean(value: Any) -> bool:
    """Read a boolean, or `true` and `false` as text."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise _mismatch(value)


def to_decimal(type_: DecimalOf) -> Callable[[Any], Decimal | None]:
    """Return the reader of one decimal type.

    Text is exact. A number has been through a double before it gets here, in OpenX as with us: of
    98765432.123456789012 only 98765432.12345679 is left. More fraction digits than the scale are
    rounded half up; what then has too many integer digits, or is no number, becomes null without
    an error, as in Hive.
    """
    unit = Decimal(1).scaleb(-type_.scale)
    bound = Decimal(10) ** (type_.precision - type_.scale)

    def read(value: Any) -> Decimal | None:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise _mismatch(value)
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            value = float(value)  # beyond a Java long, OpenX has only the double
        text = repr(value) if isinstance(value, float) else str(value)
        if not _DOUBLE.match(text):
            return None
        try:
            rounded = Decimal(text).quantize(unit, context=_WIDE)
        except InvalidOperation:  # an exponent that no column holds
            return None
        # copy_abs, because abs() would round to the 28 digits of the default context
        return rounded if rounded.copy_abs() < bound else None

    return read


def to_timestamp(value: Any) -> datetime:
    """Read the two text forms, or seconds or milliseconds since 1970, as a naive UTC moment.

    Digits after the microsecond are cut.
    """
    if isinstance(value, str):
        match = _ISO.match(value) or _SPACED.match(value)
        if match:
            year, month, day, hour, minute, second = map(int, match.groups()[:6])
            micros = int((match[7] or "0").ljust(9, "0")[:6])
            return _checked(value, lambda: datetime(year, month, day, hour, minute, second, micros))
        if not _DOUBLE.match(value):
            raise _mismatch(value)
        number = Decimal(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number = Decimal(repr(value))
    else:
        raise _mismatch(value)
    if number.copy_abs() >= 10**15:  # far beyond the year 9999, and not worth the digits
        raise _mismatch(value)
    seconds = number if abs(number) < 10**12 else number / 1000
    return _checked(value, lambda: _EPOCH + timedelta(microseconds=int(seconds * 1_000_000)))


def java_timestamp(text: str) -> datetime:
    """Read what `java.sql.Timestamp.valueOf` reads; digits after the microsecond are cut."""
    if not _SPACED.match(text):
        raise _mismatch(text)
    return to_timestamp(text)


def to_date(value: Any) -> date:
    """Read `yyyy-MM-dd`."""
    match = _DATE.match(value) if isinstance(value, str) else None
    if not match:
        raise _mismatch(value)
    year, month, day = map(int, match.groups())
    return _checked(value, lambda: date(year, month, day))


def _checked(value: Any, make: Callable[[], T]) -> T:
    try:
        return make()
    except (ValueError, OverflowError, InvalidOperation):
        raise _mismatch(value) from None


def _mismatch(value: Any) -> MismatchError:
    return MismatchError(f'For input string: "{to_string(value)}"')


def _java_double(value: float) -> str:
    """Write a double as Java's `Double.toString` does: `1.0E10`, not `1e10`."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        text = format(Decimal(repr(value)), "f")
        return text if "." in text else text + ".0"
    digits, exponent = format(Decimal(repr(value)).normalize(), "E").split("E")
    return f"{digits if '.' in digits else digits + '.0'}E{int(exponent)}"
