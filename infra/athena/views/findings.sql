-- Every finding of the rules on the charges that are true now, one row a finding.
-- The owner is the first tag with a value of owner, application and business_unit, as in the
-- summaries, the report and `finops rules diff`.
select
    c.event_id, c.delivery_id, c.ordinal, f.rule, f.severity, f.message, f.amount, f.expected,
    c.billing_currency, c.rules_version, c.policy_version, c.baseline_version, c.cost_class,
    c.tag_status, c.billing_account_id, c.sub_account_id, c.sub_account_name, c.service_name,
    c.region_id, c.resource_id, c.resource_name, c.sku_id, c.charge_category, c.billed_cost,
    c.effective_cost, c.charge_period_start, c.charge_period_end,
    coalesce(
        case when trim(element_at(c.tags, 'owner')) <> '' then element_at(c.tags, 'owner') end,
        case
            when trim(element_at(c.tags, 'application')) <> ''
                then element_at(c.tags, 'application')
        end,
        case
            when trim(element_at(c.tags, 'business_unit')) <> ''
                then element_at(c.tags, 'business_unit')
        end
    ) as owner,
    c.evaluation, c.billing_period, c.charge_date
from charges c
cross join unnest(c.findings) as f(rule, severity, message, amount, expected)
