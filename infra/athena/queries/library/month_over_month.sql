/*
question = "How does each month compare with the one before, the running month counted to its whole length?"
number = [2]
measure = "effective"
period = "charge"
reads = ["charges"]
note = "The days of a month count up to the newest day with any charge, and from the first day asked for. The month before the first is read, and not shown. Ask for the running month up to its last complete day."

[parameters.by]
type = "text"
meaning = "What to group by: service, account, region, or tag for the tag below."
example = "service"
choices = ["service", "account", "region", "tag"]
default = "service"

[parameters.tag]
type = "text"
meaning = "The tag key, where the grouping is by tag; its case counts."
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
month = "varchar"
name = "varchar"
effective = "decimal(38,12)"
days = "bigint"
whole_month = "decimal(38,2)"
month_before = "decimal(38,2)"
change = "decimal(38,2)"
percent = "double"
*/
select
    currency,
    month,
    name,
    effective,
    days,
    whole_month,
    month_before,
    whole_month - month_before as change,
    round(
        100 * cast(whole_month - month_before as double)
        / nullif(abs(cast(month_before as double)), 0), 1
    ) as percent
from (
    select
        currency,
        month,
        name,
        effective,
        days,
        whole_month,
        is_asked,
        case
            when lag(first) over (partition by currency, name order by first)
                = date_add('month', -1, first)
            then lag(whole_month) over (partition by currency, name order by first)
        end as month_before
    from (
        select
            currency,
            month,
            name,
            effective,
            days,
            first,
            is_asked,
            cast(
                round(
                    cast(effective as double) * day(last_day_of_month(first)) / days, 2
                ) as decimal(38, 2)
            ) as whole_month
        from (
            select
                currency,
                month,
                name,
                first,
                first >= date_trunc('month', first_day) as is_asked,
                date_diff(
                    'day',
                    case when first = date_trunc('month', first_day) then first_day else first end,
                    max(max(day)) over (partition by month)
                ) + 1 as days,
                sum(cost) as effective
            from (
                select
                    currency,
                    substr(charge_date, 1, 7) as month,
                    date_trunc('month', cast(charge_date as date)) as first,
                    cast(charge_date as date) as day,
                    name,
                    cost,
                    first_day
                from (
                    select
                        billing_currency as currency,
                        charge_date,
                        charge_category,
                        case ?
                            when 'service' then service_name
                            when 'account' then sub_account_id
                            when 'region' then region_id
                            else element_at(tags, ?)
                        end as name,
                        coalesce(effective_cost, billed_cost) as cost,
                        cast(? as date) as first_day
                    from charges
                )
                where charge_date >= cast(
                        date_trunc('month', date_add('day', -1, date_trunc('month', first_day)))
                        as varchar
                    )
                    and charge_date <= ?
                    and charge_category <> 'Tax'
            )
            where day >= first_day or day < date_trunc('month', first_day)
            group by currency, month, name, first, first_day
        )
    )
)
where is_asked
order by currency, month, effective desc, name
