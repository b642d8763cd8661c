-- Everything ever believed: each event once, of every delivery, under the active evaluation.
-- Copies (a record sent or delivered twice) differ in nothing but the file they lie in.
-- The window partitions by charge_date first, or Athena could not prune through it.
select
    delivery_id, ordinal, delivery_mode, billing_account_id, billing_account_name,
    billing_account_type, sub_account_id, sub_account_name, sub_account_type, billing_currency,
    billing_period_start, billing_period_end, charge_period_start, charge_period_end,
    charge_category, charge_class, charge_description, charge_frequency, billed_cost,
    effective_cost, list_cost, contracted_cost, list_unit_price, contracted_unit_price,
    pricing_category, pricing_quantity, pricing_unit, pricing_currency,
    pricing_currency_contracted_unit_price, pricing_currency_effective_cost,
    pricing_currency_list_unit_price, consumed_quantity, consumed_unit, service_category,
    service_subcategory, service_name, provider_name, publisher_name, invoice_issuer_name,
    service_provider_name, host_provider_name, invoice_id, invoice_detail_id, region_id,
    region_name, availability_zone, resource_id, resource_name, resource_type, sku_id,
    sku_price_id, sku_meter, sku_price_details, commitment_discount_id, commitment_discount_name,
    commitment_discount_category, commitment_discount_type, commitment_discount_status,
    commitment_discount_quantity, commitment_discount_unit,
    commitment_program_eligibility_details, capacity_reservation_id, capacity_reservation_status,
    contract_applied, allocated_method_id, allocated_method_details, allocated_resource_id,
    allocated_resource_name, allocated_tags, tags, x_extensions, rules_version, policy_version,
    baseline_version, cost_class, tag_status, missing_tags, findings, evaluation, billing_period,
    charge_date,
    concat(delivery_id, ':', cast(ordinal as varchar)) as event_id
from (
    select
        c.*,
        row_number() over (
            partition by c.charge_date, c.billing_period, c.evaluation, c.delivery_id, c.ordinal
            order by c.baseline_version, c.policy_version
        ) as copy
    from charges_stored c
)
where copy = 1
    and evaluation in (select evaluation from active_evaluation)
