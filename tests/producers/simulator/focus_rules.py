"""The cross-column rules of FOCUS that one row can break, each under its number in our notes.

Taken from the FOCUS 1.2 requirements; see https://focus.finops.org/focus-specification/v1-2/.
"""

from collections.abc import Callable
from decimal import Decimal

from schemas.events import ChargeRecorded

CATEGORIES: dict[str, set[str | None]] = {
    "charge_category": {"Usage", "Purchase", "Tax", "Credit"},
    "charge_class": {None},
    "charge_frequency": {"One-Time", "Recurring", "Usage-Based"},
    "pricing_category": {None, "Standard", "Committed"},
    "commitment_discount_category": {None, "Spend", "Usage"},
    "commitment_discount_status": {None, "Used", "Unused"},
}
PRICED = (
    *("list_unit_price", "contracted_unit_price", "pricing_quantity", "pricing_unit"),
    *("sku_id", "sku_price_id", "pricing_category"),
)
_HALF_A_DIGIT = Decimal("0.0000000000005")


def _periods(c: ChargeRecorded) -> bool:
    billed: bool = c["billing_period_start"] <= c["charge_period_start"] < c["billing_period_end"]
    return billed and bool(c["charge_period_start"] < c["charge_period_end"])


def _products(c: ChargeRecorded) -> bool:
    if c["pricing_quantity"] is None:
        return True
    quantity = Decimal(c["pricing_quantity"])
    return all(
        abs(Decimal(c[f"{kind}_cost"]) - Decimal(c[f"{kind}_unit_price"]) * quantity)
        <= _HALF_A_DIGIT
        for kind in ("list", "contracted")
    )


def _tax(c: ChargeRecorded) -> bool:
    return c["charge_category"] != "Tax" or all(c[name] is None for name in PRICED)


def _priced(c: ChargeRecorded) -> bool:
    return c["charge_category"] not in {"Usage", "Purchase"} or all(
        c[name] is not None for name in PRICED
    )


def _commitment(c: ChargeRecorded) -> bool:
    related = c["commitment_discount_id"] is not None
    described = all(
        (c[f"commitment_discount_{name}"] is not None) == related
        for name in ("category", "type", "name", "quantity", "unit")
    )
    status = (c["commitment_discount_status"] is not None) == (
        related and c["charge_category"] == "Usage"
    )
    return described and status


def _committed_price(c: ChargeRecorded) -> bool:
    covered = c["commitment_discount_status"] is not None
    return bool(c["pricing_category"] == "Committed") == covered


def _prepaid(c: ChargeRecorded) -> bool:
    if c["commitment_discount_id"] is None:
        return True
    return Decimal(
        c["effective_cost" if c["charge_category"] == "Purchase" else "billed_cost"]
    ) == Decimal(0)


def _unrelated(c: ChargeRecorded) -> bool:
    costs = {c[f"{kind}_cost"] for kind in ("billed", "effective", "list", "contracted")}
    return c["charge_category"] not in {"Credit", "Tax"} or len(costs) == 1


def _consumed(c: ChargeRecorded) -> bool:
    used: bool = c["charge_category"] == "Usage" and c["commitment_discount_status"] != "Unused"
    return (c["consumed_quantity"] is not None) == (c["consumed_unit"] is not None) == used


def _categories(c: ChargeRecorded) -> bool:
    return all(c[name] in allowed for name, allowed in CATEGORIES.items())


RULES: dict[int, Callable[[ChargeRecorded], bool]] = {
    1: _periods,
    2: _products,
    3: _tax,
    4: _priced,
    5: _commitment,
    6: _committed_price,
    8: _prepaid,
    9: _unrelated,
    12: _consumed,
    14: _categories,
}


def broken(charge: ChargeRecorded) -> list[int]:
    """The numbers of the rules a row breaks."""
    return [number for number, holds in RULES.items() if not holds(charge)]
