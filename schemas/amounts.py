"""Exact amounts: from a source's text to what the lake stores, and what rounding left over.

Money and quantities are `decimal(38,12)` in the lake and canonical decimal text on the wire (ADR
0002). Everything here is exact: no float, and no rounding but the one that is written down.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation
from functools import lru_cache

from schemas.errors import AmountError

SCALE = 12
INTEGER_DIGITS = 26
MAX_FRACTION_DIGITS = 200
"""More digits after the point than any biller writes; a bound on what one value may cost us."""

UNIT = 10**SCALE
_QUANTUM = Decimal(1).scaleb(-SCALE)
# Wide enough for any accepted value, and it refuses to round instead of doing so silently.
EXACT = Context(prec=2_000, traps=[Inexact, InvalidOperation])
_ROUNDING = Context(prec=2_000, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation])
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,6})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount as stored: its canonical text, its value times 10^12, and source - stored."""

    text: str
    scaled: int
    residue: Decimal


@lru_cache(maxsize=65_536)
def amount(source: str) -> Amount:
    """Read an amount as a biller writes it and round it half-even to twelve digits.

    Args:
        source: plain or exponent notation with a point, such as `32.016`, `-4e-07`.

    Returns:
        The amount; `Decimal(source) == Decimal(text) + residue`, exactly.

    Raises:
        AmountError: not a plain finite number, more than 26 integer digits, or more than
            200 digits after the point.
    """
    if not _NUMBER.fullmatch(source):
        raise AmountError(f"{source[:40]!r} is not a number; write it like 1234.5")
    value = Decimal(source)
    exponent = value.as_tuple().exponent
    if not value:
        return Amount("0", 0, Decimal(0))
    if value.adjusted() >= INTEGER_DIGITS:
        raise AmountError(f"{source[:40]!r} has more than {INTEGER_DIGITS} digits before the point")
    if isinstance(exponent, int) and -exponent > MAX_FRACTION_DIGITS:
        raise AmountError(f"{source[:40]!r} has more than {MAX_FRACTION_DIGITS} decimals")
    stored = value.quantize(_QUANTUM, context=_ROUNDING)
    scaled = int(stored.scaleb(SCALE, context=EXACT))
    if abs(scaled) >= 10 ** (INTEGER_DIGITS + SCALE):
        raise AmountError(f"{source[:40]!r} has more than {INTEGER_DIGITS} digits before the point")
    return Amount(scaled_text(scaled), scaled, EXACT.subtract(value, stored))


def scaled_text(scaled: int) -> str:
    """Return the canonical text of an amount given as an integer number of 10^-12."""
    whole, fraction = divmod(abs(scaled), UNIT)
    sign = "-" if scaled < 0 else ""
    if not fraction:
        return f"{sign}{whole}"
    return f"{sign}{whole}.{fraction:0{SCALE}d}".rstrip("0")


def scaled(text: str) -> int:
    """Return a canonical text as an integer number of 10^-12.

    Raises:
        AmountError: the text has more digits than the lake stores.
    """
    whole, _, fraction = text.partition(".")
    digits = whole.removeprefix("-") + fraction
    if len(fraction) <= SCALE and digits.isascii() and digits.isdigit():
        # Canonical text is read without Decimal: an audit reads a dozen for every event.
        return int(whole + fraction.ljust(SCALE, "0"))
    read = amount(text)
    if read.residue:
        raise AmountError(f"{text[:40]!r} has more than {SCALE} decimals")
    return read.scaled


def unscaled_sum(text: str) -> int:
    """Return a sum of stored amounts as an integer number of 10^-12; a sum may be wider than one.

    Raises:
        ValueError: not a number that stored amounts can sum to.
    """
    try:
        return int(EXACT.scaleb(Decimal(text), SCALE).to_integral_exact(context=EXACT))
    except (Inexact, InvalidOperation) as error:
        raise ValueError(f"{text[:60]!r} is not a sum of stored amounts") from error


def plain_text(value: Decimal) -> str:
    """Return an exact decimal in plain notation without trailing zeros (`0.00000000000009`)."""
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
