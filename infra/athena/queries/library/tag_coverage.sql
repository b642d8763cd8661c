/*
question = "What share of the cost carries a tag, by month, account and service?"
number = [12]
measure = "effective"
period = "charge"
reads = ["charges"]
note = "By cost, not by rows. An empty value is no tag."

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
month = "varchar"
account = "varchar"
service = "varchar"
effective = "decimal(38,12)"
tagged = "decimal(38,12)"
untagged = "decimal(38,12)"
percent = "double"
*/
select
    currency,
    month,
    account,
    service,
    effective,
    tagged,
    effective - tagged as untagged,
    round(100 * cast(tagged as double) / nullif(cast(effective as double), 0), 1) as percent
from (
    select
        currency,
        month,
        account,
        service,
        sum(cost) as effective,
        sum(case when has_tag then cost else 0 end) as tagged
    from (
        select
            billing_currency as currency,
            substr(charge_date, 1, 7) as month,
            sub_account_id as account,
            service_name as service,
            coalesce(effective_cost, billed_cost) as cost,
            trim(coalesce(element_at(tags, ?), '')) <> '' as has_tag
        from charges
        where charge_date between ? and ? and charge_category <> 'Tax'
    )
    group by currency, month, account, service
)
order by currency, month, effective - tagged desc, account, service
