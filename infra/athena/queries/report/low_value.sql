-- Which resources cost little, month after month?
-- Measure: effective cost of the 30 days before the month. Period: the newest month of each payer,
-- because the rule speaks once per series and month and older months name what may be gone.
select
    c.billing_currency as currency,
    c.charge_date,
    c.sub_account_id as account,
    c.sub_account_name as account_name,
    c.service_name as service,
    c.region_id as region,
    coalesce(c.resource_id, c.sku_id) as resource,
    f.amount as monthly
from charges c
inner join (
    select billing_account_id, substr(max(charge_date), 1, 7) as month
    from charges
    group by billing_account_id
) newest
    on newest.billing_account_id = c.billing_account_id
    and newest.month = substr(c.charge_date, 1, 7)
cross join unnest(c.findings) as f(rule, severity, message, amount, expected)
where f.rule = 'find_low_value'
order by c.billing_currency, f.amount desc, c.sub_account_id, c.service_name, c.resource_id
