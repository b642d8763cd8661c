/*
question = "Which accounts, services, regions and meters appeared for the first time?"
number = [6, 10]
measure = "effective"
period = "charge"
reads = ["charges"]
note = "First within the days that were asked for: give enough of the past."

[parameters.first_day]
type = "date"
meaning = "The first day of the charges, YYYY-MM-DD."
example = "2024-09-01"

[parameters.last_day]
type = "date"
meaning = "The last day, that one included."
example = "2024-09-30"

[parameters.new_since]
type = "date"
meaning = "First seen on this day or later."
example = "2024-09-24"

[columns]
kind = "varchar"
name = "varchar"
first_seen = "varchar"
currency = "varchar"
effective = "decimal(38,12)"
*/
select kind, name, first_seen, currency, effective
from (
    select
        t.kind,
        t.name,
        c.billing_currency as currency,
        min(min(c.charge_date)) over (partition by t.kind, t.name) as first_seen,
        sum(coalesce(c.effective_cost, c.billed_cost)) as effective
    from charges c
    cross join unnest(
        array['account', 'service', 'region', 'meter', 'region of account'],
        array[
            c.sub_account_id, c.service_name, c.region_id, c.sku_meter,
            c.sub_account_id || ' ' || c.region_id
        ]
    ) as t(kind, name)
    where c.charge_date between ? and ? and c.charge_category <> 'Tax' and t.name is not null
    group by t.kind, t.name, c.billing_currency
)
where first_seen >= ?
order by kind, first_seen, name, currency
