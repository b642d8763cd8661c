-- Which days were delivered, how do those deliveries stand, and when did the source last say so?
-- Period: everything ever delivered. It tells which days a report is about, and reads no charge.
select
    t.charge_date,
    d.status,
    max(d.asserted_at) as asserted_at
from deliveries d
cross join unnest(d.days) as t(billing_period, charge_date, events, content_hash, held_by, sums)
where d.status in ('active', 'append', 'in-flight', 'incomplete')
group by t.charge_date, d.status
order by t.charge_date, d.status
