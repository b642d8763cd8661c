/*
question = "Which values of a tag are one value in several spellings?"
number = [13]
measure = "effective"
period = "charge"
reads = ["charges"]
note = "Case, blanks and separators do not count. A resource that bears two spellings counts under each."

[parameters.tag]
type = "text"
meaning = "The tag key; its case counts."
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
plain = "varchar"
variants = "varchar"
spellings = "bigint"
resources = "bigint"
effective = "decimal(38,12)"
*/
select
    currency,
    plain,
    array_join(array_agg(spelling order by spelling), ', ') as variants,
    count(*) as spellings,
    sum(resources) as resources,
    sum(effective) as effective
from (
    select
        currency,
        regexp_replace(lower(trim(spelling)), '[-_. /:]', '') as plain,
        spelling,
        count(distinct resource) as resources,
        sum(cost) as effective
    from (
        select
            billing_currency as currency,
            element_at(tags, ?) as spelling,
            coalesce(resource_id, sku_id) as resource,
            coalesce(effective_cost, billed_cost) as cost
        from charges
        where charge_date between ? and ? and charge_category <> 'Tax'
    )
    where spelling is not null
    group by currency, spelling
)
group by currency, plain
having count(*) > 1
order by currency, effective desc, plain
