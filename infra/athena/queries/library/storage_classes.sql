/*
question = "What do gp2 and magnetic volumes, snapshots and standard-class storage cost, and what would the move to gp3 save?"
number = [18]
measure = "effective and list"
period = "charge"
reads = ["charges"]
note = "By the meter's and the charge's own words. Only gp2 volumes of EBS have a saving: a database's gp3 costs what its gp2 does. The age of a snapshot is not in a bill: the first day seen within the days asked for is."

[parameters.saving_percent]
type = "decimal"
meaning = "What moving gp2 volumes to gp3 saves, in percent."
example = "20"
default = "20"

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
kind = "varchar"
account = "varchar"
region = "varchar"
resources = "bigint"
first_seen = "varchar"
effective = "decimal(38,12)"
list_cost = "decimal(38,12)"
saving = "decimal(38,2)"
*/
select
    currency,
    kind,
    account,
    region,
    count(distinct resource) as resources,
    min(charge_date) as first_seen,
    sum(cost) as effective,
    sum(list_cost) as list_cost,
    case
        when kind = 'gp2 volume'
        then cast(round(cast(sum(cost) as double) * max(saving) / 100, 2) as decimal(38, 2))
    end as saving
from (
    select
        billing_currency as currency,
        sub_account_id as account,
        region_id as region,
        coalesce(resource_id, sku_id) as resource,
        charge_date,
        coalesce(effective_cost, billed_cost) as cost,
        list_cost,
        saving,
        case
            when regexp_like(words, 'snapshot') then 'snapshot'
            when regexp_like(words, 'gp2') and not regexp_like(words, 'rds:|running ')
            then 'gp2 volume'
            when regexp_like(words, 'magnetic provisioned|ebs:volumeusage ') then 'magnetic volume'
            when regexp_like(words, 'timedstorage-bytehrs|standard storage|storage / month')
            then 'standard storage'
        end as kind
    from (
        select
            billing_currency, sub_account_id, region_id, resource_id, sku_id, charge_date,
            effective_cost, billed_cost, list_cost,
            cast(? as double) as saving,
            lower(concat(coalesce(sku_meter, ''), ' ', coalesce(charge_description, ''), ' ', coalesce(sku_price_details, ''))) as words
        from charges
        where charge_date between ? and ? and charge_category = 'Usage'
    )
)
where kind is not null
group by currency, kind, account, region
order by currency, effective desc, kind, account, region
