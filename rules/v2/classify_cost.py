"""Rule: class each charge as normal, spike, new or unknown against its own history."""

from decimal import Decimal

from rules.model import Charge, Facts, Finding, Verdict
from rules.series import SeriesStats, day
from rules.v2.first_seen import first_seen
from rules.worth import EXACT, monthly, rate, rise, severity

NORMAL, NEW, UNKNOWN = (Verdict(cost_class=name) for name in ("normal", "new", "unknown"))
ZERO = Decimal(0)


def classify_cost(charge: Charge, facts: Facts) -> Verdict:
    """Compare a charge with what its series cost lately, and on this weekday.

    What it finds: a `spike` is above two gates, the series' level of the last 14 days and its
    level on this weekday, by the policy's floors in money and in percent. Where the last 14 days
    saw nothing, the level of the whole history stands for the first gate. A `new` series is not
    in the baseline, or for days only; `unknown` has too little history, or one in another
    currency. All else is `normal`, tax, credits, purchases, adjustments and corrections included.

    Why it matters: it names the resource behind a rise on the day it arrives. A series that grew
    and was accepted two weeks ago is no spike any more, and one that was shut down to a trickle
    is one again at a cost it used to have: v1's level of sixty days says neither.

    When it is wrong: a rise that lasts two weeks becomes the level; a planned rise is a spike
    too; a row is judged by the sum of its resource's meters, so a small one may rise unseen; an
    instance that replaces another is new every time. A row that `first_seen` has a finding of has
    none here; the other hours of a new service do, if they are worth it.
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
    recent = stats.level if stats.recent_level is None else stats.recent_level
    # The higher level stands for both gates; a history of refunds counts as zero.
    expected = max(recent, ZERO if weekday is None else weekday, ZERO)
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
    if worth < facts.policy.cost.new_min_monthly_amount or first_seen(charge, facts).finding:
        return NEW
    message = f"not seen in the history through {through}, costs {rate(worth, charge)}"
    return Verdict("new", finding=Finding("classify_cost", "info", message, charge.cost, None))
