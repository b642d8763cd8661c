"""How much money a charge is about: one monthly scale for hourly, daily and monthly rows."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

from rules.charge import Charge
from rules.model import Severity
from rules.policy import SeverityLimits

MONTH_SECONDS = 730 * 3600
"""A month of 730 hours, as AWS's price lists count it (a year of 365 days divided by twelve)."""
SHORTEST_MONTH_SECONDS = 28 * 86400
LONGEST_MONTH_SECONDS = 31 * 86400
"""Calendar months are 28 to 31 days: a row this long is a monthly charge and is not scaled."""
EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)
"""Sums and products of lake amounts are exact in it. Rules never compute in the ambient context:
its precision belongs to the caller, and verdicts must not depend on it."""
ONE_TIME = "One-Time"
_CENT = Decimal("0.01")


def monthly(amount: Decimal, charge: Charge) -> Decimal:
    """Return what `amount` per charge period comes to in a month, in the same currency.

    A charge for a month or longer, a one-time charge, and one whose period has no length are
    worth their amount: nothing says that they come again.
    """
    seconds = charge.period_seconds
    if not 0 < seconds < SHORTEST_MONTH_SECONDS or charge.charge_frequency == ONE_TIME:
        return amount
    return EXACT.divide(EXACT.multiply(amount, MONTH_SECONDS), seconds)


def severity(worth: Decimal, limits: SeverityLimits) -> Severity:
    """Grade a finding by what it is worth in a month."""
    if worth >= limits.high_monthly_amount:
        return "high"
    return "medium" if worth >= limits.medium_monthly_amount else "low"


def rise(excess: Decimal, expected: Decimal) -> str:
    """Return how far above its level a cost is, for a sentence: `150 % above its usual level`."""
    if not expected:
        return "above a usual level of zero"
    percent = EXACT.divide(EXACT.multiply(excess, 100), expected)
    # Formatted, not quantized: against a tiny level the percentage has any number of digits.
    return f"{percent.to_integral_value(ROUND_HALF_EVEN):f} % above its usual level"


def money(amount: Decimal, charge: Charge) -> str:
    """Return an amount for a sentence, rounded to two decimals: `12.50 USD`."""
    return f"{EXACT.quantize(amount, _CENT)} {charge.billing_currency}"


def rate(worth: Decimal, charge: Charge) -> str:
    """Return what `monthly` came to, for a sentence: `12.50 USD a month`, where it is a rate."""
    recurs = 0 < charge.period_seconds <= LONGEST_MONTH_SECONDS
    unit = " a month" if recurs and charge.charge_frequency != ONE_TIME else ""
    return money(worth, charge) + unit
