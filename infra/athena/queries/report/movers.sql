-- What costs more, and what less, than in the weeks before?
-- Measure: effective cost (billed where a source gives none) of what is charged by use: a bill of
-- one day would be a move in every month. Period: charge dates, two stretches of whole weeks.
select
    billing_currency as currency,
    sub_account_id as account,
    max(sub_account_name) as account_name,
    service_name as service,
    region_id as region,
    sum(case when charge_date < '{middle}' then coalesce(effective_cost, billed_cost) end) as earlier,
    sum(case when charge_date >= '{middle}' then coalesce(effective_cost, billed_cost) end) as later
from charges
where charge_date between '{first}' and '{last}'
    and (
        charge_frequency = 'Usage-Based'
        or (charge_frequency is null and charge_category = 'Usage')
    )
group by billing_currency, sub_account_id, service_name, region_id
order by billing_currency, sub_account_id, service_name, region_id
