/*
question = "How does the bill split by charge category, service category and subcategory?"
number = [5]
measure = "billed"
period = "billing"
reads = ["charges"]
note = "Tax is included: it is a category of its own."

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
category = "varchar"
service_category = "varchar"
service_subcategory = "varchar"
billed = "decimal(38,12)"
percent = "double"
*/
select
    currency,
    category,
    service_category,
    service_subcategory,
    billed,
    round(
        100 * cast(billed as double)
        / nullif(cast(sum(billed) over (partition by currency) as double), 0), 2
    ) as percent
from (
    select
        billing_currency as currency,
        charge_category as category,
        service_category,
        service_subcategory,
        sum(billed_cost) as billed
    from charges
    where billing_period between ? and ?
    group by billing_currency, charge_category, service_category, service_subcategory
)
order by currency, billed desc, category, service_category, service_subcategory
