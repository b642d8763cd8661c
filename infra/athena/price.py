"""What Athena bills a query: the bytes it scanned, rounded up, at the price of a terabyte."""

from decimal import ROUND_UP, Decimal

MEGABYTE = 1024**2
LEAST_MEGABYTES = 10
"""Athena pricing: rounded up to the megabyte, and 10 MB at least for each query."""
USD_PER_TERABYTE = Decimal(5)
"""SQL queries in most regions; the price page has the rest."""
_MEGABYTES_OF_TERABYTE = 1024**2
_SHOWN = Decimal("0.000001")


def billed_bytes(scanned: int) -> int:
    """Return the bytes that Athena bills for so many scanned."""
    return max(-(-scanned // MEGABYTE), LEAST_MEGABYTES) * MEGABYTE


def price(scanned: int) -> Decimal:
    """Return the US dollars of a query that scanned so many bytes, a millionth rounded up."""
    megabytes = billed_bytes(scanned) // MEGABYTE
    return (megabytes * USD_PER_TERABYTE / _MEGABYTES_OF_TERABYTE).quantize(_SHOWN, ROUND_UP)
