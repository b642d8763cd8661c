/*
question = "Where does data transfer cost come from: between zones and regions, to the internet, through NAT?"
number = [23]
measure = "effective"
period = "charge"
reads = ["charges"]
note = "Told by the meter's and the charge's own words, the first kind that fits."

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
kind = "varchar"
service = "varchar"
region = "varchar"
meter = "varchar"
unit = "varchar"
resources = "bigint"
quantity = "decimal(38,12)"
effective = "decimal(38,12)"
*/
select
    currency,
    kind,
    service,
    region,
    meter,
    unit,
    count(distinct resource) as resources,
    sum(quantity) as quantity,
    sum(cost) as effective
from (
    select
        billing_currency as currency,
        service_name as service,
        region_id as region,
        sku_meter as meter,
        consumed_unit as unit,
        resource_id as resource,
        consumed_quantity as quantity,
        coalesce(effective_cost, billed_cost) as cost,
        case
            when regexp_like(words, 'nat ?gateway') then 'nat'
            when regexp_like(words, 'regional|interzone|inter-?az|availability zone')
            then 'between zones'
            when regexp_like(words, 'aws-out|aws-in|inter-?region|different region')
            then 'between regions'
            when regexp_like(words, 'transfer.*out|out-bytes|egress|internet')
            then 'to the internet'
            when regexp_like(words, 'transfer|in-bytes|ingress') then 'other transfer'
        end as kind
    from (
        select
            billing_currency, service_name, region_id, sku_meter, consumed_unit, resource_id,
            consumed_quantity, effective_cost, billed_cost,
            lower(concat(coalesce(sku_meter, ''), ' ', coalesce(charge_description, ''))) as words
        from charges
        where charge_date between ? and ? and charge_category = 'Usage'
    )
)
where kind is not null
group by currency, kind, service, region, meter, unit
order by currency, effective desc, kind, service, region, meter, unit
