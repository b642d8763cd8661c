-- What did the rules find, how often, and about how much money?
-- Measure: each finding's own amount. Period: charge dates, those of the report.
select
    c.rules_version,
    f.rule,
    f.severity,
    c.billing_currency as currency,
    count(*) as number,
    sum(f.amount) as amount
from charges c
cross join unnest(c.findings) as f(rule, severity, message, amount, expected)
where c.charge_date between '{first}' and '{last}'
group by c.rules_version, f.rule, f.severity, c.billing_currency
order by c.rules_version, f.rule, c.billing_currency, f.severity
