/*
question = "Which corrections, credits and refunds were billed, for which months, in which accounts?"
number = [25]
measure = "billed"
period = "billing"
reads = ["charges"]

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
charge_month = "varchar"
account = "varchar"
service = "varchar"
category = "varchar"
class = "varchar"
description = "varchar"
lines = "bigint"
billed = "decimal(38,12)"
*/
select
    billing_currency as currency,
    billing_period,
    substr(charge_date, 1, 7) as charge_month,
    sub_account_id as account,
    service_name as service,
    charge_category as category,
    charge_class as class,
    charge_description as description,
    count(*) as lines,
    sum(billed_cost) as billed
from charges
where billing_period between ? and ?
    and (
        charge_class = 'Correction'
        or charge_category in ('Credit', 'Adjustment')
        or billed_cost < 0
    )
group by
    billing_currency, billing_period, substr(charge_date, 1, 7), sub_account_id, service_name,
    charge_category, charge_class, charge_description
order by
    currency, billing_period, billed, charge_month, account, service, category, class, description
