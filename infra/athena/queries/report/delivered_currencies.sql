-- In which currencies is each payer charged?
-- Period: everything ever delivered. It tells whose days a currency waits for, and reads no charge.
select distinct d.source, d.billing_account_id as payer, s.currency
from deliveries d
cross join unnest(d.days) as t(billing_period, charge_date, events, content_hash, held_by, sums)
cross join unnest(t.sums) as s(currency, column_name, stored, residue)
where d.status in ('active', 'append')
order by d.source, d.billing_account_id, s.currency
