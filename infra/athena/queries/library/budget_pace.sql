/*
question = "How much of a budget is spent, and on which day will it run out?"
number = [28]
measure = "effective"
period = "charge"
reads = ["charges"]
note = "Days count from the first to the newest day with charges of the currency."

[parameters.budget]
type = "decimal"
meaning = "The budget for the whole time, in the charges' currency."
example = "1000.00"

[parameters.by]
type = "text"
meaning = "Whose budget it is: account, or tag for the tag below."
example = "account"
default = "account"
choices = ["account", "tag"]

[parameters.tag]
type = "text"
meaning = "The tag key, where it is by tag; its case counts."
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

[parameters.name]
type = "text"
meaning = "The account's id, or the tag's value."
example = "11353890204"

[columns]
currency = "varchar"
name = "varchar"
budget = "decimal(38,2)"
spent = "decimal(38,12)"
percent = "double"
days = "bigint"
per_day = "decimal(38,2)"
remaining = "decimal(38,12)"
runs_out = "varchar"
*/
select
    currency,
    name,
    cast(budget as decimal(38, 2)) as budget,
    spent,
    round(100 * cast(spent as double) / nullif(cast(budget as double), 0), 1) as percent,
    days,
    cast(round(cast(spent as double) / days, 2) as decimal(38, 2)) as per_day,
    budget - spent as remaining,
    case
        when spent >= budget then 'spent'
        when spent > 0
        then cast(
            date_add(
                'day',
                cast(least(floor(cast(budget - spent as double) * days / cast(spent as double)), 36500) as bigint),
                newest
            ) as varchar
        )
    end as runs_out
from (
    select
        currency,
        name,
        max(budget) as budget,
        sum(cost) as spent,
        max(newest) as newest,
        max(date_diff('day', oldest, newest) + 1) as days
    from (
        select
            currency,
            name,
            cost,
            budget,
            min(day) over (partition by currency) as oldest,
            max(day) over (partition by currency) as newest
        from (
            select
                billing_currency as currency,
                cast(charge_date as date) as day,
                coalesce(effective_cost, billed_cost) as cost,
                cast(? as decimal(38, 12)) as budget,
                case ?
                    when 'account' then sub_account_id
                    else element_at(tags, ?)
                end as name
            from charges
            where charge_date between ? and ? and charge_category <> 'Tax'
        )
    )
    group by currency, name
)
where name = ?
order by currency
