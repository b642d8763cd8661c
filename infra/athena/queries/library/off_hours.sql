/*
question = "Which non-production resources run at night and at weekends, and what would stopping them save?"
number = [20]
measure = "effective"
period = "charge"
reads = ["charges"]
note = "Hours are UTC; off is before 07:00, from 19:00, and at weekends. Only charges of an hour or less can tell."

[parameters.environment_tag]
type = "text"
meaning = "The tag key that tells the environment."
example = "environment"
default = "environment"

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
account = "varchar"
service = "varchar"
resource = "varchar"
environment = "varchar"
hours = "bigint"
off_hours = "bigint"
effective = "decimal(38,12)"
off_hours_cost = "decimal(38,12)"
*/
select
    currency,
    account,
    service,
    resource,
    environment,
    count(distinct charge_period_start) as hours,
    count(distinct case when is_off then charge_period_start end) as off_hours,
    sum(cost) as effective,
    sum(case when is_off then cost else 0 end) as off_hours_cost
from (
    select
        billing_currency as currency,
        sub_account_id as account,
        service_name as service,
        resource_id as resource,
        element_at(tags, ?) as environment,
        charge_period_start,
        coalesce(effective_cost, billed_cost) as cost,
        day_of_week(charge_period_start) >= 6
            or hour(charge_period_start) < 7
            or hour(charge_period_start) >= 19 as is_off
    from charges
    where charge_date between ? and ? and charge_category = 'Usage'
        and resource_id is not null
        and date_diff('minute', charge_period_start, charge_period_end) <= 60
)
where not regexp_like(lower(environment), '^prod')
group by currency, account, service, resource, environment
order by currency, off_hours_cost desc, account, service, resource, environment
