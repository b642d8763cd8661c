"""What a line item says besides its type and its cost: who, what, where and when."""

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from producers.sources.simulator.catalogue import services
from producers.sources.simulator.exports.texts import times
from producers.sources.simulator.noise import Draws
from producers.sources.simulator.organisation import ACCOUNTS
from schemas.events import ChargeRecorded

COST_CATEGORY = "BusinessUnit"
"""The organisation sorts its accounts by this."""

_MARKETPLACE = "AWS Marketplace"
_SUPPORT = {"AWS Support (Business)": "AWSSupportBusiness"}
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_NO_TAGS: Mapping[str, str] = {}


def facts(charge: ChargeRecorded) -> dict[str, Any]:
    """Return the columns that say what a charge is about, by their CUR 2.0 names."""
    extensions = charge["x_extensions"] or {}
    when = times(charge)
    start, end = when["charge_period_start"], when["charge_period_end"]
    name, description = charge["service_name"], charge["charge_description"]
    sold_by_others = description.startswith(_MARKETPLACE)
    code = extensions.get("x_ServiceCode") or _product_code(name)
    usage_type, operation = extensions.get("x_UsageType"), extensions.get("x_Operation")
    region = charge["region_id"]
    return {
        "identity_time_interval": f"{start}/{end}",
        "bill_invoicing_entity": charge["invoice_issuer_name"],
        "bill_billing_entity": _MARKETPLACE if sold_by_others else "AWS",
        "bill_bill_type": "Anniversary",
        "bill_payer_account_id": charge["billing_account_id"],
        "bill_payer_account_name": charge["billing_account_name"],
        "bill_billing_period_start_date": when["billing_period_start"],
        "bill_billing_period_end_date": when["billing_period_end"],
        "line_item_usage_account_id": charge["sub_account_id"],
        "line_item_usage_account_name": charge["sub_account_name"],
        "line_item_usage_start_date": start,
        "line_item_usage_end_date": end,
        "line_item_product_code": code,
        "line_item_usage_type": usage_type,
        "line_item_operation": operation,
        "line_item_availability_zone": charge["availability_zone"],
        "line_item_resource_id": charge["resource_id"],
        "line_item_currency_code": charge["billing_currency"],
        "line_item_line_item_description": description,
        "line_item_tax_type": "VAT" if charge["charge_category"] == "Tax" else None,
        "line_item_legal_entity": charge["publisher_name"],
        "product": _product(name, region),
        "product_location": charge["region_name"],
        "product_location_type": "AWS Region" if region else None,
        "product_operation": operation,
        "product_region_code": region,
        # A seller's product is no service of AWS's.
        "product_servicecode": None if sold_by_others else code,
        "product_sku": charge["sku_id"],
        "product_usagetype": usage_type,
        "discount": _NO_TAGS,
        "resource_tags": _tags(tuple((charge["tags"] or _NO_TAGS).items())),
        "cost_category": _cost_categories().get(charge["sub_account_id"], _NO_TAGS),
    }


def priced(charge: ChargeRecorded, amounts: Mapping[str, str]) -> dict[str, str | None]:
    """Return the quantity, the rates and the public cost; a tax or a credit has the cost alone."""
    get = amounts.get
    quantity, rate = get("pricing_quantity"), get("contracted_unit_price")
    return {
        "line_item_usage_amount": quantity,
        "line_item_unblended_rate": rate,
        "line_item_blended_rate": rate,
        "pricing_rate_code": charge["sku_price_id"],
        "pricing_currency": charge["pricing_currency"],
        "pricing_public_on_demand_cost": amounts["list_cost"],
        "pricing_public_on_demand_rate": get("list_unit_price"),
        "pricing_term": "OnDemand" if quantity else None,
        "pricing_unit": charge["pricing_unit"],
    }


@lru_cache(maxsize=1_024)
def _product(name: str, region: str | None) -> dict[str, str]:
    """Return the attributes that CUR 2.0 has no column for."""
    return {"product_name": name} | ({"region": region} if region else {})


@lru_cache(maxsize=65_536)
def _tags(items: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Mark tags as a user's, as AWS does."""
    return {f"user_{key}": value for key, value in items}


@cache
def _cost_categories() -> dict[str, Mapping[str, str]]:
    return {a.account_id: {COST_CATEGORY: a.business_unit} for a in ACCOUNTS}


@cache
def _product_code(name: str) -> str:
    """Return the code of a service that its charge names only by name."""
    codes = _SUPPORT | {service.name: service.code for service in services()}
    return codes.get(name) or Draws("product code", name).letters(25, _LETTERS)
