/*
question = "How far do billed and effective cost of each billing period differ, and by which charges?"
number = [4]
measure = "billed and effective"
period = "billing"
reads = ["charges"]
note = "Tax is included: this is the whole bill."

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
category = "varchar"
class = "varchar"
commitment_status = "varchar"
billed = "decimal(38,12)"
effective = "decimal(38,12)"
difference = "decimal(38,12)"
*/
select
    billing_currency as currency,
    billing_period,
    charge_category as category,
    charge_class as class,
    commitment_discount_status as commitment_status,
    sum(billed_cost) as billed,
    sum(coalesce(effective_cost, billed_cost)) as effective,
    sum(billed_cost - coalesce(effective_cost, billed_cost)) as difference
from charges
where billing_period between ? and ?
group by
    billing_currency, billing_period, charge_category, charge_class, commitment_discount_status
order by currency, billing_period, category, class, commitment_status
