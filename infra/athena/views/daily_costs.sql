-- Sums of charges by day: account, service, region, category, owner and currency.
-- Measure: billed, effective (billed where a source gives none) and list cost. Period: charge dates.
select
    d.charge_date, d.billing_period, d.billing_account_id, d.sub_account_id, d.service_name,
    d.region_id, d.charge_category, d.charge_class, d.owner, d.billing_currency, d.events,
    d.billed_cost, d.effective_cost, d.list_cost, d.untagged_cost, d.findings
from daily_costs_stored d
inner join summaries s
    on s.summary = 'daily_costs' and s.period = d.charge_date and s.version = d.version
