-- What did each service cost on each day?
-- Measure: billed, effective (billed where a source gives none) and list cost; of the effective
-- cost, what is charged by use. Period: charge dates, those of the report.
select
    billing_currency as currency,
    charge_date,
    service_name as service,
    count(*) as events,
    sum(billed_cost) as billed,
    sum(coalesce(effective_cost, billed_cost)) as effective,
    sum(list_cost) as list_cost,
    sum(
        case
            when charge_frequency = 'Usage-Based'
                or (charge_frequency is null and charge_category = 'Usage')
                then coalesce(effective_cost, billed_cost)
        end
    ) as by_use
from charges
where charge_date between '{first}' and '{last}'
group by billing_currency, charge_date, service_name
order by billing_currency, charge_date, service_name
