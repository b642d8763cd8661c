/*
question = "In which accounts do services move against each other, so that the total hides it?"
number = [11]
measure = "effective"
period = "charge"
reads = ["charges"]
note = "Choose stretches of the same length."

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

[parameters.floor]
type = "decimal"
meaning = "The least that up and down must each be worth."
example = "1.00"
default = "1.00"

[columns]
currency = "varchar"
account = "varchar"
up = "decimal(38,12)"
down = "decimal(38,12)"
net = "decimal(38,12)"
rising = "bigint"
falling = "bigint"
*/
select currency, account, up, down, up + down as net, rising, falling
from (
    select
        currency,
        account,
        sum(case when change > 0 then change else 0 end) as up,
        sum(case when change < 0 then change else 0 end) as down,
        count_if(change > 0) as rising,
        count_if(change < 0) as falling
    from (
        select
            currency,
            account,
            service,
            sum(case when is_later then cost else -cost end) as change
        from (
            select
                billing_currency as currency,
                sub_account_id as account,
                service_name as service,
                coalesce(effective_cost, billed_cost) as cost,
                charge_date >= ? as is_later
            from charges
            where charge_date between ? and ? and charge_category <> 'Tax'
        )
        group by currency, account, service
    )
    group by currency, account
)
where least(up, -down) >= cast(? as decimal(38, 12))
order by currency, least(up, -down) desc, account
