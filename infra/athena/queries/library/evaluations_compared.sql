/*
question = "What do two evaluations find in the same charges, and what does only one of them find?"
number = [30]
measure = "each finding's amount"
period = "charge"
reads = ["charges_stored", "current_state"]
note = "What only the other finds is gone here. A rule that speaks twice of one charge counts as found by both."

[parameters.evaluation]
type = "text"
meaning = "One evaluation."
example = "v1"

[parameters.other_evaluation]
type = "text"
meaning = "The other one."
example = "v2"

[parameters.first_day]
type = "date"
meaning = "The first day of the charges, YYYY-MM-DD."
example = "2024-09-01"

[parameters.last_day]
type = "date"
meaning = "The last day, that one included."
example = "2024-09-30"

[columns]
rule = "varchar"
evaluation = "varchar"
rules_version = "varchar"
severity = "varchar"
currency = "varchar"
findings = "bigint"
amount = "decimal(38,12)"
only_here = "bigint"
only_here_amount = "decimal(38,12)"
changed = "bigint"
*/
select
    rule,
    evaluation,
    rules_version,
    severity,
    currency,
    count(*) as findings,
    sum(amount) as amount,
    count_if(sides = 1) as only_here,
    sum(case when sides = 1 then amount end) as only_here_amount,
    count_if(sides > 1 and lowest <> highest) as changed
from (
    select
        f.rule,
        c.evaluation,
        c.rules_version,
        f.severity,
        c.billing_currency as currency,
        f.amount,
        count(*) over (
            partition by c.charge_date, c.billing_period, c.delivery_id, c.ordinal, f.rule
        ) as sides,
        min(f.amount) over (
            partition by c.charge_date, c.billing_period, c.delivery_id, c.ordinal, f.rule
        ) as lowest,
        max(f.amount) over (
            partition by c.charge_date, c.billing_period, c.delivery_id, c.ordinal, f.rule
        ) as highest
    from (
        select
            evaluation, delivery_id, ordinal, delivery_mode, billing_period, charge_date,
            rules_version, billing_currency, findings,
            row_number() over (
                partition by charge_date, billing_period, evaluation, delivery_id, ordinal
                order by baseline_version, policy_version
            ) as copy
        from charges_stored
        where evaluation in (?, ?) and charge_date between ? and ?
    ) c
    left join (
        select distinct evaluation, billing_period, charge_date, delivery_id from current_state
    ) s
        on s.evaluation = c.evaluation
        and s.billing_period = c.billing_period
        and s.charge_date = c.charge_date
        and s.delivery_id = c.delivery_id
    cross join unnest(c.findings) as f(rule, severity, message, amount, expected)
    where c.copy = 1 and (c.delivery_mode = 'append' or s.delivery_id is not null)
)
group by rule, evaluation, rules_version, severity, currency
order by rule, evaluation, rules_version, severity, currency
