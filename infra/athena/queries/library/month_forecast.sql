/*
question = "What will this month and the next cost at the present pace, with a range, and against the month before?"
number = [7]
measure = "effective"
period = "charge"
reads = ["charges"]
note = "The pace is usage by day of the running month; the range holds four times out of five where days vary by chance alone, and one day has none. The running month is that of each currency's newest day."

[parameters.first_day]
type = "date"
meaning = "The first day of the month before."
example = "2024-08-01"

[parameters.last_day]
type = "date"
meaning = "The last complete day of the running month."
example = "2024-09-20"

[columns]
currency = "varchar"
month = "varchar"
days = "bigint"
so_far = "decimal(38,12)"
per_day = "decimal(38,2)"
forecast = "decimal(38,2)"
low = "decimal(38,2)"
high = "decimal(38,2)"
next_month = "decimal(38,2)"
month_before = "decimal(38,12)"
*/
select
    currency,
    date_format(first, '%Y-%m') as month,
    days,
    so_far,
    cast(round(pace, 2) as decimal(38, 2)) as per_day,
    cast(round(cast(so_far as double) + pace * rest, 2) as decimal(38, 2)) as forecast,
    cast(
        round(cast(so_far as double) + pace * rest - 1.28e0 * spread * sqrt(rest), 2)
        as decimal(38, 2)
    ) as low,
    cast(
        round(cast(so_far as double) + pace * rest + 1.28e0 * spread * sqrt(rest), 2)
        as decimal(38, 2)
    ) as high,
    cast(
        round(pace * day(last_day_of_month(date_add('month', 1, first))), 2) as decimal(38, 2)
    ) as next_month,
    month_before
from (
    select
        currency,
        first,
        date_diff('day', first, max(day)) + 1 as days,
        day(last_day_of_month(first)) - (date_diff('day', first, max(day)) + 1) as rest,
        sum(case when day >= first then cost else 0 end) as so_far,
        sum(case when day >= first then cast(usage as double) else 0 end)
            / (date_diff('day', first, max(day)) + 1) as pace,
        stddev(case when day >= first then cast(usage as double) end) as spread,
        sum(case when day < first then cost end) as month_before
    from (
        select
            currency,
            day,
            cost,
            usage,
            date_trunc('month', max(day) over (partition by currency)) as first
        from (
            select
                billing_currency as currency,
                cast(charge_date as date) as day,
                sum(coalesce(effective_cost, billed_cost)) as cost,
                sum(case when charge_category = 'Usage' then coalesce(effective_cost, billed_cost) else 0 end) as usage
            from charges
            where charge_date between ? and ? and charge_category <> 'Tax'
            group by billing_currency, charge_date
        )
    )
    group by currency, first
)
order by currency
