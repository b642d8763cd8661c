"""Rule: say which required tags a charge lacks, or has with a value that is not allowed."""

from collections.abc import Mapping

from rules.model import Charge, Facts, Finding, Verdict
from rules.policy import Policy
from rules.spelling import plain
from rules.worth import monthly, rate, severity

COMPLETE = Verdict(tag_status="complete")
EXEMPT = Verdict(tag_status="exempt")
NO_TAGS: Mapping[str, str] = {}
LONGEST = 64
"""Characters of a value that a message repeats."""


def validate_tags(charge: Charge, facts: Facts) -> Verdict:
    """Check a charge's tags against the policy's required keys and allowed values.

    What it finds: `missing` has none of the required keys, `incomplete` lacks some or has a value
    that the policy does not allow, `complete` has all. Keys and values match whatever their case,
    blanks and separators, and by the other spellings the policy names: `Env: PRD` is
    `environment: prod`. A key without a value counts as lacking. Where several tags are one key,
    the key in its own spelling is read, else an allowed value, else the first by name. Charges no
    one can tag are `exempt`: the policy's categories, services and accounts, and corrections. A
    finding needs the policy's floor in money per month; the text of the tags stays as delivered.

    Why it matters: untagged cost has no owner, and `Prod`, `PROD` and `production` are three rows
    of every report, of which each looks right.

    When it is wrong: two meanings that differ in nothing but a separator are one here; an allowed
    list that lags behind calls new values wrong; rows from before a tag was activated stay
    incomplete for ever; many small rows of one untagged resource may each stay under the floor,
    so measure tag coverage by the status, not by the findings.
    """
    policy = facts.policy
    if policy.exempts(charge) or charge.service_name in policy.tags.exempt_services:
        return EXEMPT
    if policy.spelling is not None and charge.sub_account_id in policy.spelling.exempt_accounts:
        return EXEMPT
    tags = NO_TAGS if charge.tags is None else charge.tags
    absent: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    others: Mapping[str, tuple[str, ...]] | None = None
    for key in policy.tags.required:
        value = tags.get(key)
        if value and _allowed(policy, key, value):
            continue
        if others is None:
            others = _by_key(policy, tags)
        found = _chosen(policy, key, value, others.get(key, ()))
        if not found:
            absent += (key,)
        elif not _allowed(policy, key, found):
            refused += ((key, found),)
    if not absent and not refused:
        return COMPLETE
    gaps = {*absent, *(key for key, _ in refused)}
    lacking = tuple([key for key in policy.tags.required if key in gaps])
    status = "missing" if len(absent) == len(policy.tags.required) else "incomplete"
    return Verdict(None, status, lacking, _finding(charge, facts, absent, refused))


def _allowed(policy: Policy, key: str, value: str) -> bool:
    """Tell whether a value says something, and something the policy allows."""
    if not plain(value):
        return False
    table = policy.value_tables.get(key)
    return table is None or plain(value) in table


def _by_key(policy: Policy, tags: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the values of every tag that is a required key in some spelling, by name."""
    found: dict[str, tuple[str, ...]] = {}
    for name in sorted(tags):
        key = policy.key_table.get(plain(name))
        if key is not None:
            found[key] = (*found.get(key, ()), tags[name])
    return found


def _chosen(policy: Policy, key: str, own: str | None, others: tuple[str, ...]) -> str | None:
    """Return the one value of a key that is judged; None where there is none."""
    if own and plain(own):
        return own
    said = [value for value in others if value and plain(value)]
    return next(
        (value for value in said if _allowed(policy, key, value)), said[0] if said else None
    )


def _finding(
    charge: Charge,
    facts: Facts,
    absent: tuple[str, ...],
    refused: tuple[tuple[str, str], ...],
) -> Finding | None:
    cost = charge.cost
    if cost <= 0:
        return None
    worth = monthly(cost, charge)
    if worth < facts.policy.tags.min_monthly_amount:
        return None
    said = [f"no tag {', '.join(absent)}"] if absent else []
    said += [f"{key}={' '.join(value.split())[:LONGEST]} is not allowed" for key, value in refused]
    message = f"{'; '.join(said)} on cost of {rate(worth, charge)}"
    return Finding("validate_tags", severity(worth, facts.policy.severity), message, cost, None)
