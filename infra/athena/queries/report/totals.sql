-- What did everything cost, by currency?
-- Measure: billed, effective (billed where a source gives none) and list cost. Period: charge dates, those of the report.
select
    billing_currency as currency,
    count(*) as events,
    sum(billed_cost) as billed,
    sum(coalesce(effective_cost, billed_cost)) as effective,
    sum(list_cost) as list_cost,
    min(charge_date) as first_day,
    max(charge_date) as last_day,
    count(distinct sub_account_id) as accounts,
    count(distinct service_name) as services
from charges
where charge_date between '{first}' and '{last}'
group by billing_currency
order by billing_currency
