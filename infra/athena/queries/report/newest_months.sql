-- What is the newest month of each payer?
-- Period: charge dates, those of the report.
select
    billing_account_id as payer,
    substr(max(charge_date), 1, 7) as month
from charges
where charge_date between '{first}' and '{last}'
group by billing_account_id
order by billing_account_id
