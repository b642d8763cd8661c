"""From charges to the line items of a Cost and Usage Report, as AWS writes them.

FOCUS says a commitment's money once as billed and once as effective. A report says it so:

    covered by a savings plan    SavingsPlanCoveredUsage at the on-demand cost, with its effective
                                 cost beside it, and a SavingsPlanNegation that takes the on-demand
                                 cost back: one an hour, account, usage type, operation and region
    the plan's hour              one SavingsPlanRecurringFee: what was committed, and what was used
    covered by a reservation     DiscountedUsage that costs nothing, its effective cost beside it
    the reservation's month      one RIFee: the month's fee, and all that went unused so far

So the unused hours of a reservation are one line, dated from the fee's first hour to the month's
end: right by billing period, no longer by day. All else is a line of its own.

In one thing these reports say more than AWS's: the public on-demand cost stands on every line, on
fees, taxes and credits too, so that the list cost can be compared to the last digit.

Sources: finops.md §1.5; AWS Data Exports user guide, line item types, savings plans, reservations.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from producers.sources import ChargeRow
from producers.sources.simulator.exports.columns import Hours
from producers.sources.simulator.exports.item_facts import facts, priced
from producers.sources.simulator.exports.texts import exact_amounts, negative, total
from schemas.events import ChargeRecorded

Item = dict[str, Any]
"""A line item: CUR 2.0 column to text, or to a map of texts. What it lacks is empty."""

_Amounts = dict[str, str]

_Bought = tuple[str, int]
"""A commitment, and the start of the billing period it was paid for."""

_OF_PLAN = {
    "savings_plan_offering_type": "ComputeSavingsPlans",
    "savings_plan_payment_option": "No Upfront",
    "savings_plan_purchase_term": "1yr",
}
_TYPES = {"Usage": "Usage", "Purchase": "Fee", "Tax": "Tax", "Credit": "Credit"}
"""The line item types of charges that no commitment has to do with."""


def line_items(hours: Hours) -> Iterator[Item]:
    """Yield a bill's line items.

    Args:
        hours: from the bill's first on: commitments are paid before they are used.
    """
    reservations: dict[_Bought, Item] = {}
    for rows in hours:
        yield from _Hour(reservations).items(rows)
    yield from reservations.values()


class _Hour:
    """One hour's lines. What AWS sums up over the hour is held until its end."""

    def __init__(self, reservations: dict[_Bought, Item]) -> None:
        self._reservations = reservations
        self._plans: dict[_Bought, Item] = {}
        self._negations: dict[tuple[str | None, ...], Item] = {}

    def items(self, rows: Iterable[ChargeRow]) -> Iterator[Item]:
        for row in rows:
            if item := self._item(row):
                yield item
        yield from self._plans.values()
        yield from self._negations.values()

    def _item(self, row: ChargeRow) -> Item | None:
        """Return a row's own line; what is summed up has none yet."""
        charge, amounts = row.charge, exact_amounts(row)
        if charge["commitment_discount_id"] is None:
            return _item(_TYPES[charge["charge_category"]], charge, amounts)
        by_spend = charge["commitment_discount_category"] == "Spend"
        if charge["commitment_discount_status"] == "Used":
            covered = self._covered_by_plan if by_spend else _covered_by_reservation
            return covered(charge, amounts)
        if charge["charge_category"] == "Purchase":
            self._bought(charge, amounts, by_spend)
        else:
            self._unused(charge, amounts, by_spend)
        return None

    def _covered_by_plan(self, charge: ChargeRecorded, amounts: _Amounts) -> Item:
        item = _item("SavingsPlanCoveredUsage", charge, amounts)
        _cost(item, amounts["contracted_cost"])
        item["savings_plan_savings_plan_effective_cost"] = amounts["effective_cost"]
        item["savings_plan_savings_plan_a_r_n"] = charge["commitment_discount_id"]
        item |= _OF_PLAN
        self._take_back(item)
        return item

    def _take_back(self, covered: Item) -> None:
        cost = negative(covered["line_item_unblended_cost"])
        public = negative(covered["pricing_public_on_demand_cost"])
        quantity = covered["line_item_usage_amount"]
        key = tuple(map(covered.get, _NEGATED_TOGETHER))
        negation = self._negations.get(key)
        if negation is None:
            negation = {k: v for k, v in covered.items() if k not in _NOT_NEGATED}
            sku, account = covered["product_sku"], covered["line_item_usage_account_id"]
            negation["line_item_line_item_type"] = "SavingsPlanNegation"
            negation["line_item_line_item_description"] = (
                f"SavingsPlanNegation used by AccountID : {account} and UsageSku : {sku}"
            )
            negation["resource_tags"] = {}
            self._negations[key] = negation
        else:
            cost = total(negation["line_item_unblended_cost"], cost)
            public = total(negation["pricing_public_on_demand_cost"], public)
            quantity = total(negation["line_item_usage_amount"], quantity)
        _cost(negation, cost)
        negation["pricing_public_on_demand_cost"] = public
        negation["line_item_usage_amount"] = quantity

    def _bought(self, charge: ChargeRecorded, amounts: _Amounts, by_spend: bool) -> None:
        arn, fee, bought = charge["commitment_discount_id"], amounts["billed_cost"], _bought(charge)
        if by_spend:
            item = self._plans[bought] = _item("SavingsPlanRecurringFee", charge, amounts)
            item["savings_plan_savings_plan_a_r_n"] = arn
            item["savings_plan_total_commitment_to_date"] = fee
            item["savings_plan_used_commitment"] = fee
            item.update(_OF_PLAN)
            return
        item = self._reservations[bought] = _item("RIFee", charge, amounts)
        item["line_item_resource_id"] = None
        item["reservation_reservation_a_r_n"] = arn
        item["reservation_unused_amortized_upfront_fee_for_billing_period"] = "0"
        item["reservation_unused_recurring_fee"] = "0"
        item["reservation_unused_quantity"] = "0"

    def _unused(self, charge: ChargeRecorded, amounts: _Amounts, by_spend: bool) -> None:
        bought, cost = _bought(charge), amounts["effective_cost"]
        if by_spend:
            _add(self._plans[bought], "savings_plan_used_commitment", negative(cost))
            return
        fee = self._reservations[bought]
        _add(fee, "reservation_unused_recurring_fee", cost)
        _add(fee, "reservation_unused_quantity", amounts["commitment_discount_quantity"])


_NEGATED_TOGETHER = (
    "line_item_usage_account_id",
    "line_item_product_code",
    "line_item_usage_type",
    "line_item_operation",
    "product_region_code",
    "savings_plan_savings_plan_a_r_n",
    "line_item_usage_start_date",
)
_NOT_NEGATED = frozenset(
    {
        "line_item_resource_id",
        "line_item_availability_zone",
        "savings_plan_savings_plan_effective_cost",
    }
)


def _bought(charge: ChargeRecorded) -> _Bought:
    return charge["commitment_discount_id"], charge["billing_period_start"]


def _covered_by_reservation(charge: ChargeRecorded, amounts: _Amounts) -> Item:
    item = _item("DiscountedUsage", charge, amounts)
    _cost(item, "0")
    item["line_item_unblended_rate"] = item["line_item_blended_rate"] = "0"
    item["pricing_term"] = "Reserved"
    item["reservation_reservation_a_r_n"] = charge["commitment_discount_id"]
    item["reservation_effective_cost"] = amounts["effective_cost"]
    item["reservation_recurring_fee_for_usage"] = amounts["effective_cost"]
    item["reservation_amortized_upfront_cost_for_usage"] = "0"
    return item


def _item(type_: str, charge: ChargeRecorded, amounts: _Amounts) -> Item:
    item = facts(charge) | priced(charge, amounts)
    item["line_item_line_item_type"] = type_
    _cost(item, amounts["billed_cost"])
    return item


def _cost(item: Item, cost: str) -> None:
    item["line_item_unblended_cost"] = item["line_item_blended_cost"] = cost


def _add(item: Item, column: str, more: str) -> None:
    item[column] = total(item[column], more)
