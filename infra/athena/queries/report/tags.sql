-- How much cost of each owner, account and service has the tags the policy requires?
-- Measure: effective cost (billed where a source gives none). Period: charge dates, those of the report.
-- The owner is the first tag with a value of owner, application and business_unit.
select
    currency, owner, account, max(account_name) as account_name, service, tag_status,
    count(*) as events, sum(cost) as effective
from (
    select
        billing_currency as currency,
        coalesce(
            case when trim(element_at(tags, 'owner')) <> '' then element_at(tags, 'owner') end,
            case
                when trim(element_at(tags, 'application')) <> '' then element_at(tags, 'application')
            end,
            case
                when trim(element_at(tags, 'business_unit')) <> ''
                    then element_at(tags, 'business_unit')
            end
        ) as owner,
        sub_account_id as account,
        sub_account_name as account_name,
        service_name as service,
        tag_status,
        coalesce(effective_cost, billed_cost) as cost
    from charges
    where charge_date between '{first}' and '{last}'
)
group by currency, owner, account, service, tag_status
order by currency, owner, account, service, tag_status
