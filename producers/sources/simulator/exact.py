"""Prices and quantities as integers, and their exact products as amounts."""

from decimal import Decimal

from schemas.amounts import EXACT, SCALE, Amount, amount, plain_text, scaled_text

PRICE_DECIMALS = 10
"""A price is an integer number of 10^-10."""

_POWERS = tuple(10**n for n in range(SCALE + 1))
_MORE = 10 ** (SCALE - PRICE_DECIMALS)
_NO_RESIDUE = Decimal(0)


def integer(text: str, decimals: int) -> int:
    """Return a plain decimal text as an integer number of 10^-`decimals`, exactly."""
    return int(EXACT.scaleb(Decimal(text), decimals).to_integral_exact(context=EXACT))


def stored(value: int, decimals: int) -> Amount:
    """Return `value` x 10^-`decimals` as an amount; at most twelve decimals."""
    return _amount(value * _POWERS[SCALE - decimals])


def cost(price: int, quantity: int, decimals: int) -> Amount:
    """Return price x quantity, the quantity in 10^-`decimals`; rounding leaves its residue."""
    product = price * quantity
    scaled, rest = divmod(product * _MORE, _POWERS[decimals])
    if not rest:
        return _amount(scaled)
    exact = Decimal(product).scaleb(-PRICE_DECIMALS - decimals, EXACT)
    return amount(plain_text(exact))


def _amount(scaled: int) -> Amount:
    return Amount(scaled_text(scaled), scaled, _NO_RESIDUE)
