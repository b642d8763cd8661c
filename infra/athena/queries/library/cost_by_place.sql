/*
question = "Where is the money: cost by region, zone and account, and since when?"
number = [6]
measure = "effective"
period = "charge"
reads = ["charges"]
note = "First and last seen lie within the days that were asked for."

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
region = "varchar"
zone = "varchar"
account = "varchar"
account_name = "varchar"
effective = "decimal(38,12)"
first_seen = "varchar"
last_seen = "varchar"
*/
select
    billing_currency as currency,
    region_id as region,
    availability_zone as zone,
    sub_account_id as account,
    max(sub_account_name) as account_name,
    sum(coalesce(effective_cost, billed_cost)) as effective,
    min(charge_date) as first_seen,
    max(charge_date) as last_seen
from charges
where charge_date between ? and ? and charge_category <> 'Tax'
group by billing_currency, region_id, availability_zone, sub_account_id
order by currency, effective desc, region, zone, account
