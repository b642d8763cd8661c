/*
question = "Which days cost abnormally much for their account, service and region, and which resource explains it?"
number = [8]
measure = "effective"
period = "charge"
reads = ["anomalies"]
note = "What the daily anomaly job found and no restatement took back, and the resource that added most."

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
charge_date = "varchar"
account = "varchar"
service = "varchar"
region = "varchar"
actual = "decimal(38,12)"
expected = "decimal(38,12)"
impact = "decimal(38,12)"
percent = "double"
resource = "varchar"
resource_actual = "decimal(38,12)"
resource_expected = "decimal(38,12)"
*/
select
    a.billing_currency as currency,
    d.charge_date,
    a.sub_account_id as account,
    a.service_name as service,
    a.region_id as region,
    d.actual,
    d.expected,
    d.actual - d.expected as impact,
    round(
        100 * cast(d.actual - d.expected as double) / nullif(cast(d.expected as double), 0), 1
    ) as percent,
    c.resource,
    c.actual as resource_actual,
    c.expected as resource_expected
from anomalies a
cross join unnest(a.days) as d(charge_date, actual, expected, recent_level, weekday_level)
left join (
    select x.anomaly_id, t.resource, t.actual, t.expected
    from anomalies x
    cross join unnest(x.contributors) with ordinality as t(resource, actual, expected, nth)
    where t.nth = 1
) c
    on c.anomaly_id = a.anomaly_id
where a.status <> 'withdrawn' and d.charge_date between ? and ?
order by currency, impact desc, d.charge_date, a.anomaly_id
