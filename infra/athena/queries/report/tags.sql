-- How much cost of each account and service has the tags the policy requires?
-- Measure: effective cost (billed where a source gives none). Period: charge dates, all of them.
select
    billing_currency as currency,
    sub_account_id as account,
    max(sub_account_name) as account_name,
    service_name as service,
    tag_status,
    count(*) as events,
    sum(coalesce(effective_cost, billed_cost)) as effective
from charges
group by billing_currency, sub_account_id, service_name, tag_status
order by billing_currency, sub_account_id, service_name, tag_status
