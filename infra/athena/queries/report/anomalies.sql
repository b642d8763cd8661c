-- Which days cost abnormally much for their account, service and region?
-- Measure: effective cost. Period: charge dates, all of them.
select
    anomaly_id, charge_date, billing_account_id, sub_account_id, service_name, region_id,
    billing_currency as currency, actual, expected, impact
from anomalies
where status <> 'withdrawn' and suppressed_by is null
order by billing_currency, impact desc, charge_date, anomaly_id
