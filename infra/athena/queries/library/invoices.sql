/*
question = "What does each invoice add up to, and what of it is usage, purchases, credits, adjustments and tax?"
number = [24]
measure = "billed"
period = "billing"
reads = ["charges"]
note = "Compare billed with the invoice. Corrections are part of the categories. The line without an invoice is not invoiced yet."

[parameters.first_month]
type = "month"
meaning = "The first billing period, YYYY-MM."
example = "2024-09"

[parameters.last_month]
type = "month"
meaning = "The last one, itself included."
example = "2024-09"

[columns]
currency = "varchar"
billing_period = "varchar"
invoice = "varchar"
issuer = "varchar"
usage = "decimal(38,12)"
purchases = "decimal(38,12)"
credits = "decimal(38,12)"
adjustments = "decimal(38,12)"
tax = "decimal(38,12)"
corrections = "decimal(38,12)"
billed = "decimal(38,12)"
*/
select
    billing_currency as currency,
    billing_period,
    invoice_id as invoice,
    invoice_issuer_name as issuer,
    sum(case when charge_category = 'Usage' then billed_cost else 0 end) as usage,
    sum(case when charge_category = 'Purchase' then billed_cost else 0 end) as purchases,
    sum(case when charge_category = 'Credit' then billed_cost else 0 end) as credits,
    sum(case when charge_category = 'Adjustment' then billed_cost else 0 end) as adjustments,
    sum(case when charge_category = 'Tax' then billed_cost else 0 end) as tax,
    sum(case when charge_class = 'Correction' then billed_cost else 0 end) as corrections,
    sum(billed_cost) as billed
from charges
where billing_period between ? and ?
group by billing_currency, billing_period, invoice_id, invoice_issuer_name
order by currency, billing_period, invoice, issuer
