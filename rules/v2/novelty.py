"""What of a charge the history never saw: its account, or in the account its service or region."""

from rules.model import Charge, Facts


def novelty(charge: Charge, facts: Facts) -> str | None:
    """Return what is seen for the first time, in words; None for nothing, or where nobody knows.

    Only the widest is named: in a new account everything is new.
    """
    baseline, limits = facts.baseline, facts.policy.first_seen
    if baseline is None or limits is None or baseline.history_days < limits.min_days:
        return None
    if not baseline.saw_account(charge):
        return f"account {charge.sub_account_id or charge.billing_account_id}"
    if charge.service_name is not None and not baseline.saw_service(charge):
        return f"service {charge.service_name}"
    if charge.region_id is not None and not baseline.saw_region(charge):
        return f"region {charge.region_id}"
    return None
