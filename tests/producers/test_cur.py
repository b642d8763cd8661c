"""The Cost and Usage Report mapper: every line item type as FOCUS means it, to the last digit.

`golden/cur` holds one row each, cell by cell, and the events it must become. They were written by
hand from our notes on billing data and FOCUS's rules, not printed by the mapper.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.errors import SourceError
from producers.sources import SECOND_EVENT, ChargeRow, Mapped, Mapper, RejectedRow, Scope, Value
from producers.sources.cur import KIND, CurMapper, looks_like_cur
from producers.sources.cur_money import LINE_ITEM_TYPES
from producers.sources.cur_services import service
from producers.sources.currencies import CURRENCIES
from producers.sources.simulator.catalogue import services
from producers.sources.values import CATEGORIES
from schemas.codec import ChargeEncoder
from schemas.events import ChargeRecorded
from tests import samples

GOLDEN = Path(__file__).parent / "golden" / "cur"
GOLDENS = sorted(path.stem for path in GOLDEN.glob("*.json"))

MINIMAL: dict[str, Value] = {
    "bill/PayerAccountId": "111122223333",
    "bill/BillingPeriodStartDate": "2025-09-01T00:00:00Z",
    "lineItem/LineItemType": "Usage",
    "lineItem/UsageStartDate": "2025-09-03T05:00:00Z",
    "lineItem/UsageEndDate": "2025-09-03T06:00:00Z",
    "lineItem/CurrencyCode": "USD",
    "lineItem/UnblendedCost": "1.5",
}


class Row(NamedTuple):
    """A row as tables give them."""

    line: int
    values: Sequence[Value]
    text: str


def mapped(cells: Mapping[str, Value], set_: Mapping[str, str] | None = None) -> Mapped:
    mapper: Mapper = CurMapper("x.csv", list(cells), set_)
    return mapper.map(7, Row(9, list(cells.values()), "the text"))


def charge(changes: Mapping[str, Value], set_: Mapping[str, str] | None = None) -> ChargeRow:
    (row,) = mapped({**MINIMAL, **changes}, set_)
    assert isinstance(row, ChargeRow), row
    return row


def refusal(changes: Mapping[str, Value]) -> RejectedRow:
    (row,) = mapped({**MINIMAL, **changes})
    assert isinstance(row, RejectedRow), row
    return row


def golden(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))
    return document


def events(name: str) -> list[ChargeRow]:
    rows = mapped(golden(name)["row"])
    return [row for row in rows if isinstance(row, ChargeRow)]


def micros(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


def expected(event: dict[str, Any]) -> dict[str, Any]:
    return {k: micros(v) if "_period_" in k else v for k, v in event.items()}


def exact(row: ChargeRow, amount: str) -> Decimal:
    """An amount of an event with what rounding left over."""
    read = dict(row.amounts)[amount]
    return samples.WIDE.add(Decimal(row.charge[amount]), read.residue)


@pytest.mark.parametrize("name", GOLDENS)
def test_golden(name: str) -> None:
    """A row becomes exactly the events that were written down for it."""
    document = golden(name)
    rows = mapped(document["row"])
    assert [r.charge["ordinal"] for r in rows if isinstance(r, ChargeRow)] == [
        7 + i * SECOND_EVENT for i in range(len(document["events"]))
    ]
    for row, event in zip(rows, document["events"], strict=True):
        assert isinstance(row, ChargeRow), row
        set_ = {k: v for k, v in row.charge.items() if v is not None and k != "ordinal"}
        assert set_ == expected(event)
        assert {n: a.text for n, a in row.amounts} == {
            n: set_[n] for n in map(samples.snake, samples.AMOUNTS) if n in set_
        }
    assert isinstance(rows[0], ChargeRow)
    assert list(rows[0].notes) == document.get("notes", [])
    assert rows[0].scope == Scope("111122223333", "2025-09")


def test_each_line_item_type_has_a_golden() -> None:
    """No type is read without an example that a person looked at."""
    types = {
        cell
        for name in GOLDENS
        for column, cell in golden(name)["row"].items()
        if column in ("lineItem/LineItemType", "line_item_line_item_type")
    }
    assert set(LINE_ITEM_TYPES) <= types


PRICED = (
    *("list_unit_price", "contracted_unit_price", "pricing_quantity", "pricing_unit"),
    *("sku_id", "sku_price_id", "sku_meter", "pricing_category"),
)


RULES_OF_AWS = {"covered is not billed", "a purchase of a commitment is not effective"}
"""Rules that a row keeps only if AWS does: a report that bills a covered row has billed it."""


def broken_rules(c: ChargeRecorded) -> list[str]:
    """Which of FOCUS's rules across columns an event breaks; what a report lacks, may be null."""
    category, status = c["charge_category"], c["commitment_discount_status"]
    committed, purchase = c["commitment_discount_id"] is not None, category == "Purchase"
    prepaid = committed and purchase and c["x_extensions"]["x_LineItemType"] != "Refund"
    is_tax, used = category == "Tax", category == "Usage" and c["ordinal"] < SECOND_EVENT
    described = [c[f"commitment_discount_{n}"] is not None for n in ("category", "type")]
    prices = [Decimal(c[n]) for n in PRICED[:2] if c[n] is not None]
    rules = {
        "a tax has no price": not is_tax or all(c[name] is None for name in PRICED),
        "usage and purchases have a pricing category": (c["pricing_category"] is not None)
        == (category in ("Usage", "Purchase")),
        "a commitment is described whole": described == [committed, committed],
        "a status is of usage": (status is not None) == (committed and category == "Usage"),
        "committed is used or unused": status is None or c["pricing_category"] == "Committed",
        "a purchase is not committed": not purchase or c["pricing_category"] == "Standard",
        "a purchase of a commitment is not effective": not prepaid or c["effective_cost"] == "0",
        "a purchase is of its commitment": not (committed and purchase)
        or c["resource_id"] == c["commitment_discount_id"],
        "covered is not billed": status is None or c["billed_cost"] == "0",
        "consumed is used": (c["consumed_quantity"] is not None)
        == (used and c["pricing_quantity"] is not None),
        "a unit is of a quantity": not (c["pricing_unit"] and c["pricing_quantity"] is None)
        and not (c["consumed_unit"] and c["consumed_quantity"] is None)
        and not (c["commitment_discount_unit"] and c["commitment_discount_quantity"] is None),
        "a price is not negative": all(price >= 0 for price in prices),
        "money by itself has one cost": category not in ("Credit", "Tax", "Adjustment")
        or len({c[n] for n in ("billed_cost", "effective_cost", "contracted_cost")}) == 1,
        "categories are FOCUS's": all(
            c[samples.snake(name)] in (None, *allowed) for name, allowed in CATEGORIES.items()
        ),
    }
    return [rule for rule, holds in rules.items() if not holds]


@pytest.mark.parametrize("name", GOLDENS)
def test_goldens_keep_focus_rules(name: str) -> None:
    """The goldens themselves are checked against the rules of the standard."""
    assert [broken_rules(row.charge) for row in events(name)] == [[] for _ in events(name)]


@pytest.mark.parametrize(
    ("used", "fee"),
    [
        ("savings-plan-covered-usage", "savings-plan-recurring-fee"),
        ("discounted-usage", "ri-fee"),
    ],
)
def test_used_and_unused_are_what_was_bought(used: str, fee: str) -> None:
    """FOCUS: over a commitment, effective used + unused is billed purchase; so are quantities."""
    rows = [*events(used), *events(fee)]
    assert len({row.charge["commitment_discount_id"] for row in rows}) == 1
    assert len({row.charge["commitment_discount_unit"] for row in rows}) == 1
    bought = [row for row in rows if row.charge["charge_category"] == "Purchase"]
    spent = [row for row in rows if row.charge["charge_category"] == "Usage"]
    assert [row.charge["commitment_discount_status"] for row in spent] == ["Used", "Unused"]
    for of, as_ in (
        ("billed_cost", "effective_cost"),
        ("commitment_discount_quantity", "commitment_discount_quantity"),
    ):
        assert sum(exact(row, of) for row in bought) == sum(exact(row, as_) for row in spent)


# A small report of many types: account, service, type, cost, effective cost where it is another.
REPORT = [
    ("1", "EC2", "Usage", "0.096", None),
    ("1", "EC2", "Usage", "0.00000000000000000007", None),
    ("1", "S3", "Usage", "4e-07", None),
    ("2", "EC2", "SavingsPlanCoveredUsage", "1.92", "1.4"),
    ("2", "EC2", "SavingsPlanNegation", "-1.92", None),
    ("2", "EC2", "DiscountedUsage", "0", "62.123456789012345"),
    ("1", "Plans", "SavingsPlanRecurringFee", "2", "0.6"),
    ("1", "EC2", "RIFee", "72", "9.5"),
    ("1", "EC2", "Fee", "100.10", None),
    ("1", "EC2", "Tax", "19.03", None),
    ("2", "EC2", "Credit", "-5", None),
    ("2", "S3", "EdpDiscount", "-0.05", None),
    ("2", "S3", "Refund", "-0.01", None),
]
OF_TYPE = {
    "Fee": "Purchase", "SavingsPlanRecurringFee": "Purchase", "RIFee": "Purchase", "Tax": "Tax",
    "Credit": "Credit", "EdpDiscount": "Adjustment", "SavingsPlanNegation": "Adjustment",
}  # fmt: skip


def test_a_report_sums_to_what_it_says() -> None:
    """By account, service and category, billed and effective, computed without our code."""
    columns = [
        *MINIMAL, "lineItem/UsageAccountId", "product/ProductName", "reservation/EffectiveCost",
        "reservation/UnusedRecurringFee", "savingsPlan/SavingsPlanEffectiveCost",
        "savingsPlan/TotalCommitmentToDate", "savingsPlan/UsedCommitment",
    ]  # fmt: skip
    mapper = CurMapper("x.csv", columns)
    billed: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    effective: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    rows: list[ChargeRow | RejectedRow] = []
    for line, (account, name, type_, cost, other) in enumerate(REPORT):
        key = (account, name, OF_TYPE.get(type_, "Usage"))
        covered = type_ in ("SavingsPlanCoveredUsage", "SavingsPlanNegation")
        billed[key] += 0 if covered else Decimal(cost)
        fee = type_ in ("SavingsPlanRecurringFee", "RIFee")
        effective[key] += 0 if fee or covered else Decimal(cost)
        effective[(account, name, "Usage")] += Decimal(other or 0)
        cells = {
            **MINIMAL,
            "lineItem/LineItemType": type_,
            "lineItem/UnblendedCost": cost,
            "lineItem/UsageAccountId": account,
            "product/ProductName": name,
            "reservation/EffectiveCost": other if type_ == "DiscountedUsage" else "",
            "reservation/UnusedRecurringFee": other if type_ == "RIFee" else "",
            "savingsPlan/SavingsPlanEffectiveCost": other if covered else "",
            "savingsPlan/TotalCommitmentToDate": "2" if fee else "",
            "savingsPlan/UsedCommitment": "1.4" if fee else "",
        }
        rows += mapper.map(line, Row(line + 2, [cells[c] for c in columns], ""))
    found: dict[str, dict[tuple[str, str, str], Decimal]] = {
        "billed_cost": defaultdict(Decimal),
        "effective_cost": defaultdict(Decimal),
    }
    for row in rows:
        assert isinstance(row, ChargeRow), row
        c = row.charge
        key = (c["sub_account_id"], c["service_name"], c["charge_category"])
        for amount, totals in found.items():
            totals[key] = samples.WIDE.add(totals[key], exact(row, amount))
    assert _without_zeros(found["billed_cost"]) == _without_zeros(billed)
    assert _without_zeros(found["effective_cost"]) == _without_zeros(effective)


def _without_zeros(totals: Mapping[Any, Decimal]) -> dict[Any, Decimal]:
    return {key: total for key, total in totals.items() if total}


# Any row: columns in any spelling, cells with anything in them.
KNOWN = [
    "bill_billing_entity", "bill_billing_period_end_date", "bill_invoicing_entity", "discount",
    "cost_category", "cost_category_team", "identity_line_item_id", "identity_time_interval",
    "line_item_legal_entity", "line_item_line_item_description", "line_item_net_unblended_cost",
    "line_item_net_unblended_rate", "line_item_normalized_usage_amount", "line_item_operation",
    "line_item_product_code", "line_item_resource_id", "line_item_tax_type",
    "line_item_unblended_rate", "line_item_usage_amount", "line_item_usage_end_date",
    "line_item_usage_type", "pricing_public_on_demand_cost", "pricing_public_on_demand_rate",
    "pricing_unit", "product", "product_product_name", "product_region_code", "product_servicecode",
    "reservation_effective_cost", "reservation_reservation_a_r_n", "reservation_unused_quantity",
    "reservation_unused_recurring_fee", "resource_tags", "resource_tags_user_team",
    "savings_plan_savings_plan_a_r_n", "savings_plan_savings_plan_effective_cost",
    "savings_plan_total_commitment_to_date", "savings_plan_used_commitment", "anything/Else",
]  # fmt: skip
NUMBERS = st.decimals(-99, 99, places=20).map(str) | st.sampled_from(["0", "1", "-2.5", "4e-07"])
MAP = st.dictionaries(st.text(max_size=6), st.text(max_size=6), max_size=3)
NOTHING: st.SearchStrategy[Value] = st.sampled_from(["", "NULL", "None", "nan", "{}", None])
WORDS = st.sampled_from(["AWS Marketplace", "EKSPod-EC2", "BoxUsage:a", "EUW1-SpotUsage:b", "fee"])
ANYTHING: st.SearchStrategy[Value] = st.one_of(
    NOTHING,
    st.sampled_from(["2025-09-03", "2025-13-01", "9999-12-31T23:00:00Z", "1e999999", "1,5"]),
    st.text(max_size=8),
    st.text(st.characters(categories=["Cs"]), max_size=2),
    MAP,
)
USUAL: Mapping[str, st.SearchStrategy[Value]] = {
    "number": NUMBERS | NUMBERS | NOTHING,
    "map": MAP | MAP.map(json.dumps) | NOTHING,
    "time": st.sampled_from(["2025-09-03T06:00:00Z", "2025-10-01", "", None]),
    "text": WORDS | st.text(max_size=8) | NOTHING,
}


def usual(column: str) -> st.SearchStrategy[Value]:
    """What a column may well hold."""
    if column.endswith(
        ("_cost", "_rate", "_amount", "_fee", "_quantity", "_to_date", "_commitment")
    ):
        return USUAL["number"]
    if column.endswith(("_start_date", "_end_date")):
        return USUAL["time"]
    return USUAL["map" if column in ("product", "discount", "resource_tags") else "text"]


def mostly(*values: str) -> st.SearchStrategy[Value]:
    """The first value more often than the others."""
    return st.sampled_from([values[0]] * 20 + list(values))


ENCODER = ChargeEncoder()
REQUIRED_CELLS = st.fixed_dictionaries(
    {
        "bill_payer_account_id": mostly("111122223333", "", "p"),
        "bill_billing_period_start_date": mostly("2025-09-01T00:00:00Z", "2025-09-01", "x"),
        "line_item_line_item_type": st.sampled_from([*LINE_ITEM_TYPES, "New", "", "XDiscount"]),
        "line_item_usage_start_date": mostly("2025-09-03T05:00:00Z", "1999-01-01", "x"),
        "line_item_currency_code": mostly("USD", "eur", "XXX", ""),
        "line_item_unblended_cost": NUMBERS | mostly("0", "", "x", "1" * 27),
    }
)


def legacy(name: str) -> str:
    """Return the legacy CSV spelling: `lineItem/UnblendedCost`."""
    for group in ("line_item", "savings_plan", "bill", "pricing", "reservation", "product"):
        if name.startswith(f"{group}_"):
            first, *rest = group.split("_")
            prefix = first + "".join(map(str.title, rest))
            return f"{prefix}/{name.removeprefix(group + '_').title().replace('_', '')}"
    return name


def cost_of(cells: Mapping[str, Value]) -> Decimal:
    """What the source says a row bills, read on its own."""
    if cells.get("line_item_operation") == "EKSPod-EC2":
        return Decimal(0)
    if cells["line_item_line_item_type"] in ("SavingsPlanCoveredUsage", "SavingsPlanNegation"):
        return Decimal(0)
    net = cells.get("line_item_net_unblended_cost")
    nothing = net in (None, "", "NULL", "None", "nan") or isinstance(net, Mapping)
    return Decimal(str(cells["line_item_unblended_cost"] if nothing else net))


@given(
    REQUIRED_CELLS,
    st.fixed_dictionaries({}, optional={column: usual(column) for column in KNOWN}),
    st.none() | st.tuples(st.sampled_from(KNOWN), ANYTHING),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_any_row_is_mapped_or_rejected(
    required: dict[str, Value],
    others: dict[str, Value],
    odd: tuple[str, Value] | None,
    old: bool,
) -> None:
    """Never an exception; what is billed, with its residue, is exactly what the source says."""
    cells = {**required, **others, **dict([odd] if odd else [])}
    rows = mapped({legacy(name) if old else name: cell for name, cell in cells.items()})
    first, *second = rows
    if isinstance(first, RejectedRow):
        assert first.reason in {
            "bad-amount", "bad-encoding", "bad-time", "date-out-of-range", "missing-value",
            "unknown-currency",
        }  # fmt: skip
        assert first.columns == tuple(legacy(name) if old else name for name in cells)
        return
    assert exact(first, "billed_cost") == cost_of(cells)
    for row in rows:
        assert isinstance(row, ChargeRow)
        assert ENCODER.event(row.charge)
        assert set(broken_rules(row.charge)) <= RULES_OF_AWS
    for row in second:
        assert isinstance(row, ChargeRow)
        assert row.charge["billed_cost"] == "0"
        assert exact(row, "effective_cost")


@pytest.mark.parametrize("cell", ["kept", "NULL", "None", ""])
def test_what_focus_does_not_know_is_kept(cell: str) -> None:
    """Only what means nothing is left out."""
    kept = charge({"product/instanceType": cell}).charge["x_extensions"]
    assert kept.get("product/instanceType") == {"kept": "kept", "None": "None"}.get(cell)


def test_a_line_items_id_is_left_out() -> None:
    """It is another one in each delivery, and would make every day look changed."""
    assert charge({"identity/LineItemId": "1"}) == charge({"identity/LineItemId": "2"})


def test_columns_may_stand_in_any_order() -> None:
    """The same cells under a turned header give the same event."""
    row = golden("usage-legacy-csv")["row"]
    assert mapped(row) == mapped(dict(reversed(row.items())))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"lineItem/UnblendedCost": "abc"}, "bad-amount"),
        ({"lineItem/UnblendedCost": "1" * 27}, "bad-amount"),
        ({"lineItem/UnblendedCost": "None"}, "missing-value"),
        ({"pricing/publicOnDemandCost": "convertible"}, "bad-amount"),
        ({"lineItem/UsageAmount": "1,5"}, "bad-amount"),
        ({"lineItem/LineItemType": "SavingsPlanCoveredUsage"}, "missing-value"),
        ({"lineItem/LineItemType": "DiscountedUsage"}, "missing-value"),
        ({"lineItem/LineItemType": "SavingsPlanNegation", "lineItem/UnblendedCost": "x"},
         "bad-amount"),
        ({"lineItem/LineItemType": "RIFee", "reservation/UnusedRecurringFee": "x"}, "bad-amount"),
        ({"bill/PayerAccountId": "NULL"}, "missing-value"),
        ({"lineItem/CurrencyCode": ""}, "missing-value"),
        ({"lineItem/CurrencyCode": "Dollar"}, "unknown-currency"),
        ({"lineItem/CurrencyCode": "XXX"}, "unknown-currency"),
        ({"lineItem/UsageStartDate": ""}, "missing-value"),
        ({"lineItem/UsageStartDate": "soon"}, "bad-time"),
        ({"lineItem/UsageEndDate": "soon"}, "bad-time"),
        ({"bill/BillingPeriodStartDate": "nan"}, "missing-value"),
        ({"bill/BillingPeriodStartDate": "1999-01-01"}, "date-out-of-range"),
        ({"bill/BillingPeriodStartDate": "9999-12-01"}, "date-out-of-range"),
        ({"lineItem/LineItemDescription": "\udcff"}, "bad-encoding"),
        ({"product": {"a": "\udcff"}}, "bad-encoding"),
    ],
)  # fmt: skip
def test_rejection(changes: Mapping[str, Value], reason: str) -> None:
    """A row whose money, account or time cannot be known is rejected, with all that is needed."""
    row = refusal(changes)
    assert (row.reason, row.ordinal, row.line, row.text) == (reason, 7, 9, "the text")
    assert row.columns == tuple({**MINIMAL, **changes})


def test_a_row_of_another_width_is_rejected() -> None:
    """A broken line says nothing that can be trusted."""
    (row,) = CurMapper("x.csv", list(MINIMAL)).map(0, Row(2, ["a"], "a"))
    assert isinstance(row, RejectedRow)
    assert (row.reason, row.detail) == ("wrong-field-count", "1 fields where the header has 7")
    assert row.scope == Scope("", "")


@pytest.mark.parametrize(
    ("changes", "currency", "billed"),
    [
        ({"lineItem/CurrencyCode": "eur"}, "EUR", "1.5"),
        ({"lineItem/NetUnblendedCost": "0.00000000000000000001"}, "USD", "1E-20"),
        ({"lineItem/LineItemType": "SavingsPlanCoveredUsage"}, "USD", "0"),
        ({"lineItem/Operation": "ECSTask-EC2"}, "USD", "0"),
        ({"lineItem/UnblendedCost": "?"}, "USD", None),
    ],
)
def test_rejected_money_is_told_where_it_can_be_read(
    changes: Mapping[str, Value], currency: str, billed: str | None
) -> None:
    """The delivery must be able to say what is missing from it, exactly."""
    row = refusal({**changes, "lineItem/UsageEndDate": "?"})
    assert row.currency == currency
    assert row.billed_cost == (None if billed is None else Decimal(billed))
    assert row.scope == Scope("111122223333", "2025-09")


@pytest.mark.parametrize(
    ("changes", "end"),
    [
        ({}, "2025-10-01T00:00:00Z"),
        ({"identity/TimeInterval": "2025-09-03T05:00:00Z/2025-09-03T06:00:00Z"},
         "2025-09-03T06:00:00Z"),
        ({"identity/TimeInterval": "soon"}, "2025-10-01T00:00:00Z"),
        ({"bill/BillingPeriodEndDate": "2025-09-30T00:00:00Z"}, "2025-09-30T00:00:00Z"),
        ({"bill/BillingPeriodStartDate": "2025-12-01T00:00:00Z"}, "2026-01-01T00:00:00Z"),
    ],
)  # fmt: skip
def test_a_missing_end(changes: Mapping[str, Value], end: str) -> None:
    """The interval gives it, else the billing period, whose own end is the next month's start."""
    row = charge({"lineItem/UsageEndDate": "", **changes})
    assert row.charge["charge_period_end"] == micros(end)


def test_settings_fill_in_what_a_report_lacks() -> None:
    """By FOCUS's names; what a row says itself is not changed."""
    bare = {k: v for k, v in MINIMAL.items() if "Payer" not in k and "Currency" not in k}
    set_ = {
        "BillingAccountId": "me",
        "billingcurrency": "eur",
        "RegionId": "x",
        "Tags": '{"a":"b"}',
    }
    (row,) = mapped({**bare, "product/regionCode": "eu-west-1"}, set_)
    assert isinstance(row, ChargeRow)
    assert row.scope == Scope("me", "2025-09")
    assert row.notes == ("filled",)
    filled = ("billing_account_id", "billing_currency", "region_id", "tags")
    assert [row.charge[name] for name in filled] == ["me", "EUR", "eu-west-1", {"a": "b"}]
    (rejected,) = mapped({**bare, "lineItem/UnblendedCost": "?"}, set_)
    assert isinstance(rejected, RejectedRow)
    assert (rejected.scope, rejected.currency) == (Scope("me", "2025-09"), "EUR")


def test_settings_may_fill_amounts_and_times() -> None:
    """An amount that is filled in is summed like any other."""
    set_ = {"ListCost": "1.50", "ChargePeriodEnd": "2025-09-03T07:00:00Z"}
    row = charge({"lineItem/UsageEndDate": ""}, set_)
    assert row.charge["list_cost"] == "1.5"
    assert dict(row.amounts)["list_cost"].text == "1.5"
    assert row.charge["charge_period_end"] == micros("2025-09-03T07:00:00Z")
    assert row.notes == ("filled",)


@pytest.mark.parametrize(
    ("set_", "words"),
    [
        ({"Colour": "red"}, "Colour is not a FOCUS column"),
        ({"BillingCurrency": "Dollar"}, "not an ISO 4217 currency code"),
        ({"BillingPeriodEnd": "soon"}, "is not a time"),
        ({"Tags": "team=a"}, "not a JSON object"),
        ({"ListCost": "much"}, "not a number"),
        ({"RegionId": ""}, "is no value"),
    ],
)
def test_settings_that_are_of_no_use(set_: Mapping[str, str], words: str) -> None:
    """Said before a row is read."""
    with pytest.raises(SourceError, match=words):
        mapped(MINIMAL, set_)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (["a", "b"], "no column bill_billing_period_start_date, .* is it a Cost and Usage Report"),
        (["BilledCost", "ChargePeriodStart"], "say --source focus"),
        ([c for c in MINIMAL if "Payer" not in c],
         "no column bill_payer_account_id; fill it in with --set BillingAccountId=…"),
        ([*MINIMAL, "lineItem/UnblendedCost"], "are the same column|stands twice"),
        ([*MINIMAL, "line_item_unblended_cost"], "are the same column"),
        ([*MINIMAL, "x", "x"], "column x stands twice"),
        ([*MINIMAL, "resourceTags/user:a", "resource_tags_user:a"], "column user:a stands twice"),
    ],
)  # fmt: skip
def test_a_header_that_cannot_be_read(columns: list[str], words: str) -> None:
    """The error says what is wrong, and what to do."""
    with pytest.raises(SourceError, match=words):
        CurMapper("x.csv", columns)


def test_a_report_is_recognised_by_its_columns() -> None:
    """In each spelling; a FOCUS export is not one."""
    assert KIND == "cur"
    for name in ("usage-legacy-csv", "usage-legacy-parquet", "usage-cur2-maps"):
        assert looks_like_cur(list(golden(name)["row"]))
    assert not looks_like_cur(list(samples.rows(samples.REAL)[0]))


def test_tags_that_would_collide_keep_their_prefix() -> None:
    """No tag takes another's place."""
    wide: dict[str, Value] = {"resourceTags/user:a": "1", "resourceTags/a": "2"}
    assert charge(wide).charge["tags"] == {"user:a": "1", "a": "2"}
    assert charge({"resource_tags": {"user_a": "1", "a": "2"}}).charge["tags"] == {
        "user_a": "1", "a": "2",
    }  # fmt: skip
    assert charge({"resource_tags": {"user_user_a": "1"}}).charge["tags"] == {"user_a": "1"}


@pytest.mark.parametrize("cell", ["team=a", "[1]", '{"a": "\\ud800"}', "[" * 100_000])
def test_maps_that_cannot_be_read_are_kept(cell: str) -> None:
    """The money is right all the same."""
    row = charge({"resource_tags": cell, "product": cell, "cost_category": cell})
    assert row.notes == ("unreadable-map", "unreadable-tags")
    assert row.charge["tags"] is None
    kept = row.charge["x_extensions"]
    assert [kept[name] for name in ("resource_tags", "product", "cost_category")] == [cell] * 3


def test_a_map_and_a_column_of_the_same_attribute() -> None:
    """Where they differ, both are kept; where the column is empty, the map fills it."""
    both: dict[str, Value] = {
        "product_region_code": "eu-west-1", "product_sku": "",
        "product": {"region_code": "eu-west-2", "sku": "S"}, "tags": {"accountTag/a": "b"},
    }  # fmt: skip
    found = charge(both).charge
    assert (found["region_id"], found["sku_id"]) == ("eu-west-1", "S")
    assert found["x_extensions"]["product/product_region_code"] == "eu-west-2"
    assert found["x_extensions"]["tags_accountTag/a"] == "b"


def test_a_name_decides_a_services_category() -> None:
    """Transfer out of EC2 stays with EC2: FOCUS wants one category for each service name."""
    ec2 = "Amazon Elastic Compute Cloud"
    assert service(ec2, None, "AWSDataTransfer", "AmazonEC2", False).category == "Compute"
    assert service(None, None, "AWSDataTransfer", None, False).name == "AWS Data Transfer"
    assert service(None, None, "New", "Newer", False).name == "New"
    assert service(ec2, None, "AmazonEC2", None, True).category is None


def test_services_are_named_as_the_simulator_names_them() -> None:
    """Two sources, one vocabulary."""
    for each in services():
        found = service(None, None, each.code, None, False)
        assert (found.name, found.category, found.subcategory) == (
            each.name, each.category, each.subcategory,
        )  # fmt: skip


def test_currencies_are_codes() -> None:
    """Three capitals; money that is of no currency is none."""
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in CURRENCIES)
    assert {"USD", "EUR", "CNY", "HRK"} <= CURRENCIES
    assert not {"XXX", "XTS"} & CURRENCIES
