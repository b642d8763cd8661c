-- In which currencies is each payer charged?
-- Period: everything ever delivered. It tells whose days a currency waits for, and reads no charge.
select distinct d.source, d.billing_account_id as payer, s.currency
from (
    select source, billing_account_id, days
    from deliveries
    where status in ('active', 'append')
    union all
    -- What appends counts at once, before settle has looked at it.
    select source, billing_account_id, days
    from deliveries_stored
    where delivery_mode = 'append'
        and delivery_id not in (
            select s.delivery_id
            from delivery_status s
            where s.evaluation in (select evaluation from active_evaluation)
        )
) d
cross join unnest(d.days) as t(billing_period, charge_date, events, content_hash, held_by, sums)
cross join unnest(t.sums) as s(currency, column_name, stored, residue)
order by d.source, d.billing_account_id, s.currency
