/*
question = "Which resources lack required tags, which keys, and what do they cost?"
number = [12, 13]
measure = "effective"
period = "charge"
reads = ["charges"]
note = "By the policy in force; who can fix it is the account."

[parameters.first_day]
type = "date"
meaning = "The first day of the charges, YYYY-MM-DD."
example = "2024-09-01"

[parameters.last_day]
type = "date"
meaning = "The last day, that one included."
example = "2024-09-30"

[parameters.top]
type = "integer"
meaning = "How many per currency."
example = "100"
default = "100"

[columns]
currency = "varchar"
place = "bigint"
account = "varchar"
account_name = "varchar"
service = "varchar"
resource = "varchar"
tag_status = "varchar"
missing = "varchar"
rules_version = "varchar"
effective = "decimal(38,12)"
*/
select
    currency, place, account, account_name, service, resource, tag_status, missing,
    rules_version, effective
from (
    select
        billing_currency as currency,
        sub_account_id as account,
        max(sub_account_name) as account_name,
        service_name as service,
        coalesce(resource_id, sku_id) as resource,
        tag_status,
        array_join(missing_tags, ', ') as missing,
        rules_version,
        sum(coalesce(effective_cost, billed_cost)) as effective,
        row_number() over (
            partition by billing_currency
            order by
                sum(coalesce(effective_cost, billed_cost)) desc, sub_account_id, service_name,
                coalesce(resource_id, sku_id), tag_status, array_join(missing_tags, ', '),
                rules_version
        ) as place
    from charges
    where charge_date between ? and ? and charge_category <> 'Tax'
        and tag_status in ('missing', 'incomplete')
    group by
        billing_currency, sub_account_id, service_name, coalesce(resource_id, sku_id), tag_status,
        array_join(missing_tags, ', '), rules_version
)
where place <= ?
order by currency, place
