/*
question = "Which resources cost money without use: idle addresses, gateways and balancers, unattached volumes?"
number = [17]
measure = "effective"
period = "charge"
reads = ["charges"]
note = "What a bill can tell: the meter's own words, a quantity of nothing, or a reservation without use. Whether a volume is attached is not in a bill."

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
region = "varchar"
resource = "varchar"
reason = "varchar"
days = "bigint"
effective = "decimal(38,12)"
*/
select
    currency, account, service, region, resource, reason,
    count(distinct charge_date) as days,
    sum(cost) as effective
from (
    select
        billing_currency as currency,
        sub_account_id as account,
        service_name as service,
        region_id as region,
        coalesce(resource_id, sku_id) as resource,
        charge_date,
        coalesce(effective_cost, billed_cost) as cost,
        case
            when commitment_discount_status = 'Unused' or capacity_reservation_status = 'Unused'
            then 'reserved and not used'
            when regexp_like(
                lower(concat(coalesce(sku_meter, ''), ' ', coalesce(charge_description, ''))),
                'idle|unattached|not attached|unused|without use'
            )
            then 'the meter says idle'
            when consumed_quantity = 0 and coalesce(effective_cost, billed_cost) > 0 then 'nothing consumed'
        end as reason
    from charges
    where charge_date between ? and ? and charge_category = 'Usage'
)
where reason is not null and cost > 0
group by currency, account, service, region, resource, reason
order by currency, effective desc, account, service, resource, reason
