-- Every finding of the rules on the charges that are true now, one row a finding.
-- The owner is the first tag present of those that `finops rules diff` goes by, either spelling.
select
    c.event_id, c.delivery_id, c.ordinal, f.rule, f.severity, f.message, f.amount, f.expected,
    c.billing_currency, c.rules_version, c.policy_version, c.baseline_version, c.cost_class,
    c.tag_status, c.billing_account_id, c.sub_account_id, c.sub_account_name, c.service_name,
    c.region_id, c.resource_id, c.resource_name, c.sku_id, c.charge_category, c.billed_cost,
    c.effective_cost, c.charge_period_start, c.charge_period_end,
    coalesce(
        element_at(c.tags, 'owner'), element_at(c.tags, 'Owner'),
        element_at(c.tags, 'application'), element_at(c.tags, 'Application'),
        element_at(c.tags, 'business_unit'), element_at(c.tags, 'BusinessUnit')
    ) as owner,
    c.evaluation, c.billing_period, c.charge_date
from charges c
cross join unnest(c.findings) as f(rule, severity, message, amount, expected)
