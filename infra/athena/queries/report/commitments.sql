-- How much of each commitment (Savings Plan, reservation) was paid for and not used?
-- Measure: effective cost (billed where a source gives none). Period: charge dates, those of the
-- report, and the newest weeks of them.
select
    billing_currency as currency,
    commitment_discount_id as commitment,
    max(commitment_discount_name) as name,
    max(commitment_discount_type) as type,
    sum(case when commitment_discount_status = 'Used' then coalesce(effective_cost, billed_cost) end) as used,
    sum(case when commitment_discount_status = 'Unused' then coalesce(effective_cost, billed_cost) end) as unused,
    sum(
        case
            when commitment_discount_status = 'Used' and charge_date >= '{since}'
                then coalesce(effective_cost, billed_cost)
        end
    ) as used_lately,
    sum(
        case
            when commitment_discount_status = 'Unused' and charge_date >= '{since}'
                then coalesce(effective_cost, billed_cost)
        end
    ) as unused_lately,
    min(charge_date) as first_day,
    max(charge_date) as last_day
from charges
where charge_date between '{first}' and '{last}'
    and commitment_discount_id is not null
    and commitment_discount_status in ('Used', 'Unused')
group by billing_currency, commitment_discount_id
order by billing_currency, commitment_discount_id
