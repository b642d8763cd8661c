/*
question = "What did each service cost in a stretch of days, and how is that against the days before?"
number = [1]
measure = "effective"
period = "charge"
reads = ["charges"]

[parameters.split_day]
type = "date"
meaning = "The first day of the later stretch; what lies before is compared with it."
example = "2024-09-16"

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
service = "varchar"
earlier = "decimal(38,12)"
later = "decimal(38,12)"
change = "decimal(38,12)"
percent = "double"
*/
select
    currency,
    service,
    earlier,
    later,
    later - earlier as change,
    cast(round(100 * cast(later - earlier as double) / nullif(abs(cast(earlier as double)), 0), 1) as double) as percent
from (
    select
        currency,
        service,
        sum(case when is_later then 0 else cost end) as earlier,
        sum(case when is_later then cost else 0 end) as later
    from (
        select
            billing_currency as currency,
            service_name as service,
            coalesce(effective_cost, billed_cost) as cost,
            charge_date >= ? as is_later
        from charges
        where charge_date between ? and ? and charge_category <> 'Tax'
    )
    group by currency, service
)
order by currency, abs(later - earlier) desc, service
