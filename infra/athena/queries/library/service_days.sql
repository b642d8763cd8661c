/*
question = "What did each service cost on each day, and on the same weekday a week before?"
number = [1]
measure = "effective"
period = "charge"
reads = ["charges"]
note = "The seven days before the first are read, and not shown."

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
charge_date = "varchar"
service = "varchar"
effective = "decimal(38,12)"
week_before = "decimal(38,12)"
change = "decimal(38,12)"
*/
select
    currency,
    charge_date,
    service,
    effective,
    week_before,
    effective - week_before as change
from (
    select
        currency,
        charge_date,
        service,
        effective,
        day >= first_day as is_asked,
        max(effective) over (
            partition by currency, service
            order by day
            range between interval '7' day preceding and interval '7' day preceding
        ) as week_before
    from (
        select
            currency,
            charge_date,
            cast(charge_date as date) as day,
            first_day,
            service,
            sum(cost) as effective
        from (
            select
                billing_currency as currency,
                charge_date,
                charge_category,
                service_name as service,
                coalesce(effective_cost, billed_cost) as cost,
                cast(? as date) as first_day
            from charges
        )
        where charge_date >= cast(date_add('day', -7, first_day) as varchar)
            and charge_date <= ?
            and charge_category <> 'Tax'
        group by currency, charge_date, first_day, service
    )
)
where is_asked
order by currency, charge_date, service
