"""Rule: class each charge as normal, spike, new or unknown against its own history."""

from decimal import Decimal

from rules.model import Charge, Facts, Finding, Verdict
from rules.series import SeriesStats, day
from rules.worth import EXACT, monthly, rate, rise, severity

NORMAL, NEW, UNKNOWN = (Verdict(cost_class=name) for name in ("normal", "new", "unknown"))
ZERO = Decimal(0)


def classify_cost(charge: Charge, facts: Facts) -> Verdict:
    """Compare a charge with what its series used to cost.

    What it finds: a `spike` is above the series' recent level and its level on this weekday, by
    the policy's floors in money and in percent; a `new` series is not in the baseline, or for
    days only; `unknown` has too little history, or one in another currency. All else is `normal`,
    tax, credits, purchases, adjustments and corrections included: they have no usual level to
    leave, while `unknown` would promise that more history will tell.

    Why it matters: it names the resource behind a rise on the day it arrives. Two levels found
    more injected spikes than either alone; scaling by the spread found fewer, so it is not used.

    When it is wrong: a slow creep takes the level along; a planned rise is a spike too; a row is
    judged by the sum of its resource's meters, so a small one may rise unseen (the daily anomaly
    job adds up first); an instance that replaces another is new every time.
    """
    limits, baseline = facts.policy.cost, facts.baseline
    if facts.policy.exempts(charge):
        return NORMAL
    if baseline is None or baseline.history_days < limits.min_days:
        return UNKNOWN
    stats = baseline.stats(charge)
    if stats is None:
        return _new(charge, facts, baseline.through)
    if stats.currency != charge.billing_currency:
        return UNKNOWN
    if stats.days_seen < limits.min_days:
        age = (day(charge.charge_date) - day(stats.first_seen)).days
        return NEW if age < limits.new_series_days else UNKNOWN
    return _spike_or_normal(charge, facts, stats)


def _spike_or_normal(charge: Charge, facts: Facts, stats: SeriesStats) -> Verdict:
    cost, limits = charge.cost, facts.policy.cost
    weekday = stats.weekday_level[day(charge.charge_date).weekday()]
    # The higher level stands for both gates; a history of refunds counts as zero.
    expected = max(stats.level, ZERO if weekday is None else weekday, ZERO)
    if cost <= expected:
        return NORMAL
    excess = EXACT.subtract(cost, expected)
    if EXACT.multiply(excess, 100) < EXACT.multiply(expected, limits.spike_min_percent):
        return NORMAL
    worth = monthly(excess, charge)
    if worth < limits.spike_min_monthly_amount:
        return NORMAL
    message = f"{rise(excess, expected)}, by {rate(worth, charge)}"
    grade = severity(worth, facts.policy.severity)
    return Verdict("spike", finding=Finding("classify_cost", grade, message, excess, expected))


def _new(charge: Charge, facts: Facts, through: str) -> Verdict:
    worth = monthly(charge.cost, charge)
    if worth < facts.policy.cost.new_min_monthly_amount:
        return NEW
    message = f"not seen in the history through {through}, costs {rate(worth, charge)}"
    return Verdict("new", finding=Finding("classify_cost", "info", message, charge.cost, None))
