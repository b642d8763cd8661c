/*
question = "What are the charges, as a FOCUS 1.2 file?"
number = []
measure = "billed and effective"
period = "billing"
reads = ["focus"]
note = "For --parquet and --csv: `finops query` writes the names in FOCUS's own case, which Athena does not keep."

[parameters.first_month]
type = "month"
meaning = "The first billing period, YYYY-MM."
example = "2024-09"

[parameters.last_month]
type = "month"
meaning = "The last one, itself included."
example = "2024-09"

[columns]
BillingAccountId = "varchar"
BillingAccountName = "varchar"
BillingAccountType = "varchar"
SubAccountId = "varchar"
SubAccountName = "varchar"
SubAccountType = "varchar"
BillingCurrency = "varchar"
BillingPeriodStart = "timestamp"
BillingPeriodEnd = "timestamp"
ChargePeriodStart = "timestamp"
ChargePeriodEnd = "timestamp"
ChargeCategory = "varchar"
ChargeClass = "varchar"
ChargeDescription = "varchar"
ChargeFrequency = "varchar"
BilledCost = "decimal(38,12)"
EffectiveCost = "decimal(38,12)"
ListCost = "decimal(38,12)"
ContractedCost = "decimal(38,12)"
ListUnitPrice = "decimal(38,12)"
ContractedUnitPrice = "decimal(38,12)"
PricingCategory = "varchar"
PricingQuantity = "decimal(38,12)"
PricingUnit = "varchar"
PricingCurrency = "varchar"
PricingCurrencyContractedUnitPrice = "decimal(38,12)"
PricingCurrencyEffectiveCost = "decimal(38,12)"
PricingCurrencyListUnitPrice = "decimal(38,12)"
ConsumedQuantity = "decimal(38,12)"
ConsumedUnit = "varchar"
ServiceCategory = "varchar"
ServiceSubcategory = "varchar"
ServiceName = "varchar"
ProviderName = "varchar"
PublisherName = "varchar"
InvoiceIssuerName = "varchar"
InvoiceId = "varchar"
RegionId = "varchar"
RegionName = "varchar"
AvailabilityZone = "varchar"
ResourceId = "varchar"
ResourceName = "varchar"
ResourceType = "varchar"
SkuId = "varchar"
SkuPriceId = "varchar"
SkuMeter = "varchar"
SkuPriceDetails = "varchar"
CommitmentDiscountId = "varchar"
CommitmentDiscountName = "varchar"
CommitmentDiscountCategory = "varchar"
CommitmentDiscountType = "varchar"
CommitmentDiscountStatus = "varchar"
CommitmentDiscountQuantity = "decimal(38,12)"
CommitmentDiscountUnit = "varchar"
CapacityReservationId = "varchar"
CapacityReservationStatus = "varchar"
Tags = "varchar"
x_Evaluation = "varchar"
x_BillingPeriod = "varchar"
x_ChargeDate = "varchar"
x_EventId = "varchar"
*/
select
    "BillingAccountId",
    "BillingAccountName",
    "BillingAccountType",
    "SubAccountId",
    "SubAccountName",
    "SubAccountType",
    "BillingCurrency",
    "BillingPeriodStart",
    "BillingPeriodEnd",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "BilledCost",
    "EffectiveCost",
    "ListCost",
    "ContractedCost",
    "ListUnitPrice",
    "ContractedUnitPrice",
    "PricingCategory",
    "PricingQuantity",
    "PricingUnit",
    "PricingCurrency",
    "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyEffectiveCost",
    "PricingCurrencyListUnitPrice",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ServiceCategory",
    "ServiceSubcategory",
    "ServiceName",
    "ProviderName",
    "PublisherName",
    "InvoiceIssuerName",
    "InvoiceId",
    "RegionId",
    "RegionName",
    "AvailabilityZone",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "SkuId",
    "SkuPriceId",
    "SkuMeter",
    "SkuPriceDetails",
    "CommitmentDiscountId",
    "CommitmentDiscountName",
    "CommitmentDiscountCategory",
    "CommitmentDiscountType",
    "CommitmentDiscountStatus",
    "CommitmentDiscountQuantity",
    "CommitmentDiscountUnit",
    "CapacityReservationId",
    "CapacityReservationStatus",
    "Tags",
    "x_Evaluation",
    "x_BillingPeriod",
    "x_ChargeDate",
    "x_EventId"
from focus
where "x_BillingPeriod" between ? and ?
order by "x_BillingPeriod", "x_ChargeDate", "x_EventId"
