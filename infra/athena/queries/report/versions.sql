-- By which evaluation, rules, policy and baseline was every row judged?
-- Period: charge dates, all of them.
select
    evaluation,
    rules_version,
    policy_version,
    baseline_version,
    count(*) as events,
    min(charge_date) as first_day,
    max(charge_date) as last_day
from charges
group by evaluation, rules_version, policy_version, baseline_version
order by min(charge_date), evaluation, rules_version, policy_version, baseline_version
