"""Charges as they are stored: FOCUS columns, the pipeline's own, and what the rules said."""

from schemas.tables.model import MONEY, TAGS, Column, Table


def _focus(name: str, type_: str, meaning: str) -> Column:
    return Column(_snake(name), type_, meaning, name)


def _snake(name: str) -> str:
    return "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")


IDENTITY = (
    Column(
        "delivery_id", "string", "The delivery that brought the row; derived from what it held."
    ),
    Column(
        "ordinal", "bigint", "The row's number over the delivery's files, rejected rows counted."
    ),
    Column("delivery_mode", "string", "`overwrite` replaces its scope, `append` counts at once."),
)

FOCUS = (
    _focus("BillingAccountId", "string", "The payer account."),
    _focus("BillingAccountName", "string", "The payer account's display name."),
    _focus("BillingAccountType", "string", "What the provider calls this kind of payer account."),
    _focus("SubAccountId", "string", "The account the charge belongs to (AWS: linked account)."),
    _focus("SubAccountName", "string", "The sub account's display name."),
    _focus("SubAccountType", "string", "What the provider calls this kind of sub account."),
    _focus("BillingCurrency", "string", "The currency of the costs (ISO 4217)."),
    _focus(
        "BillingPeriodStart", "timestamp", "Start of the period it is billed in, inclusive, UTC."
    ),
    _focus("BillingPeriodEnd", "timestamp", "End of the period it is billed in, exclusive, UTC."),
    _focus("ChargePeriodStart", "timestamp", "Start of the time the cost arose, inclusive, UTC."),
    _focus("ChargePeriodEnd", "timestamp", "End of the time the cost arose, exclusive, UTC."),
    _focus("ChargeCategory", "string", "Usage, Purchase, Tax, Credit or Adjustment."),
    _focus("ChargeClass", "string", "Correction, for a period already invoiced; otherwise null."),
    _focus("ChargeDescription", "string", "The provider's own words."),
    _focus("ChargeFrequency", "string", "One-Time, Recurring or Usage-Based."),
    _focus("BilledCost", MONEY, "What is invoiced (cash view)."),
    _focus("EffectiveCost", MONEY, "Cost with prepayments spread over use (accrual view)."),
    _focus("ListCost", MONEY, "Cost at the public price."),
    _focus("ContractedCost", MONEY, "Cost at the negotiated price, before commitments."),
    _focus("ListUnitPrice", MONEY, "Public price of one pricing unit."),
    _focus("ContractedUnitPrice", MONEY, "Negotiated price of one pricing unit."),
    _focus("PricingCategory", "string", "Standard, Dynamic, Committed or Other."),
    _focus("PricingQuantity", MONEY, "Quantity in pricing units."),
    _focus("PricingUnit", "string", "The unit prices are quoted in."),
    _focus("PricingCurrency", "string", "The currency of the price list."),
    _focus("PricingCurrencyContractedUnitPrice", MONEY, "Negotiated price, pricing currency."),
    _focus("PricingCurrencyEffectiveCost", MONEY, "Effective cost, pricing currency."),
    _focus("PricingCurrencyListUnitPrice", MONEY, "Public price, pricing currency."),
    _focus("ConsumedQuantity", MONEY, "Quantity as metered."),
    _focus("ConsumedUnit", "string", "The unit the quantity is metered in."),
    _focus("ServiceCategory", "string", "FOCUS's category of the service."),
    _focus("ServiceSubcategory", "string", "FOCUS's subcategory of the service."),
    _focus("ServiceName", "string", "The service as the provider names it."),
    _focus("ProviderName", "string", "Who made the service available (FOCUS up to 1.3)."),
    _focus("PublisherName", "string", "Who produced the service (FOCUS up to 1.3)."),
    _focus("InvoiceIssuerName", "string", "Who sends the invoice."),
    _focus("ServiceProviderName", "string", "Who sells the service (FOCUS 1.3)."),
    _focus("HostProviderName", "string", "Whose infrastructure it runs on (FOCUS 1.3)."),
    _focus("InvoiceId", "string", "The invoice; null while the period is open."),
    _focus("InvoiceDetailId", "string", "The line in the Invoice Detail dataset (FOCUS 1.4)."),
    _focus("RegionId", "string", "The region's id."),
    _focus("RegionName", "string", "The region's display name."),
    _focus("AvailabilityZone", "string", "The zone, where the charge is specific to one."),
    _focus("ResourceId", "string", "The resource, where the charge is about one."),
    _focus("ResourceName", "string", "The resource's display name."),
    _focus("ResourceType", "string", "What the provider calls this kind of resource."),
    _focus("SkuId", "string", "The product."),
    _focus("SkuPriceId", "string", "The product at one price."),
    _focus("SkuMeter", "string", "What the product meters."),
    _focus("SkuPriceDetails", "string", "Properties of the price, JSON text as delivered."),
    _focus("CommitmentDiscountId", "string", "The commitment the charge relates to."),
    _focus("CommitmentDiscountName", "string", "The commitment's display name."),
    _focus("CommitmentDiscountCategory", "string", "Spend or Usage."),
    _focus("CommitmentDiscountType", "string", "The provider's label, such as Savings Plan."),
    _focus("CommitmentDiscountStatus", "string", "Used or Unused."),
    _focus("CommitmentDiscountQuantity", MONEY, "Quantity purchased, used or left."),
    _focus("CommitmentDiscountUnit", "string", "The unit of the commitment's quantity."),
    _focus("CommitmentProgramEligibilityDetails", "string", "JSON text as delivered (FOCUS 1.4)."),
    _focus("CapacityReservationId", "string", "The capacity reservation."),
    _focus("CapacityReservationStatus", "string", "Used or Unused."),
    _focus("ContractApplied", "string", "Contract commitments used, JSON text (FOCUS 1.3)."),
    _focus("AllocatedMethodId", "string", "How a shared cost was split (FOCUS 1.3)."),
    _focus("AllocatedMethodDetails", "string", "The split, JSON text as delivered (FOCUS 1.3)."),
    _focus("AllocatedResourceId", "string", "Who a share was allocated to (FOCUS 1.3)."),
    _focus("AllocatedResourceName", "string", "Display name of who it was allocated to."),
    _focus("AllocatedTags", TAGS, "Tags of who a share was allocated to (FOCUS 1.3)."),
    _focus("Tags", TAGS, "Tags as delivered; the case of keys and values is kept."),
)

EXTENSIONS = (
    Column("x_extensions", TAGS, "Columns of the source that FOCUS does not know, by their names."),
)

FINDING = f"struct<rule:string,severity:string,message:string,amount:{MONEY},expected:{MONEY}>"

VERDICTS = (
    Column("rules_version", "string", "The rule set that judged the row."),
    Column("policy_version", "string", "Fingerprint of the policy it was judged by."),
    Column("baseline_version", "string", "Fingerprint of the baseline used; `none` without one."),
    Column("cost_class", "string", "normal, spike, new or unknown."),
    Column("tag_status", "string", "complete, incomplete, missing or exempt."),
    Column("missing_tags", "array<string>", "Required tag keys the row lacks."),
    Column("findings", f"array<{FINDING}>", "What the rules have to say, each with its money."),
)

CHARGES_PARTITIONS = (
    Column("evaluation", "string", "The evaluation whose rules judged the row."),
    Column("billing_period", "string", "YYYY-MM of the billing period's start, UTC."),
    Column("charge_date", "string", "YYYY-MM-DD of the charge period's start, UTC."),
)

CHARGES_STORED = Table(
    name="charges_stored",
    prefix="processed/charges/",
    format="parquet",
    columns=IDENTITY + FOCUS + EXTENSIONS + VERDICTS,
    partitions=CHARGES_PARTITIONS,
    meaning="Charge rows as Firehose, replays and compactions wrote them, every copy included.",
)

AMOUNTS = tuple(c.name for c in FOCUS if c.type == MONEY)
"""The money and quantity columns, in table order; each is summed per delivery, day and currency."""

PRICED_IN_PRICING_CURRENCY = frozenset(
    {
        "pricing_currency_contracted_unit_price",
        "pricing_currency_effective_cost",
        "pricing_currency_list_unit_price",
    }
)
"""Amounts whose currency is `pricing_currency`; all others are in `billing_currency`."""
