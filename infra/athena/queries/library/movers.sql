/*
question = "Which resources moved the cost most, up and down?"
number = [3]
measure = "effective"
period = "charge"
reads = ["charges"]
note = "Choose stretches of the same length. A charge without a resource is named by its SKU."

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

[parameters.top]
type = "integer"
meaning = "How many per currency."
example = "50"
default = "50"

[columns]
currency = "varchar"
place = "bigint"
account = "varchar"
service = "varchar"
resource = "varchar"
earlier = "decimal(38,12)"
later = "decimal(38,12)"
change = "decimal(38,12)"
percent = "double"
*/
select
    currency,
    place,
    account,
    service,
    resource,
    earlier,
    later,
    later - earlier as change,
    cast(round(100 * cast(later - earlier as double) / nullif(abs(cast(earlier as double)), 0), 1) as double) as percent
from (
    select
        currency,
        account,
        service,
        resource,
        earlier,
        later,
        row_number() over (
            partition by currency
            order by abs(later - earlier) desc, account, service, resource
        ) as place
    from (
        select
            currency,
            account,
            service,
            resource,
            sum(case when is_later then 0 else cost end) as earlier,
            sum(case when is_later then cost else 0 end) as later
        from (
            select
                billing_currency as currency,
                sub_account_id as account,
                service_name as service,
                coalesce(resource_id, sku_id) as resource,
                coalesce(effective_cost, billed_cost) as cost,
                charge_date >= ? as is_later
            from charges
            where charge_date between ? and ? and charge_category <> 'Tax'
        )
        group by currency, account, service, resource
    )
    where earlier <> later
)
where place <= ?
order by currency, place
