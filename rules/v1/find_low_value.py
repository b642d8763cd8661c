"""Rule: name the small costs that recur so quietly that nobody looks at them."""

from rules.model import Charge, Facts, Finding, Verdict
from rules.worth import EXACT, money

NOTHING = Verdict()
DAYS_A_YEAR, TRAILING_DAYS = 365, 30


def find_low_value(charge: Charge, facts: Facts) -> Verdict:
    """Find a resource that costs little, month after month.

    What it finds: a series seen on at least the policy's number of days whose last 30 days cost
    something between the policy's two amounts. Judged on the baseline alone, never on the row:
    a third of real rows bill zero and the median of the others is 0.00004 dollars, so small rows
    say nothing. The lower amount keeps crumbs silent; a policy may set it to zero.

    Why it matters: idle addresses, keys, alarms and snapshots are each too small for a review,
    and by the thousand are not.

    One finding per series and month, so that amounts can be added: only the row of the series'
    lead SKU speaks, and only in the period that starts the month. Which row that is depends on
    the row alone, so replay and reordering repeat it. What recurs is there at that hour.

    When it is wrong: small is not useless; a resource whose price fell, or one that is charged
    by the hour and by the day, shows only a part; what never runs at midnight of the first is
    missed; a lead SKU on two rows of that hour (part covered by a commitment) speaks twice.
    """
    if charge.period_start_seconds_of_day != 0 or not charge.charge_date.endswith("-01"):
        return NOTHING
    if facts.baseline is None or facts.policy.exempts(charge):
        return NOTHING
    stats = facts.baseline.stats(charge)
    if stats is None or stats.currency != charge.billing_currency:
        return NOTHING
    if stats.lead_sku is not None and stats.lead_sku != charge.sku_id:
        return NOTHING
    limits, cost = facts.policy.low_value, stats.trailing_cost
    if stats.days_seen < limits.min_days or not (
        cost > 0 and limits.min_monthly_amount <= cost <= limits.max_monthly_amount
    ):
        return NOTHING
    year = EXACT.divide(EXACT.multiply(cost, DAYS_A_YEAR), TRAILING_DAYS)
    message = (
        f"seen on {stats.days_seen} days, {money(cost, charge)} in the last {TRAILING_DAYS}, "
        f"{money(year, charge)} a year"
    )
    return Verdict(finding=Finding("find_low_value", "info", message, cost, None))
