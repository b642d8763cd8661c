/*
question = "How did a day's cost change from delivery to delivery, and what did we believe when?"
number = [26]
measure = "billed"
period = "charge"
reads = ["deliveries"]
note = "What each delivery says of the day; the status tells which one counts. A delivery that no longer has the day is not listed. Files of another name fill their own part of a scope: change is within one of them."

[parameters.first_day]
type = "date"
meaning = "The first day of the charges, YYYY-MM-DD."
example = "2024-09-01"

[parameters.last_day]
type = "date"
meaning = "The last day, that one included."
example = "2024-09-30"

[columns]
charge_date = "varchar"
billing_period = "varchar"
billing_account = "varchar"
currency = "varchar"
asserted_at = "timestamp"
delivery_id = "varchar"
status = "varchar"
lines = "bigint"
billed = "decimal(38,12)"
change = "decimal(38,12)"
*/
select
    charge_date,
    billing_period,
    billing_account,
    currency,
    asserted_at,
    delivery_id,
    status,
    lines,
    billed,
    billed - lag(billed) over (
        partition by charge_date, billing_period, billing_account, source, dataset, mode, currency
        order by asserted_at, delivery_id
    ) as change
from (
    select
        d.charge_date,
        d.billing_period,
        v.billing_account_id as billing_account,
        v.source,
        v.dataset_instance as dataset,
        v.delivery_mode as mode,
        s.currency,
        v.asserted_at,
        v.delivery_id,
        v.status,
        d.lines,
        cast(s.stored as decimal(38, 12)) as billed
    from deliveries v
    cross join unnest(v.days) as d(
        billing_period, charge_date, lines, content_hash, held_by, sums
    )
    cross join unnest(d.sums) as s(currency, name, stored, residue)
    where s.name = 'billed_cost' and d.charge_date between ? and ?
)
order by charge_date, billing_account, currency, asserted_at, delivery_id
