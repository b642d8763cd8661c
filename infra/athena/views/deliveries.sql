-- Every delivery once, by its newest assertion, with where it stands under the active evaluation.
select
    s.delivery_id, s.status, s.detail, s.evaluation, s.stored,
    d.source, d.source_name, d.dataset_instance, d.replaces_scope, d.settings,
    d.billing_account_id, d.scope_period, d.delivery_mode, d.asserted_at, d.mapper_version,
    d.events, d.days, d.rejected, d.revision
from delivery_status s
left join (
    select
        delivery_id, source, source_name, dataset_instance, replaces_scope, settings,
        billing_account_id, scope_period, delivery_mode, asserted_at, mapper_version, events, days,
        rejected, revision,
        row_number() over (
            partition by delivery_id order by asserted_at desc, revision desc
        ) as nth
    from deliveries_stored
) d
    on d.delivery_id = s.delivery_id and d.nth = 1
where s.evaluation in (select evaluation from active_evaluation)
