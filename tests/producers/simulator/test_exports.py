"""Three ways agree: the bill itself, as FOCUS and as CUR say the same money to the last digit."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import chain

import pytest

from producers.sources import ChargeRow
from producers.sources.simulator import Simulator
from producers.sources.simulator.clock import DAY, first_hour
from producers.sources.simulator.exports import EXPORT_KINDS, Format, MonthBill
from producers.sources.simulator.exports.line_items import Item, line_items
from producers.sources.simulator.exports.parts import write_parts
from producers.sources.simulator.exports.texts import exact
from producers.sources.simulator.plan import Kind
from schemas.amounts import EXACT, plain_text
from tests.producers.simulator.exported import IDS, WAYS, events, sums

SEPTEMBER = date(2026, 9, 1)
AS_FOCUS = [way for way in WAYS if way[0] == "focus"]


@pytest.fixture(scope="module")
def world() -> Simulator:
    """A world that begins two days before a month turns."""
    return Simulator(1, date(2026, 8, 30))


@pytest.fixture(scope="module")
def hours(world: Simulator) -> list[list[ChargeRow]]:
    """Hours with every kind of row: both months, late rows, monthly ones, a restatement."""
    september = first_hour(SEPTEMBER)
    restated = world.plan.one(Kind.RESTATED_DAY).start + 2 * DAY + 6
    wanted = [
        *range(world.start, world.start + 3),
        *range(september - 1, september + 3),
        *(september + day * DAY for day in (17, 19, 20)),
        restated,
    ]
    return [list(world.rows(hour)) for hour in wanted]


@pytest.fixture(scope="module")
def direct(hours: list[list[ChargeRow]]) -> list[ChargeRow]:
    return list(chain.from_iterable(hours))


@pytest.fixture(scope="module")
def items(hours: list[list[ChargeRow]]) -> list[Item]:
    return list(line_items(hours))


@pytest.fixture(scope="module", params=WAYS, ids=IDS)
def way(request: pytest.FixtureRequest) -> tuple[str, Format]:
    kind: tuple[str, Format] = request.param
    return kind


@pytest.fixture(scope="module")
def mapped(
    way: tuple[str, Format],
    world: Simulator,
    hours: list[list[ChargeRow]],
    tmp_path_factory: pytest.TempPathFactory,
) -> list[ChargeRow]:
    """The hours, written and read back."""
    kind, form = way
    table = EXPORT_KINDS[kind].table(MonthBill(world, SEPTEMBER), "an-assembly")
    folder = tmp_path_factory.mktemp("written")
    parts = write_parts(
        table, hours, form, lambda n: folder / f"{n}{form.suffix}", 3_000, lambda rows: None
    )
    assert len(parts) > 1
    return events([part.path for part in parts])


def test_three_ways_agree(mapped: list[ChargeRow], direct: list[ChargeRow]) -> None:
    """Billed, effective, list and contracted cost of every service, account, category, period.

    Negations of a savings plan are no charges: they come to nothing, under Adjustment.
    """
    assert sums(mapped) == sums(direct)
    periods = {period for *_, period in sums(direct)}
    categories = {category for _, _, category, _ in sums(direct)}
    assert periods == {"2026-08", "2026-09"}
    assert categories == {"Usage", "Purchase", "Tax", "Credit"}
    usage = [row.charge for row in direct if row.charge["charge_category"] == "Usage"]
    assert any(charge["billed_cost"].startswith("-") for charge in usage), "no reversal"


def test_more_digits_than_the_lake_has(mapped: list[ChargeRow], direct: list[ChargeRow]) -> None:
    """Agreement is worth something only where amounts are longer than what is stored."""
    residues = [sum(bool(a.residue) for _, a in row.amounts) for row in direct]
    assert sum(residues) > 500
    assert {row.notes for row in mapped} == {(), ("rounded-to-12-decimals",)}


def test_every_charge_is_there_once(
    way: tuple[str, Format], mapped: list[ChargeRow], direct: list[ChargeRow], items: list[Item]
) -> None:
    """FOCUS row by row; CUR but for negations, and a reservation's unused hours in one event."""
    kind, _ = way
    if kind == "focus":
        assert len(mapped) == len(direct)
        return
    types = Counter(item["line_item_line_item_type"] for item in items)
    unused = [
        row.charge["commitment_discount_id"]
        for row in direct
        if row.charge["commitment_discount_status"] == "Unused"
        and row.charge["commitment_discount_category"] == "Usage"
    ]
    left = sum(Decimal(item.get("reservation_unused_recurring_fee") or 0) > 0 for item in items)
    assert len(unused) > left > 1
    assert len(mapped) == len(direct) + types["SavingsPlanNegation"] - len(unused) + left


@pytest.mark.parametrize("way", AS_FOCUS, ids=IDS[:2], indirect=True, scope="module")
def test_focus_gives_the_same_charges(mapped: list[ChargeRow], direct: list[ChargeRow]) -> None:
    """Not the money alone: every column of every row comes back."""
    for read, row in zip(mapped, direct, strict=True):
        extensions = row.charge["x_extensions"] or {}
        said = {name: text for name, text in extensions.items() if text} or None
        assert read.charge == row.charge | {
            "ordinal": read.charge["ordinal"], "x_extensions": said,
        }  # fmt: skip
        assert sorted(read.amounts) == sorted(row.amounts)
        assert (read.scope, read.charge_date, read.notes) == (
            row.scope, row.charge_date, row.notes,
        )  # fmt: skip


def test_cur_describes_the_same_charges(
    way: tuple[str, Format], mapped: list[ChargeRow], direct: list[ChargeRow]
) -> None:
    """Plain usage comes back with its resource, its time, its place, its prices and its tags."""
    kind, _ = way
    names = (
        *("charge_period_start", "charge_period_end", "resource_id", "region_id", "region_name"),
        *("availability_zone", "service_category", "service_subcategory", "charge_description"),
        *("pricing_category", "pricing_quantity", "pricing_unit", "consumed_quantity", "sku_id"),
        *("sku_price_id", "sku_meter", "list_unit_price", "contracted_unit_price"),
        *("commitment_discount_id", "commitment_discount_status", "commitment_discount_quantity"),
    )

    def said(rows: Sequence[ChargeRow]) -> Counter[tuple[object, ...]]:
        return Counter(
            (*map(row.charge.get, names), tuple(sorted(_tags(kind, row).items())))
            for row in rows
            if row.charge["charge_category"] == "Usage"
            and row.charge["commitment_discount_status"] != "Unused"
        )

    assert said(mapped) == said(direct)


def _tags(kind: str, row: ChargeRow) -> dict[str, str]:
    tags: dict[str, str] = row.charge["tags"] or {}
    # In a legacy report a tag without a value is an empty cell: no tag.
    return {key: value for key, value in tags.items() if value or kind != "cur-legacy"}


# How AWS says it, one line of each.


def of_type(items: Sequence[Item], type_: str) -> list[Item]:
    return [item for item in items if item["line_item_line_item_type"] == type_]


def numbers(item: Item) -> dict[str, str]:
    """The costs, quantities and commitments of a line; unused columns left out."""
    groups = ("line_item_", "pricing_public", "reservation_", "savings_plan_")
    texts = {k: v for k, v in item.items() if k.startswith(groups) and v is not None}
    return {k: v for k, v in texts.items() if k.endswith(("amount", "cost", "commitment", "to_date",
            "fee", "fee_for_billing_period", "_quantity", "a_r_n"))}  # fmt: skip


def test_a_covered_row_and_what_takes_it_back(items: list[Item]) -> None:
    """The on-demand cost stands in the covered line, and once more, negative, by the hour."""
    covered = of_type(items, "SavingsPlanCoveredUsage")
    negations = of_type(items, "SavingsPlanNegation")
    first = covered[0]
    assert numbers(first) == {
        "line_item_usage_amount": "0.215",
        "line_item_unblended_cost": "0.081872",
        "line_item_blended_cost": "0.081872",
        "pricing_public_on_demand_cost": "0.081872",
        "savings_plan_savings_plan_effective_cost": "0.05894784",
        "savings_plan_savings_plan_a_r_n": first["savings_plan_savings_plan_a_r_n"],
    }
    assert first["line_item_resource_id"].startswith("i-")
    assert {item.get("line_item_resource_id") for item in negations} == {None}
    assert len(negations) < len(covered)
    groups: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for item in covered + negations:
        key = item["line_item_usage_account_id"], item["line_item_usage_start_date"]
        groups[key] = EXACT.add(groups[key], Decimal(item["line_item_unblended_cost"]))
    assert set(groups.values()) == {Decimal(0)}


def test_an_hour_of_a_plan_is_one_line(items: list[Item], direct: list[ChargeRow]) -> None:
    """The purchase and the unused part of the same hour: what was committed, what was used."""
    fees = of_type(items, "SavingsPlanRecurringFee")
    plan = [r for r in direct if r.charge["commitment_discount_category"] == "Spend"]
    bought = [r for r in plan if r.charge["charge_category"] == "Purchase"]
    assert len(fees) == len(bought)
    used = Decimal(0)
    for row in plan:
        if (
            row.charge["commitment_discount_status"] == "Used"
            and row.charge["charge_period_start"] == bought[0].charge["charge_period_start"]
        ):
            used += Decimal(row.charge["effective_cost"])
    committed = bought[0].charge["billed_cost"]
    assert numbers(fees[0]) == {
        "line_item_usage_amount": committed,
        "line_item_unblended_cost": committed,
        "line_item_blended_cost": committed,
        "pricing_public_on_demand_cost": committed,
        "savings_plan_savings_plan_a_r_n": bought[0].charge["commitment_discount_id"],
        "savings_plan_total_commitment_to_date": committed,
        "savings_plan_used_commitment": plain_text(used),
    }
    assert used < Decimal(committed)


def test_a_reservation_is_one_line_a_month(items: list[Item], direct: list[ChargeRow]) -> None:
    """The month's fee, with all that went unused so far; what was used costs nothing."""
    fees = of_type(items, "RIFee")
    assert Counter(item["bill_billing_period_start_date"][:7] for item in fees) == {
        "2026-08": 3, "2026-09": 3,
    }  # fmt: skip
    fee = fees[0]
    arn = fee["reservation_reservation_a_r_n"]
    mine = [r for r in direct if r.charge["commitment_discount_id"] == arn
            and r.scope.billing_period == "2026-08"]  # fmt: skip
    unused = [r for r in mine if r.charge["commitment_discount_status"] == "Unused"]
    (bought,) = (r.charge for r in mine if r.charge["charge_category"] == "Purchase")
    assert len(unused) == 4
    assert fee["line_item_unblended_cost"] == bought["billed_cost"]
    assert fee["line_item_usage_amount"] == bought["pricing_quantity"]
    for column, name in (
        ("reservation_unused_recurring_fee", "effective_cost"),
        ("reservation_unused_quantity", "commitment_discount_quantity"),
    ):
        assert Decimal(fee[column]) == sum(Decimal(r.charge[name]) for r in unused) > 0
    assert (fee["line_item_usage_start_date"], fee["line_item_usage_end_date"]) == (
        "2026-08-30T00:00:00Z", "2026-09-01T00:00:00Z",
    )  # fmt: skip
    assert {i["line_item_unblended_cost"] for i in of_type(items, "DiscountedUsage")} == {"0"}


def test_the_invoice_is_the_sum_of_unblended_cost(
    items: list[Item], direct: list[ChargeRow]
) -> None:
    """A report's unblended costs, negations included, add up to what is billed."""
    unblended = billed = Decimal(0)
    for item in items:
        unblended = EXACT.add(unblended, Decimal(item["line_item_unblended_cost"]))
    for row in direct:
        billed = EXACT.add(billed, exact(dict(row.amounts)["billed_cost"]))
    assert unblended == billed


def test_who_sells_it(items: list[Item]) -> None:
    """A seller's product is no service of AWS's; tax, credit and support have AWS's codes."""
    fees = {item["product"]["product_name"]: item for item in of_type(items, "Fee")}
    seats, support = fees["Example Observability Suite"], fees["AWS Support (Business)"]
    assert (seats["bill_billing_entity"], seats["product_servicecode"]) == ("AWS Marketplace", None)
    assert (support["bill_billing_entity"], support["line_item_product_code"]) == (
        "AWS", "AWSSupportBusiness",
    )  # fmt: skip
    assert {i["line_item_product_code"] for i in of_type(items, "Tax")} == {"AmazonEC2"}
    assert {i["line_item_product_code"] for i in of_type(items, "Credit")} == {"AmazonRDS"}
