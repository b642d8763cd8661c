"""Rule: name the first charges of an account, a service or a region."""

from rules.model import Charge, Facts, Finding, Verdict
from rules.v2.novelty import novelty
from rules.worth import monthly, rate

NOTHING = Verdict()


def first_seen(charge: Charge, facts: Facts) -> Verdict:
    """Find usage in an account, of a service or in a region that the history does not know.

    What it finds: an account its payer's history has never seen; in a known account a service, or
    a region, that it has never used; the widest of them, from the policy's amount a month on. One
    finding a day and resource: only the period that starts the day speaks, so that an hourly bill
    does not say it 24 times. Until a baseline knows it, usually for three days, it is said again.

    Why it matters: a service or region nobody has used is how a stolen key, a forgotten trial and
    a new project all begin, and only one of them is welcome.

    When it is wrong: what was last used before the baseline's history is called new; what never
    runs at midnight, UTC, is missed (the class `new` and the daily anomaly job see it); a
    provider that renames a service makes it new; small beginnings stay below the amount.
    """
    limits = facts.policy.first_seen
    if limits is None or charge.period_start_seconds_of_day != 0 or facts.policy.exempts(charge):
        return NOTHING
    worth = monthly(charge.cost, charge)
    if worth < limits.min_monthly_amount:
        return NOTHING
    what = novelty(charge, facts)
    if what is None or facts.baseline is None:
        return NOTHING
    # A message is one line, whatever a name holds.
    named = " ".join(what.split())
    message = f"{named} not seen through {facts.baseline.through}, costs {rate(worth, charge)}"
    return Verdict(finding=Finding("first_seen", "info", message, charge.cost, None))
