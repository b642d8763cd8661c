-- Which source rows could not become events?
-- Measure: their billed cost as the source wrote it, text, because it may not be a stored amount.
select d.delivery_id, r.reason, r.number, r.currency, r.billed
from deliveries d
cross join unnest(d.rejected) as r(reason, number, currency, billed)
order by d.delivery_id, r.reason, r.currency
