"""What each line item type of a Cost and Usage Report says in money, in FOCUS's terms. Pure.

AWS writes a commitment's money twice: as fees, and as the on-demand cost of what it covered, with a
negation that takes that cost back. FOCUS wants it once as billed (the fees) and once as effective
(the covered and the unused parts). So a fee's row gives two events: its purchase, and what of the
commitment went unused in its period.

Sources: finops.md §1.5; the amortised-cost queries of AWS's Well-Architected Labs and Cloud
Intelligence Dashboards; FOCUS 1.2, columns BilledCost to CommitmentDiscountUnit.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

from producers.sources.cur_line import Line, Money
from producers.sources.refusals import read_amount
from schemas.amounts import EXACT, Amount, amount, plain_text

ZERO = amount("0")
_ONE = amount("1")
_NORMALIZED = "Normalized Hours"
"""Unit of a reservation that fits instances of several sizes (FOCUS: commitment flexibility)."""
_COPIES = frozenset({"EKSPod-EC2", "ECSTask-EC2"})
"""Operations of split cost allocation: shares of what the instance's own row already costs."""
_FEE = re.compile(r"\bfees?\b|upfront|sign ?up charge", re.IGNORECASE)
_FEE_TYPE = re.compile(r"Fee|HeavyUsage|SP:")
_SAVINGS_PLAN = re.compile(r"savings ?plan", re.IGNORECASE)


def money(line: Line) -> tuple[Money, ...]:
    """Return what a line item says: one event, or two.

    Raises:
        RefusedError: an amount that it needs is missing or is not a number.
    """
    if line.text(line.names.line_item_operation) in _COPIES:
        return (_copy(line),)
    read = _TYPES.get(line.type)
    if read is None:
        read = _adjustment if line.type.endswith("Discount") else _unknown
    return read(line)


def readable_cost(line: Line) -> str:
    """Return what a row that was refused would have billed, as text; empty where unreadable."""
    copied = line.text(line.names.line_item_operation) in _COPIES
    if copied or line.type in {"SavingsPlanCoveredUsage", "SavingsPlanNegation"}:
        return "0"
    names = line.names
    return line.text(names.line_item_net_unblended_cost) or line.text(
        names.line_item_unblended_cost
    )


def _usage(line: Line) -> tuple[Money, ...]:
    cost = line.cost(verbatim=True)
    usage = Money("Usage", "Usage-Based", _pricing(line), cost, cost, line.public_cost(), cost)
    _priced(line, usage)
    return (usage,)


def _covered_by_savings_plan(line: Line) -> tuple[Money, ...]:
    names = line.names
    effective = line.first(
        names.savings_plan_net_savings_plan_effective_cost,
        names.savings_plan_savings_plan_effective_cost,
    )
    covered = Money(
        *("Usage", "Usage-Based", "Committed"),
        billed=ZERO,
        effective=effective,
        listed=line.public_cost(),
        contracted=line.cost(verbatim=False),
        commitment=line.commitment(),
        status="Used",
        committed=effective,
        committed_unit=line.currency,
    )
    _priced(line, covered)
    return (covered,)


def _negation(line: Line) -> tuple[Money, ...]:
    """Take back the on-demand cost of a covered row: FOCUS never billed it, so nothing is left."""
    line.amount(line.names.line_item_unblended_cost)
    negation = Money("Adjustment", "Usage-Based", None, ZERO, ZERO, ZERO, ZERO)
    # No quantities either: they are the covered row's, and would count its usage twice.
    negation.commitment = line.commitment()
    return (negation,)


def _savings_plan_fee(line: Line) -> tuple[Money, ...]:
    total = line.amount(line.names.savings_plan_total_commitment_to_date)
    used = line.amount(line.names.savings_plan_used_commitment)
    bought = _purchase(line, "Recurring", prepaid=True)
    bought.committed, bought.committed_unit = total, line.currency
    unused = _difference(total, used or ZERO) if total else ZERO
    if _is_zero(unused):
        return (bought,)
    # The rest of a commitment in money: as many units of the currency, at the price of one.
    return bought, replace(
        _unused(bought, unused),
        list_price=_ONE,
        contracted_price=_ONE,
        quantity=unused,
        unit=line.currency,
        committed=unused,
    )


def _covered_by_reservation(line: Line) -> tuple[Money, ...]:
    names = line.names
    quantity, unit = _reserved(line)
    listed = line.public_cost()
    effective = line.first(names.reservation_net_effective_cost, names.reservation_effective_cost)
    covered = Money(
        *("Usage", "Usage-Based", "Committed"),
        # AWS bills nothing here; if a report says otherwise, it is on the invoice.
        billed=line.cost(verbatim=False),
        effective=effective,
        listed=listed,
        contracted=listed or effective,
        consumed=True,
        commitment=line.commitment(),
        status="Used",
        committed=quantity,
        committed_unit=unit,
    )
    covered.list_price = _price(line, names.pricing_public_on_demand_rate)
    # The row's own rate is the covered one, zero: not the price before the commitment.
    covered.contracted_price = covered.list_price if listed else None
    _quantity(line, covered)
    return (covered,)


def _reservation_fee(line: Line) -> tuple[Money, ...]:
    names = line.names
    quantity, unit = _reserved(line)
    bought = _purchase(line, "Recurring", prepaid=True)
    bought.committed, bought.committed_unit = quantity, unit
    upfront = line.amount(names.reservation_net_unused_amortized_upfront_fee_for_billing_period)
    upfront = upfront or line.amount(
        names.reservation_unused_amortized_upfront_fee_for_billing_period
    )
    recurring = line.amount(names.reservation_net_unused_recurring_fee)
    recurring = recurring or line.amount(names.reservation_unused_recurring_fee)
    cost = _sum(upfront or ZERO, recurring or ZERO)
    if _is_zero(cost):
        return (bought,)
    left = line.amount(names.reservation_unused_quantity)
    normalized = line.amount(names.reservation_unused_normalized_unit_quantity)
    return bought, replace(
        _unused(bought, cost),
        quantity=left,
        unit=bought.unit,
        # In the unit of the rows that used it: a commitment has one unit.
        committed=normalized if unit == _NORMALIZED and normalized else left,
    )


def _upfront_fee(line: Line) -> tuple[Money, ...]:
    return (_purchase(line, "One-Time", prepaid=True),)


def _fee(line: Line) -> tuple[Money, ...]:
    """A support, domain or seller's fee; with a reservation's ARN, its upfront payment."""
    return (_purchase(line, "One-Time", prepaid=_has_reservation(line)),)


def _subscription(line: Line) -> tuple[Money, ...]:
    return (_purchase(line, "Recurring", prepaid=False),)


def _tax(line: Line) -> tuple[Money, ...]:
    cost = line.cost(verbatim=True)
    tax = Money("Tax", "One-Time", None, cost, cost, line.public_cost(), cost)
    tax.commitment = line.commitment()
    return (tax,)


def _credit(line: Line) -> tuple[Money, ...]:
    return (_lump(line, "Credit"),)


def _adjustment(line: Line) -> tuple[Money, ...]:
    return (_lump(line, "Adjustment"),)


def _refund(line: Line) -> tuple[Money, ...]:
    """The refunded row's category, negative.

    Only a savings plan's fee is refunded with no effective cost: its purchase had none.
    """
    names = line.names
    if line.text(names.line_item_tax_type):
        return _tax(line)
    description = line.text(names.line_item_line_item_description)
    said = f"{description} {line.text(names.product_product_name)}"
    of_plan = bool(line.text(names.savings_plan_savings_plan_a_r_n) or _SAVINGS_PLAN.search(said))
    fee = of_plan or _has_reservation(line) or _FEE.search(said)
    if fee or _FEE_TYPE.search(line.text(names.line_item_usage_type)):
        return (_purchase(line, "One-Time", prepaid=of_plan),)
    (refund,) = _usage(line)
    refund.frequency = "One-Time"
    return (refund,)


def _unknown(line: Line) -> tuple[Money, ...]:
    """A type that came after this mapper was written: never lost, and said."""
    quantity = line.amount(line.names.line_item_usage_amount)
    (unknown,) = _usage(line) if quantity and quantity.scaled else _adjustment(line)
    unknown.is_unknown = True
    return (unknown,)


def _copy(line: Line) -> Money:
    """A share of an instance's cost, for allocation: the instance's own row has it already."""
    line.amount(line.names.line_item_unblended_cost)
    return Money("Usage", "Usage-Based", _pricing(line), ZERO, ZERO, ZERO, ZERO, is_copy=True)


_TYPES: dict[str, Callable[[Line], tuple[Money, ...]]] = {
    "Usage": _usage,
    "DiscountedUsage": _covered_by_reservation,
    "SavingsPlanCoveredUsage": _covered_by_savings_plan,
    "SavingsPlanNegation": _negation,
    "SavingsPlanRecurringFee": _savings_plan_fee,
    "SavingsPlanUpfrontFee": _upfront_fee,
    "RIFee": _reservation_fee,
    "Fee": _fee,
    "FlatRateSubscription": _subscription,
    "Tax": _tax,
    "Credit": _credit,
    "Refund": _refund,
    "BundledDiscount": _adjustment,
    "Discount": _adjustment,
    "EdpDiscount": _adjustment,
    "PrivateRateDiscount": _adjustment,
    "RiVolumeDiscount": _adjustment,
    "SppDiscount": _adjustment,
}

LINE_ITEM_TYPES = tuple(_TYPES)
"""The line item types with a reading of their own; each has a golden in the tests."""


def _purchase(line: Line, frequency: str, *, prepaid: bool) -> Money:
    """Something bought; what it pays for later has its effective cost there, not here."""
    cost = line.cost(verbatim=not prepaid)
    effective = ZERO if prepaid else cost
    bought = Money("Purchase", frequency, "Standard", cost, effective, line.public_cost(), cost)
    bought.commitment = line.commitment()
    _priced(line, bought)
    return bought


def _lump(line: Line, category: str) -> Money:
    """Money by itself: no prices."""
    cost = line.cost(verbatim=True)
    lump = Money(category, "One-Time", None, cost, cost, line.public_cost(), cost)
    lump.commitment = line.commitment()
    _quantity(line, lump)
    return lump


def _unused(bought: Money, cost: Amount) -> Money:
    """What a commitment cost and nobody used, in the period of its fee.

    The list price of the commitment is what it cost: what the unused part would have cost on
    demand is not in the row.
    """
    return Money(
        *("Usage", "Usage-Based", "Committed"),
        billed=ZERO,
        effective=cost,
        listed=cost,
        contracted=cost,
        commitment=bought.commitment,
        status="Unused",
        committed_unit=bought.committed_unit,
    )


def _priced(line: Line, event: Money) -> None:
    """Fill in unit prices, which FOCUS knows on usage and purchases only, and quantities."""
    names = line.names
    event.list_price = _price(line, names.pricing_public_on_demand_rate)
    net = names.line_item_net_unblended_rate
    event.contracted_price = _price(line, net if line.text(net) else names.line_item_unblended_rate)
    _quantity(line, event)
    event.consumed = event.category == "Usage"


def _price(line: Line, name: str) -> Amount | None:
    """Take a unit price; FOCUS knows none below zero, so that one stays as it was delivered."""
    price = line.amount(name)
    if price is None or price.scaled < 0:
        return None
    return line.taken(name)


def _quantity(line: Line, event: Money) -> None:
    names = line.names
    event.quantity = line.taken(names.line_item_usage_amount)
    event.unit = line.text(names.pricing_unit) or None


def _pricing(line: Line) -> str:
    spot = "SpotUsage" in line.text(line.names.line_item_usage_type)
    return "Dynamic" if spot else "Standard"


def _reserved(line: Line) -> tuple[Amount | None, str | None]:
    """Return how much of a reservation a row is about, in sizes of one where it has that."""
    names = line.names
    normalized = line.amount(names.line_item_normalized_usage_amount)
    if normalized is not None and normalized.scaled:
        return line.taken(names.line_item_normalized_usage_amount), _NORMALIZED
    return line.amount(names.line_item_usage_amount), line.text(names.pricing_unit) or None


def _has_reservation(line: Line) -> bool:
    return bool(line.text(line.names.reservation_reservation_a_r_n))


@lru_cache(maxsize=4_096)
def _sum(a: Amount, b: Amount) -> Amount:
    return _exact(EXACT.add(_value(a), _value(b)))


@lru_cache(maxsize=4_096)
def _difference(a: Amount, b: Amount) -> Amount:
    return _exact(EXACT.subtract(_value(a), _value(b)))


def _is_zero(read: Amount) -> bool:
    return not (read.scaled or read.residue)


def _value(read: Amount) -> Decimal:
    return EXACT.add(Decimal(read.text), read.residue)


def _exact(value: Decimal) -> Amount:
    return read_amount("the unused part", plain_text(value))
