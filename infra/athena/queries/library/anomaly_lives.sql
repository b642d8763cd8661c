/*
question = "Which anomalies are open and which ended, what did each cost, whose are they, how late were they seen, and which were false?"
number = [9]
measure = "effective"
period = "charge"
reads = ["anomalies", "anomaly_acks"]
note = "One row an anomaly: consecutive abnormal days of one series. What a restatement took back is left out."

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
status = "varchar"
account = "varchar"
service = "varchar"
region = "varchar"
first_day = "varchar"
last_day = "varchar"
abnormal_days = "bigint"
actual = "decimal(38,12)"
expected = "decimal(38,12)"
impact = "decimal(38,12)"
owner = "varchar"
days_until_seen = "bigint"
planned_event = "varchar"
acknowledged_by = "varchar"
feedback = "varchar"
anomaly_id = "varchar"
*/
select
    a.billing_currency as currency,
    a.status,
    a.sub_account_id as account,
    a.service_name as service,
    a.region_id as region,
    a.charge_date as first_day,
    a.end_date as last_day,
    cardinality(a.days) as abnormal_days,
    a.actual,
    a.expected,
    a.impact,
    a.owner,
    date_diff(
        'day', cast(a.charge_date as date), cast(substr(a.first_seen, 1, 10) as date)
    ) as days_until_seen,
    a.suppression_reason as planned_event,
    k.acknowledged_by,
    k.feedback,
    a.anomaly_id
from anomalies a
left join (
    select
        anomaly_id,
        max_by(acknowledged_by, acknowledged_at) as acknowledged_by,
        max_by(feedback, acknowledged_at) as feedback
    from anomaly_acks
    group by anomaly_id
) k
    on k.anomaly_id = a.anomaly_id
where a.status <> 'withdrawn' and a.end_date >= ? and a.charge_date <= ?
order by currency, a.status desc, impact desc, first_day, a.anomaly_id
