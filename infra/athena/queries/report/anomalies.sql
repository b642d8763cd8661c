-- When did an account's service in a region cost abnormally much?
-- Measure: effective cost of the abnormal days. Period: charge dates, all of them; withdrawn and
-- planned ones are left out.
select
    anomaly_id, status, charge_date, end_date, owner, billing_account_id, sub_account_id, service_name, region_id,
    billing_currency as currency, actual, expected, impact
from anomalies
where status <> 'withdrawn' and suppressed_by is null
order by billing_currency, impact desc, charge_date, anomaly_id
