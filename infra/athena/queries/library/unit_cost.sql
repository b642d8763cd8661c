/*
question = "What does one unit of business cost: an order, a user, a request?"
number = [29]
measure = "effective"
period = "charge"
reads = ["charges"]
note = "By each value of the tag; the line without a name is the untagged cost."

[parameters.units]
type = "decimal"
meaning = "How many units there were on these days."
example = "12000"

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
units = "decimal(38,12)"
per_unit = "decimal(38,6)"
*/
select
    currency,
    name,
    effective,
    units,
    cast(
        round(cast(effective as double) / nullif(cast(units as double), 0), 6) as decimal(38, 6)
    ) as per_unit
from (
    select
        currency,
        name,
        sum(cost) as effective,
        max(units) as units
    from (
        select
            billing_currency as currency,
            coalesce(effective_cost, billed_cost) as cost,
            cast(? as decimal(38, 12)) as units,
            nullif(trim(element_at(tags, ?)), '') as name
        from charges
        where charge_date between ? and ? and charge_category <> 'Tax'
    )
    group by currency, name
)
order by currency, effective desc, name
