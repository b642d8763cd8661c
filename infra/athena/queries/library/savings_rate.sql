/*
question = "What is the effective savings rate, in total and by service?"
number = [22]
measure = "effective, contracted and list"
period = "charge"
reads = ["charges"]
note = "The line without a service is the total of its currency. List and contracted cost are of what was used: unused commitments and reserved capacity count as effective cost alone."

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
contracted = "decimal(38,12)"
effective = "decimal(38,12)"
savings = "decimal(38,12)"
rate_percent = "double"
*/
select
    currency,
    service,
    list_cost,
    contracted,
    effective,
    list_cost - effective as savings,
    round(
        100 * cast(list_cost - effective as double) / nullif(cast(list_cost as double), 0), 2
    ) as rate_percent
from (
    select
        billing_currency as currency,
        service_name as service,
        grouping(service_name) as is_total,
        sum(case when is_unused then 0 else list_cost end) as list_cost,
        sum(case when is_unused then 0 else contracted_cost end) as contracted,
        sum(coalesce(effective_cost, billed_cost)) as effective
    from (
        select
            billing_currency, service_name, list_cost, contracted_cost, effective_cost, billed_cost,
            coalesce(commitment_discount_status, '') = 'Unused'
                or coalesce(capacity_reservation_status, '') = 'Unused' as is_unused
        from charges
        where charge_date between ? and ? and charge_category = 'Usage'
    )
    where list_cost is not null or is_unused
    group by grouping sets ((billing_currency), (billing_currency, service_name))
)
order by currency, is_total desc, list_cost desc, service
