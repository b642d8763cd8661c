-- The truth now: of each scope and day the delivery that settle wrote down, and every append row.
select
    a.delivery_id, a.ordinal, a.delivery_mode, a.billing_account_id, a.billing_account_name,
    a.billing_account_type, a.sub_account_id, a.sub_account_name, a.sub_account_type,
    a.billing_currency, a.billing_period_start, a.billing_period_end, a.charge_period_start,
    a.charge_period_end, a.charge_category, a.charge_class, a.charge_description,
    a.charge_frequency, a.billed_cost, a.effective_cost, a.list_cost, a.contracted_cost,
    a.list_unit_price, a.contracted_unit_price, a.pricing_category, a.pricing_quantity,
    a.pricing_unit, a.pricing_currency, a.pricing_currency_contracted_unit_price,
    a.pricing_currency_effective_cost, a.pricing_currency_list_unit_price, a.consumed_quantity,
    a.consumed_unit, a.service_category, a.service_subcategory, a.service_name, a.provider_name,
    a.publisher_name, a.invoice_issuer_name, a.service_provider_name, a.host_provider_name,
    a.invoice_id, a.invoice_detail_id, a.region_id, a.region_name, a.availability_zone,
    a.resource_id, a.resource_name, a.resource_type, a.sku_id, a.sku_price_id, a.sku_meter,
    a.sku_price_details, a.commitment_discount_id, a.commitment_discount_name,
    a.commitment_discount_category, a.commitment_discount_type, a.commitment_discount_status,
    a.commitment_discount_quantity, a.commitment_discount_unit,
    a.commitment_program_eligibility_details, a.capacity_reservation_id,
    a.capacity_reservation_status, a.contract_applied, a.allocated_method_id,
    a.allocated_method_details, a.allocated_resource_id, a.allocated_resource_name,
    a.allocated_tags, a.tags, a.x_extensions, a.rules_version, a.policy_version,
    a.baseline_version, a.cost_class, a.tag_status, a.missing_tags, a.findings, a.evaluation,
    a.billing_period, a.charge_date,
    a.event_id
from charges_all a
left join (
    select distinct evaluation, billing_period, charge_date, delivery_id from current_state
) s
    on s.evaluation = a.evaluation
    and s.billing_period = a.billing_period
    and s.charge_date = a.charge_date
    and s.delivery_id = a.delivery_id
where a.delivery_mode = 'append' or s.delivery_id is not null
