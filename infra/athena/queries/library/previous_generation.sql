/*
question = "Which instances of a previous generation still run, for how many hours and how much?"
number = [19]
measure = "effective"
period = "charge"
reads = ["charges"]
note = "The type is read from the meter, the description or the price details. Prices of newer types are not in a bill."

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
instance_type = "varchar"
resources = "bigint"
unit = "varchar"
quantity = "decimal(38,12)"
effective = "decimal(38,12)"
*/
select
    currency,
    account,
    service,
    instance_type,
    count(distinct resource) as resources,
    unit,
    sum(quantity) as quantity,
    sum(cost) as effective
from (
    select
        billing_currency as currency,
        sub_account_id as account,
        service_name as service,
        coalesce(resource_id, sku_id) as resource,
        consumed_unit as unit,
        consumed_quantity as quantity,
        coalesce(effective_cost, billed_cost) as cost,
        regexp_extract(
            lower(concat(coalesce(sku_meter, ''), ' ', coalesce(charge_description, ''), ' ', coalesce(sku_price_details, ''))),
            '(?:^|[^a-z0-9])((?:c[1-5]|d2|g[2-3]|h1|i[2-3]|m[1-5]|p[2-3]|r[3-5]|t[1-2]|x1)[a-z]*\.[0-9a-z]+)',
            1
        ) as instance_type
    from charges
    where charge_date between ? and ? and charge_category = 'Usage'
)
where instance_type is not null
group by currency, account, service, instance_type, unit
order by currency, effective desc, account, service, instance_type, unit
