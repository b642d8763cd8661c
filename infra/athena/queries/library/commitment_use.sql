/*
question = "How much of each commitment and reservation was used, and how much went unused?"
number = [21]
measure = "effective"
period = "charge"
reads = ["charges"]
note = "One line a commitment, whoever shares it; accounts counts those with a part in it. Reserved capacity that a commitment pays for counts under both."

[parameters.first_day]
type = "date"
meaning = "The first day of the charges, YYYY-MM-DD."
example = "2024-09-01"

[parameters.last_day]
type = "date"
meaning = "The last day, that one included."
example = "2024-09-30"

[columns]
currency = "varchar"
commitment = "varchar"
kind = "varchar"
accounts = "bigint"
used = "decimal(38,12)"
unused = "decimal(38,12)"
unused_percent = "double"
*/
select
    currency,
    commitment,
    kind,
    accounts,
    used,
    unused,
    round(100 * cast(unused as double) / nullif(cast(used + unused as double), 0), 1)
        as unused_percent
from (
    select
        c.billing_currency as currency,
        t.commitment,
        max(t.kind) as kind,
        count(distinct c.sub_account_id) as accounts,
        sum(
            case when t.status = 'Used' then coalesce(c.effective_cost, c.billed_cost) else 0 end
        ) as used,
        sum(
            case when t.status = 'Unused' then coalesce(c.effective_cost, c.billed_cost) else 0 end
        ) as unused
    from charges c
    cross join unnest(
        array[c.commitment_discount_id, c.capacity_reservation_id],
        array[c.commitment_discount_type, 'Capacity Reservation'],
        array[c.commitment_discount_status, c.capacity_reservation_status]
    ) as t(commitment, kind, status)
    where c.charge_date between ? and ? and c.charge_category = 'Usage'
        and t.commitment is not null
    group by c.billing_currency, t.commitment
)
order by currency, unused desc, commitment
