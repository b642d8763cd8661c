"""Rule: compare what is billed with what it effectively costs, where the two must agree."""

from decimal import Decimal

from rules.model import Charge, Facts, Finding, Verdict
from rules.worth import EXACT, money, monthly, rate, severity

NOTHING = Verdict()
USAGE, COMMITTED = "Usage", "Committed"
LARGEST = Decimal("9" * 26 + "." + "9" * 12)
"""The lake's largest amount: two costs of opposite sign can be further apart than it."""


def billed_against_effective(charge: Charge, facts: Facts) -> Verdict:
    """Find usage without a commitment whose billed and effective cost differ.

    What it finds: FOCUS spreads prepayments into the effective cost; usage that no commitment
    covers has none, so both costs are the same. A difference beyond the policy's percentage and
    its amount a month is found; the amount is the difference, the billed cost is what was
    expected. Charges of a commitment differ by design and are left alone.

    Why it matters: every view of effective cost, every share and every forecast is off by it, and
    no total shows it: exports were seen whose effective cost was rounded to whole dollars, 16.00
    for 20.62.

    When it is wrong: a discount that the provider applies only to the effective cost looks the
    same, and so does usage that somebody else bills (FOCUS lets a reseller's rows bill zero); a
    charge of a commitment that names neither the commitment nor its pricing category is taken for
    one without. All can be told by the policy's percentage.
    """
    limits, effective = facts.policy.consistency, charge.effective_cost
    if limits is None or effective is None or effective == charge.billed_cost:
        return NOTHING
    if charge.charge_category != USAGE or facts.policy.exempts(charge) or _is_committed(charge):
        return NOTHING
    difference = EXACT.subtract(charge.billed_cost, effective).copy_abs()
    larger = max(charge.billed_cost.copy_abs(), effective.copy_abs())
    if EXACT.multiply(difference, 100) <= EXACT.multiply(larger, limits.tolerance_percent):
        return NOTHING
    worth = monthly(difference, charge)
    if worth < limits.min_monthly_amount:
        return NOTHING
    message = (
        f"billed {money(charge.billed_cost, charge)}, effective {money(effective, charge)}, and no "
        f"commitment: apart by {rate(worth, charge)}"
    )
    grade = severity(worth, facts.policy.severity)
    amount = min(difference, LARGEST)
    found = Finding("billed_against_effective", grade, message, amount, charge.billed_cost)
    return Verdict(finding=found)


def _is_committed(charge: Charge) -> bool:
    return (
        charge.commitment_discount_id is not None
        or charge.commitment_discount_status is not None
        or charge.pricing_category == COMMITTED
    )
