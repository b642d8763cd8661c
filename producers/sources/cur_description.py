"""What a Cost and Usage Report's row says besides its money and its times. Pure."""

from producers.sources.cur_columns import Names
from producers.sources.cur_line import Money
from producers.sources.cur_services import service
from schemas.events import ChargeRecorded

_MARKETPLACE = "AWS Marketplace"


def describe(
    charge: ChargeRecorded, cells: dict[str, str], names: Names, type_: str, first: Money
) -> dict[str, str]:
    """Fill in what a row says besides its money, taking the cells that it uses.

    Returns:
        What the extensions get under names of ours.
    """
    take, get = cells.pop, cells.get
    marketplace = get(names.bill_billing_entity) == _MARKETPLACE
    meter, product = get(names.line_item_usage_type), get(names.product_product_name)
    operation = take(names.line_item_operation, None)
    sold = service(
        product,
        get(names.product_servicename),
        take(names.product_servicecode, None),
        get(names.line_item_product_code),
        marketplace,
    )
    if sold.name is not None:
        cells.pop(names.product_product_name if product else names.product_servicename, None)
    seller = take(names.line_item_legal_entity, None)
    charge["billing_account_name"] = take(names.bill_payer_account_name, None)
    charge["sub_account_id"] = take(names.line_item_usage_account_id, None)
    charge["sub_account_name"] = take(names.line_item_usage_account_name, None)
    charge["charge_description"] = take(names.line_item_line_item_description, None)
    charge["invoice_id"] = take(names.bill_invoice_id, None)
    charge["invoice_issuer_name"] = take(names.bill_invoicing_entity, seller)
    charge["provider_name"] = charge["host_provider_name"] = "AWS"
    charge["service_provider_name"] = seller if marketplace else "AWS"
    charge["publisher_name"] = seller
    charge["service_name"] = sold.name
    charge["service_category"] = sold.category
    charge["service_subcategory"] = sold.subcategory
    charge["availability_zone"] = take(names.line_item_availability_zone, None)
    charge["pricing_currency"] = take(names.pricing_currency, None)
    charge["region_id"] = take(names.product_region_code, None) or take(names.product_region, None)
    if charge["region_id"] and get(names.product_location_type) == "AWS Region":
        charge["region_name"] = take(names.product_location, None)
    if first.category != "Tax":
        # FOCUS: a tax has no SKU.
        charge["sku_id"] = take(names.product_sku, None)
        charge["sku_price_id"] = take(names.pricing_rate_code, None) or take(
            names.pricing_rate_id, None
        )
        charge["sku_meter"] = take(names.line_item_usage_type, None)
    if first.quantity is not None:
        take(names.pricing_unit, None)
    charge["resource_id"] = _resource(cells, names, first)
    added = {
        "x_LineItemType": type_,
        "x_ServiceCode": sold.code,
        "x_UsageType": meter,
        "x_Operation": operation,
    }
    return {name: text for name, text in added.items() if text}


def _resource(cells: dict[str, str], names: Names, first: Money) -> str | None:
    """Return the resource; a commitment is the resource of its own purchase (FOCUS)."""
    commitment = first.commitment
    if commitment is None:
        return cells.pop(names.line_item_resource_id, None)
    plan = commitment.category == "Spend"
    arn = names.savings_plan_savings_plan_a_r_n if plan else names.reservation_reservation_a_r_n
    cells.pop(arn, None)
    if first.category != "Purchase":
        return cells.pop(names.line_item_resource_id, None)
    if cells.get(names.line_item_resource_id) == commitment.arn:
        del cells[names.line_item_resource_id]
    return commitment.arn
