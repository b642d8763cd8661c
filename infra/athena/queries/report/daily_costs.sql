-- What did each service cost on each day?
-- Measure: billed, effective (billed where a source gives none) and list cost. Period: charge dates, all of them.
select
    billing_currency as currency,
    charge_date,
    service_name as service,
    count(*) as events,
    sum(billed_cost) as billed,
    sum(coalesce(effective_cost, billed_cost)) as effective,
    sum(list_cost) as list_cost
from charges
group by billing_currency, charge_date, service_name
order by billing_currency, charge_date, service_name
