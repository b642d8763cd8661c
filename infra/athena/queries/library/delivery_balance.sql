/*
question = "Do raw events, processed rows and failures agree in count and in money, per delivery and day?"
number = [27]
measure = "billed"
period = "charge"
reads = ["audit_days"]
note = "As the last audit found it; run: finops audit."

[parameters.first_day]
type = "date"
meaning = "The first day of the charges, YYYY-MM-DD."
example = "2024-09-01"

[parameters.last_day]
type = "date"
meaning = "The last day, that one included."
example = "2024-09-30"

[columns]
delivery_id = "varchar"
billing_period = "varchar"
charge_date = "varchar"
status = "varchar"
promised = "bigint"
recorded = "bigint"
processed = "bigint"
doubled = "bigint"
missing = "bigint"
currency = "varchar"
billed_recorded = "decimal(38,12)"
billed_processed = "decimal(38,12)"
billed_missing = "decimal(38,12)"
checked_at = "varchar"
*/
select
    a.delivery_id,
    a.billing_period,
    a.charge_date,
    a.status,
    a.promised,
    a.recorded,
    a.processed,
    a.doubled,
    a.missing,
    b.currency,
    cast(b.recorded as decimal(38, 12)) as billed_recorded,
    cast(b.processed as decimal(38, 12)) as billed_processed,
    cast(b.missing as decimal(38, 12)) as billed_missing,
    a.checked_at
from audit_days a
left join unnest(a.billed) as b(
    currency, promised, recorded, processed, failed, in_flight, missing, residue
) on true
where a.evaluation in (select evaluation from active_evaluation)
    and a.charge_date between ? and ?
order by a.charge_date, a.delivery_id, b.currency
