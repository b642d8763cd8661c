/*
question = "How much of each commitment and reservation was used, and how much went unused?"
number = [21]
measure = "effective"
period = "charge"
reads = ["charges"]

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
account = "varchar"
used = "decimal(38,12)"
unused = "decimal(38,12)"
unused_percent = "double"
*/
select
    currency,
    commitment,
    kind,
    account,
    used,
    unused,
    round(100 * cast(unused as double) / nullif(cast(used + unused as double), 0), 1)
        as unused_percent
from (
    select
        billing_currency as currency,
        coalesce(commitment_discount_id, capacity_reservation_id) as commitment,
        coalesce(commitment_discount_type, 'Capacity Reservation') as kind,
        sub_account_id as account,
        sum(
            case
                when coalesce(commitment_discount_status, capacity_reservation_status) = 'Used'
                then coalesce(effective_cost, billed_cost)
                else 0
            end
        ) as used,
        sum(
            case
                when coalesce(commitment_discount_status, capacity_reservation_status) = 'Unused'
                then coalesce(effective_cost, billed_cost)
                else 0
            end
        ) as unused
    from charges
    where charge_date between ? and ? and charge_category = 'Usage'
        and coalesce(commitment_discount_id, capacity_reservation_id) is not null
    group by
        billing_currency, coalesce(commitment_discount_id, capacity_reservation_id),
        coalesce(commitment_discount_type, 'Capacity Reservation'), sub_account_id
)
order by currency, unused desc, commitment, kind, account
