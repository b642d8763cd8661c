/*
question = "Which small charges recur month after month, and what do they add up to by owner and year?"
number = [16]
measure = "effective"
period = "charge"
reads = ["findings"]
note = "As the rule find_low_value says, once a series and month; the amount is that of the newest month."

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
owner = "varchar"
account = "varchar"
service = "varchar"
resource = "varchar"
months = "bigint"
monthly = "decimal(38,12)"
yearly = "decimal(38,12)"
owner_yearly = "decimal(38,12)"
*/
select
    currency,
    owner,
    account,
    service,
    resource,
    months,
    monthly,
    12 * monthly as yearly,
    sum(12 * monthly) over (partition by currency, owner) as owner_yearly
from (
    select
        billing_currency as currency,
        owner,
        sub_account_id as account,
        service_name as service,
        coalesce(resource_id, sku_id) as resource,
        count(distinct substr(charge_date, 1, 7)) as months,
        max_by(amount, charge_date) as monthly
    from findings
    where charge_date between ? and ? and rule = 'find_low_value'
    group by
        billing_currency, owner, sub_account_id, service_name, coalesce(resource_id, sku_id)
)
order by currency, owner_yearly desc, owner, monthly desc, account, service, resource
