-- What was delivered, and where does each delivery stand?
-- Period: everything ever delivered, newest first.
select
    delivery_id, status, detail, stored, source_name, billing_account_id, scope_period,
    asserted_at, events
from deliveries
order by asserted_at desc, delivery_id
