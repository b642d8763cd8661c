-- Which days were delivered, about whom, by what, and when did the source last say so?
-- Period: everything ever delivered. It tells which days a report is about, and reads no charge.
select
    d.source,
    d.dataset_instance,
    d.billing_account_id as payer,
    d.scope_period,
    d.delivery_mode,
    t.charge_date,
    d.status,
    max(d.asserted_at) as asserted_at
from (
    select
        source, dataset_instance, billing_account_id, scope_period, delivery_mode, asserted_at,
        days, status
    from deliveries
    where status in ('active', 'append', 'in-flight', 'incomplete')
    union all
    -- What appends counts at once, before settle has looked at it.
    select
        source, dataset_instance, billing_account_id, scope_period, delivery_mode, asserted_at,
        days, 'append' as status
    from deliveries_stored
    where delivery_mode = 'append'
        and delivery_id not in (
            select s.delivery_id
            from delivery_status s
            where s.evaluation in (select evaluation from active_evaluation)
        )
) d
cross join unnest(d.days) as t(billing_period, charge_date, events, content_hash, held_by, sums)
group by
    d.source, d.dataset_instance, d.billing_account_id, d.scope_period, d.delivery_mode,
    t.charge_date, d.status
order by
    t.charge_date, d.status, d.source, d.dataset_instance, d.billing_account_id, d.scope_period,
    d.delivery_mode
