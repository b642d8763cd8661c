/*
question = "Which small charges recur month after month, and what do they add up to by owner and year?"
number = [16]
measure = "effective"
period = "charge"
reads = ["findings"]
note = "As the rule find_low_value says, once a series and month. Of what recurs in the payer's newest month; monthly is the cost of 30 days then, yearly that of 365, to the cent."

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
yearly = "decimal(38,2)"
owner_yearly = "decimal(38,2)"
*/
select
    currency,
    owner,
    account,
    service,
    resource,
    months,
    monthly,
    yearly,
    sum(yearly) over (partition by currency, owner) as owner_yearly
from (
    select
        currency,
        payer,
        owner,
        account,
        service,
        resource,
        months,
        monthly,
        cast(round(cast(monthly as double) * 365 / 30, 2) as decimal(38, 2)) as yearly,
        newest,
        max(newest) over (partition by payer) as newest_of_payer
    from (
        select
            currency,
            payer,
            owner,
            account,
            service,
            resource,
            count(distinct substr(charge_date, 1, 7)) as months,
            max_by(amount, charge_date) as monthly,
            max(substr(charge_date, 1, 7)) as newest
        from (
            select
                billing_currency as currency,
                billing_account_id as payer,
                owner,
                sub_account_id as account,
                service_name as service,
                coalesce(resource_id, sku_id) as resource,
                charge_date,
                sum(amount) as amount
            from findings
            where charge_date between ? and ? and rule = 'find_low_value'
            group by
                billing_currency, billing_account_id, owner, sub_account_id, service_name,
                coalesce(resource_id, sku_id), charge_date
        )
        group by currency, payer, owner, account, service, resource
    )
)
where newest = newest_of_payer
order by currency, owner_yearly desc, owner, monthly desc, account, service, resource, payer
