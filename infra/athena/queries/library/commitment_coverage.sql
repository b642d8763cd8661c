/*
question = "What share of each service's usage is covered by commitments?"
number = [21]
measure = "list"
period = "charge"
reads = ["charges"]
note = "At list price, because what is covered and what is not have different prices. Usage that no commitment can cover counts, too: a bill does not tell it before FOCUS 1.4. Unused commitments and reserved capacity are no usage."

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
list_cost = "decimal(38,12)"
covered = "decimal(38,12)"
percent = "double"
covered_effective = "decimal(38,12)"
*/
select
    currency,
    service,
    list_cost,
    covered,
    round(100 * cast(covered as double) / nullif(cast(list_cost as double), 0), 1) as percent,
    covered_effective
from (
    select
        billing_currency as currency,
        service_name as service,
        sum(list_cost) as list_cost,
        sum(case when pricing_category = 'Committed' then list_cost else 0 end) as covered,
        sum(
            case when pricing_category = 'Committed' then coalesce(effective_cost, billed_cost) else 0 end
        ) as covered_effective
    from charges
    where charge_date between ? and ? and charge_category = 'Usage'
        and coalesce(commitment_discount_status, 'Used') <> 'Unused'
        and coalesce(capacity_reservation_status, 'Used') <> 'Unused'
        and list_cost is not null
    group by billing_currency, service_name
)
order by currency, list_cost desc, service
