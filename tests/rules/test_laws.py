"""Laws of the released rules, over charges nobody thought of."""

from decimal import ROUND_UP, Decimal, localcontext
from random import Random

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rules import (
    RULE_ERROR,
    RULE_SETS,
    Baseline,
    Charge,
    Facts,
    SeriesStats,
    default_policy,
    evaluate,
    rule_set,
    series_key,
)
from rules.canonical import amount_text
from rules.golden import policy_with
from rules.spelling import plain
from rules.worth import monthly
from tests.rules.strategies import AMOUNTS, BASELINES, CHARGES, STATS

V1 = rule_set("v1")
NAMES = st.sampled_from(sorted(RULE_SETS))
COST_CLASSES = {"normal", "spike", "new", "unknown"}
TAG_STATUSES = {"complete", "incomplete", "missing", "exempt"}


def with_history(charge: Charge, baseline: Baseline, stats: SeriesStats) -> Facts:
    entries = {**baseline.entries, series_key(charge): stats}
    return Facts(default_policy(2), Baseline(baseline.through, baseline.effective_from, entries))


KNOWN = st.builds(lambda c, b, s: (c, with_history(c, b, s)), CHARGES, BASELINES, STATS)
STRANGE = st.builds(lambda c, b: (c, Facts(default_policy(2), b)), CHARGES, st.none() | BASELINES)
ANY = KNOWN | STRANGE


@settings(deadline=None)
@given(ANY, NAMES)
def test_total(case: tuple[Charge, Facts], name: str) -> None:
    """No charge makes a released rule raise, and every column is decided."""
    result = evaluate(case[0], rule_set(name), case[1])
    assert all(finding.rule != RULE_ERROR for finding in result.findings)
    assert result.cost_class in COST_CLASSES
    assert result.tag_status in TAG_STATUSES


@settings(deadline=None)
@given(ANY, NAMES)
def test_the_ambient_decimal_context_does_not_matter(case: tuple[Charge, Facts], name: str) -> None:
    """A caller's precision and rounding change no verdict: it is a function of its arguments."""
    with localcontext() as ambient:
        ambient.prec, ambient.rounding = 3, ROUND_UP
        rough = evaluate(case[0], rule_set(name), case[1])
    assert rough == evaluate(case[0], rule_set(name), case[1])


@settings(deadline=None)
@given(ANY, NAMES)
def test_findings_fit_the_lake(case: tuple[Charge, Facts], name: str) -> None:
    """Every amount a rule reports is one the lake can hold, and every message is one line."""
    for finding in evaluate(case[0], rule_set(name), case[1]).findings:
        amount_text(finding.amount)
        amount_text(finding.expected or finding.amount)
        assert "\n" not in finding.message


@settings(deadline=None)
@given(KNOWN, NAMES)
def test_a_spike_adds_up(case: tuple[Charge, Facts], name: str) -> None:
    """Expected plus amount is the cost, to the last digit; a spike is never free or a refund."""
    charge, facts = case
    result = evaluate(charge, rule_set(name), facts)
    spikes = [f for f in result.findings if f.rule == "classify_cost" and f.expected is not None]
    assert bool(spikes) == (result.cost_class == "spike")
    for spike in spikes:
        with localcontext(prec=80):
            assert spike.amount + (spike.expected or 0) == charge.cost
        assert charge.cost >= spike.amount > 0
        assert charge.charge_class is None


@settings(deadline=None)
@given(KNOWN)
def test_currencies_never_meet(case: tuple[Charge, Facts]) -> None:
    """Against a history in another currency nothing is a spike and nothing is low value."""
    charge, facts = case
    assert facts.baseline is not None
    stats = facts.baseline.stats(charge)
    assume(stats is not None and stats.currency != charge.billing_currency)
    result = evaluate(charge, V1, facts)
    assert result.cost_class in {"unknown", "normal"}
    assert {finding.rule for finding in result.findings} <= {"validate_tags"}


@given(CHARGES)
def test_missing_tags_explain_the_status(charge: Charge) -> None:
    """The status says of the missing keys whether they are none, some or all, in policy order."""
    facts = Facts(default_policy(2), None)
    required = facts.policy.tags.required
    result = evaluate(charge, V1, facts)
    missing = result.missing_tags
    assert missing == tuple(key for key in required if key in missing)
    if result.tag_status == "exempt":
        assert facts.policy.exempts(charge)
        assert not missing
    else:
        some = "incomplete" if missing else "complete"
        assert result.tag_status == ("missing" if missing == required else some)


@given(CHARGES)
def test_tag_findings_are_worth_the_floor(charge: Charge) -> None:
    """Without a baseline every finding is worth the policy's floor in a month."""
    facts = Facts(default_policy(2), None)
    for finding in evaluate(charge, V1, facts).findings:
        assert finding.rule == "validate_tags"
        assert finding.amount == charge.cost
        assert monthly(finding.amount, charge) >= facts.policy.tags.min_monthly_amount


@settings(deadline=None)
@given(CHARGES, BASELINES, STATS, st.decimals(-1, 12, places=2), AMOUNTS)
def test_low_value_is_the_baselines_word(
    charge: Charge, baseline: Baseline, stats: SeriesStats, trailing: Decimal, cost: Decimal
) -> None:
    """A low-value finding is the series' money, whatever the row that carries it costs."""
    charge = charge._replace(charge_date="2024-10-01", period_start_seconds_of_day=0)
    facts = with_history(charge, baseline, stats._replace(trailing_cost=trailing, lead_sku=None))
    other = charge._replace(billed_cost=cost, effective_cost=None)
    told = [
        [f for f in evaluate(row, V1, facts).findings if f.rule == "find_low_value"]
        for row in (charge, other)
    ]
    assert told[0] == told[1]
    limits = facts.policy.low_value
    for finding in told[0]:
        assert finding.amount == trailing
        assert limits.min_monthly_amount <= trailing <= limits.max_monthly_amount


@settings(deadline=None)
@given(CHARGES)
def test_v2_accepts_what_v1_accepts(charge: Charge) -> None:
    """Spelling only forgives, where no value is forbidden: nothing complete becomes a gap."""
    policy = policy_with({"spelling": {"values": {}}}, 2)
    facts = Facts(policy, None)
    before, after = (evaluate(charge, rule_set(name), facts) for name in ("v1", "v2"))
    # A value of separators alone is a value to v1.
    assume(not any(v.strip() and not plain(v) for v in (charge.tags or {}).values()))
    assert set(after.missing_tags) <= set(before.missing_tags)


@settings(deadline=None)
@given(CHARGES, st.randoms())
def test_the_order_of_tags_does_not_matter(charge: Charge, random: Random) -> None:
    """A map has no order: the same tags in another one get the same verdict."""
    shuffled = list((charge.tags or {}).items())
    random.shuffle(shuffled)
    facts = Facts(default_policy(2), None)
    again = charge._replace(tags=dict(shuffled) if charge.tags is not None else None)
    assert evaluate(again, rule_set("v2"), facts) == evaluate(charge, rule_set("v2"), facts)


@settings(deadline=None)
@given(KNOWN)
def test_v2_says_a_new_thing_once(case: tuple[Charge, Facts]) -> None:
    """Where first_seen speaks, the class may be new, and classify_cost has no finding of it."""
    charge, facts = case
    found = [f.rule for f in evaluate(charge, rule_set("v2"), facts).findings if f.expected is None]
    assert not {"first_seen", "classify_cost"} <= set(found)


@settings(deadline=None)
@given(CHARGES, STATS, st.integers(0, 23))
def test_v2_does_not_keep_silent_of_what_v1_calls_new(
    charge: Charge, stats: SeriesStats, hour: int
) -> None:
    """A new charge that v1 has a finding of has one in v2 too, at whatever hour it comes."""
    long_known = stats._replace(first_seen="2024-07-01")
    facts = with_history(charge, Baseline("2024-08-31", "2024-09-01", {}), long_known)
    charge = charge._replace(
        region_id="never seen",
        effective_cost=Decimal(500),
        period_start_seconds_of_day=hour * 3600,
        period_seconds=3600,
    )
    before, after = (
        {f.rule for f in evaluate(charge, rule_set(name), facts).findings} for name in ("v1", "v2")
    )
    assert "classify_cost" not in before or after & {"classify_cost", "first_seen"}
