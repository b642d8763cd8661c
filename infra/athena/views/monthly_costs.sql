-- Sums of charges by month: account, service, region, category, owner and currency.
-- Measure: billed, effective (billed where a source gives none) and list cost. Period: billing
-- periods: what a month's invoices say.
select
    m.billing_period, m.billing_account_id, m.sub_account_id, m.service_name, m.region_id,
    m.charge_category, m.charge_class, m.owner, m.billing_currency, m.events, m.billed_cost,
    m.effective_cost, m.list_cost, m.untagged_cost, m.findings
from monthly_costs_stored m
inner join summaries s
    on s.summary = 'monthly_costs' and s.period = m.billing_period and s.version = m.version
