/*
question = "Which abnormal stretches of days were there, how long, and what did each cost in all?"
number = [9]
measure = "effective"
period = "charge"
reads = ["anomalies"]
note = "Abnormal days of one series that follow each other are one stretch."

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
account = "varchar"
service = "varchar"
region = "varchar"
first_day = "varchar"
last_day = "varchar"
days = "bigint"
actual = "decimal(38,12)"
expected = "decimal(38,12)"
impact = "decimal(38,12)"
*/
select
    currency,
    account,
    service,
    region,
    cast(min(day) as varchar) as first_day,
    cast(max(day) as varchar) as last_day,
    count(*) as days,
    sum(actual) as actual,
    sum(expected) as expected,
    sum(impact) as impact
from (
    select
        billing_currency as currency,
        billing_account_id as payer,
        sub_account_id as account,
        service_name as service,
        region_id as region,
        cast(charge_date as date) as day,
        date_diff('day', date '2018-01-01', cast(charge_date as date)) - row_number() over (
            partition by
                billing_currency, billing_account_id, sub_account_id, service_name, region_id
            order by charge_date
        ) as stretch,
        actual,
        expected,
        impact
    from anomalies
    where charge_date between ? and ?
)
group by currency, payer, account, service, region, stretch
order by currency, impact desc, first_day, account, service, region
