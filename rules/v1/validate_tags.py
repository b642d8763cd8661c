"""Rule: say which required tags a charge lacks."""

from rules.model import Charge, Facts, Finding, Verdict
from rules.worth import monthly, rate, severity

COMPLETE = Verdict(tag_status="complete")
EXEMPT = Verdict(tag_status="exempt")


def validate_tags(charge: Charge, facts: Facts) -> Verdict:
    """Check a charge's tags against the policy's required keys.

    What it finds: `missing` lacks every required key, `incomplete` some, `complete` none; a key
    without a value counts as lacking. Keys match in their exact case, as FOCUS keeps it. Charges
    no one can tag are `exempt`: the policy's categories and services, and corrections, because
    tags do not reach back into closed periods. The status is set on every row; a finding needs
    the policy's floor in money per month, because 1 % of rows hold two thirds of the cost and a
    finding per crumb would hide them.

    Why it matters: untagged cost has no owner, so nobody can be asked about it.

    When it is wrong: `Environment` for `environment` is a gap here, though a person would accept
    it; a service that cannot carry tags must be named in the policy; rows from
    before a tag was activated stay incomplete for ever; many small rows of one untagged resource
    may each stay under the floor, so measure tag coverage by the status, not by the findings.
    """
    limits = facts.policy.tags
    if facts.policy.exempts(charge) or charge.service_name in limits.exempt_services:
        return EXEMPT
    tags = charge.tags or {}
    # A cache by tag set was measured: three look-ups are cheaper than hashing its key.
    lacking = tuple([k for k in limits.required if not (v := tags.get(k)) or v.isspace()])
    if not lacking:
        return COMPLETE
    status = "missing" if len(lacking) == len(limits.required) else "incomplete"
    return Verdict(None, status, lacking, _finding(charge, facts, lacking))


def _finding(charge: Charge, facts: Facts, lacking: tuple[str, ...]) -> Finding | None:
    cost = charge.cost
    if cost <= 0:
        return None
    worth = monthly(cost, charge)
    if worth < facts.policy.tags.min_monthly_amount:
        return None
    message = f"no tag {', '.join(lacking)} on cost of {rate(worth, charge)}"
    return Finding("validate_tags", severity(worth, facts.policy.severity), message, cost, None)
