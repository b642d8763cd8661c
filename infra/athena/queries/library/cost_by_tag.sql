/*
question = "What did each application, team or business unit cost, the untagged on a line of its own?"
number = [14]
measure = "effective"
period = "charge"
reads = ["charges"]
note = "The line without a name is the untagged cost."

[parameters.tag]
type = "text"
meaning = "The tag key; its case counts."
example = "application"
default = "application"

[parameters.first_day]
type = "date"
meaning = "The first day of the charges, YYYY-MM-DD."
example = "2024-09-01"

[parameters.last_day]
type = "date"
meaning = "The last day, that one included."
example = "2024-09-30"

[columns]
currency = "varchar"
name = "varchar"
effective = "decimal(38,12)"
percent = "double"
accounts = "bigint"
*/
select
    currency,
    name,
    effective,
    round(
        100 * cast(effective as double)
        / nullif(cast(sum(effective) over (partition by currency) as double), 0), 2
    ) as percent,
    accounts
from (
    select
        currency,
        name,
        sum(cost) as effective,
        count(distinct account) as accounts
    from (
        select
            billing_currency as currency,
            nullif(trim(element_at(tags, ?)), '') as name,
            sub_account_id as account,
            coalesce(effective_cost, billed_cost) as cost
        from charges
        where charge_date between ? and ? and charge_category <> 'Tax'
    )
    group by currency, name
)
order by currency, effective desc, name
