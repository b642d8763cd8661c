/*
question = "How is shared cost split, and what of it is allocated to nobody?"
number = [15]
measure = "effective"
period = "charge"
reads = ["charges"]
note = "FOCUS 1.3 replaces a shared charge by its shares and a remainder that is allocated to nobody: together they are the origin."

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
method = "varchar"
origin = "varchar"
shares = "bigint"
allocated = "decimal(38,12)"
unallocated = "decimal(38,12)"
total = "decimal(38,12)"
*/
select
    currency,
    method,
    origin,
    shares,
    allocated,
    total - allocated as unallocated,
    total
from (
    select
        billing_currency as currency,
        allocated_method_id as method,
        resource_id as origin,
        count(distinct allocated_resource_id) as shares,
        sum(
            case when allocated_resource_id is null then 0 else coalesce(effective_cost, billed_cost) end
        ) as allocated,
        sum(coalesce(effective_cost, billed_cost)) as total
    from charges
    where charge_date between ? and ? and charge_category <> 'Tax'
        and allocated_method_id is not null
    group by billing_currency, allocated_method_id, resource_id
)
order by currency, total desc, method, origin
