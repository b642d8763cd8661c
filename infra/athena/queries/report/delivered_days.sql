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
from deliveries d
cross join unnest(d.days) as t(billing_period, charge_date, events, content_hash, held_by, sums)
where d.status in ('active', 'append', 'in-flight', 'incomplete')
group by
    d.source, d.dataset_instance, d.billing_account_id, d.scope_period, d.delivery_mode,
    t.charge_date, d.status
order by
    t.charge_date, d.status, d.source, d.dataset_instance, d.billing_account_id, d.scope_period,
    d.delivery_mode
