-- By which evaluation, rules, policy and baseline was every row judged?
-- Period: charge dates, those of the report.
select
    evaluation,
    rules_version,
    policy_version,
    baseline_version,
    count(*) as events,
    min(charge_date) as first_day,
    max(charge_date) as last_day
from charges
where charge_date between '{first}' and '{last}'
group by evaluation, rules_version, policy_version, baseline_version
order by min(charge_date), evaluation, rules_version, policy_version, baseline_version
