"""Amounts and shares: exact sums, and how a page shows them."""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal

from schemas.amounts import EXACT, SCALE, plain_text

_CENT = Decimal("0.01")
_QUANTUM = Decimal(1).scaleb(-SCALE)
_ROUNDING = Context(prec=200, rounding=ROUND_HALF_EVEN)
_FOUR_DIGITS = Context(prec=4, rounding=ROUND_HALF_EVEN)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Add amounts of one currency, exactly."""
    result = Decimal(0)
    for amount in amounts:
        result = EXACT.add(result, amount)
    return result


def total_known(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Add the amounts there are; none where there is not one."""
    known = [amount for amount in amounts if amount is not None]
    return total(known) if known else None


def scaled_by(amount: Decimal, numerator: int, denominator: int) -> Decimal:
    """Return an amount times a fraction, rounded half-even to the lake's twelve decimals."""
    product = EXACT.multiply(amount, Decimal(numerator))
    return _ROUNDING.quantize(_ROUNDING.divide(product, Decimal(denominator)), _QUANTUM)


def percent(part: Decimal, whole: Decimal) -> Decimal | None:
    """Return a share in percent with one decimal; none of a whole that is zero or negative."""
    if whole <= 0:
        return None
    share = _ROUNDING.divide(EXACT.multiply(part, Decimal(100)), whole)
    return _ROUNDING.quantize(share, Decimal("0.1"))


def shown(amount: Decimal) -> str:
    """Return an amount for reading: two decimals, or up to four digits below 0.01."""
    if not amount or abs(amount) >= _CENT:
        return f"{_ROUNDING.quantize(amount, _CENT) + 0:,f}"
    return f"{_FOUR_DIGITS.normalize(amount):f}"


def exact(amount: Decimal) -> str:
    """Return every digit of an amount, in plain notation."""
    return plain_text(amount)
