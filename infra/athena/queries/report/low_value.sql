-- Which resources cost little, month after month?
-- Measure: effective cost of the 30 days before the month. Period: charge dates, those of the
-- payers' newest months: the rule speaks once per series and month, and older months name what may
-- be gone.
select
    c.billing_currency as currency,
    c.billing_account_id as payer,
    c.charge_date,
    c.sub_account_id as account,
    c.sub_account_name as account_name,
    c.service_name as service,
    c.region_id as region,
    coalesce(c.resource_id, c.sku_id) as resource,
    f.amount as monthly
from charges c
cross join unnest(c.findings) as f(rule, severity, message, amount, expected)
where c.charge_date between '{since}' and '{last}' and f.rule = 'find_low_value'
order by
    c.billing_currency, f.amount desc, c.sub_account_id, c.service_name,
    coalesce(c.resource_id, c.sku_id), c.charge_date
