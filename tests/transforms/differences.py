"""Strategies for differences: verdicts on a charge, and the values two sides judge by."""

import json
from decimal import Decimal

from hypothesis import strategies as st

from rules import RULE_ERROR, BaselineSeries, Evaluation, Finding, Policy, parse_policy, rule_set
from rules.canonical import canonical_json
from rules.requirements import default_policy_for
from tests.rules.strategies import BASELINES, CHARGES
from transforms.context import Context
from transforms.differences.rows import Compared

AMOUNTS = st.sampled_from([Decimal(t) for t in ("0", "1", "-2.5", "0.000000000001", "9e20")])
MESSAGES = st.sampled_from(["said so", "said it so"])
SEVERITIES = st.sampled_from(["low", "high"])
FINDINGS = st.one_of(
    st.builds(
        Finding,
        rule=st.sampled_from(["one", "two"]),
        severity=SEVERITIES,
        message=MESSAGES,
        amount=AMOUNTS,
        expected=st.none() | AMOUNTS,
    ),
    st.builds(
        Finding,
        rule=st.just(RULE_ERROR),
        severity=st.just("high"),
        message=st.sampled_from(["one raised E: x", "two raised E: x", "two raised E: y"]),
        amount=AMOUNTS,
        expected=st.none(),
    ),
)
VERDICTS = st.builds(
    Evaluation,
    st.sampled_from(["normal", "spike"]),
    st.sampled_from(["complete", "missing"]),
    st.lists(st.sampled_from(["a", "b"]), unique=True).map(tuple),
    st.lists(FINDINGS, max_size=4).map(tuple),
)


@st.composite
def events(draw: st.DrawFn) -> list[Compared]:
    """Some events with the verdicts of both sides, each with an id of its own."""
    pairs = draw(st.lists(st.tuples(CHARGES, VERDICTS, VERDICTS), max_size=12))
    return [Compared(f"d:{i}", charge, *verdicts) for i, (charge, *verdicts) in enumerate(pairs)]


def policy(rules: str, **changed: dict[str, object]) -> Policy:
    """Return the policy shipped for a rule set, with other values in some sections."""
    document = json.loads(default_policy_for(rule_set(rules)).to_bytes())
    if "spelling" in document:
        # Spellings are of required keys only, which these tests change.
        document["spelling"] |= {"keys": {}, "values": {}}
    for section, values in changed.items():
        document[section] = {**document[section], **values}
    return parse_policy(canonical_json(document))


@st.composite
def contexts(draw: st.DrawFn) -> Context:
    """What a side may judge by: either rule set, some policy near the shipped one, a baseline."""
    rules = draw(st.sampled_from(["v1", "v2"]))
    chosen = policy(
        rules,
        cost={
            "min_days": draw(st.sampled_from([1, 14])),
            "spike_min_percent": draw(st.sampled_from([0, 50])),
            "new_min_monthly_amount": draw(st.sampled_from(["0", "100.00"])),
        },
        tags={
            "required": draw(st.sampled_from([["application"], ["environment", "application"]])),
            "min_monthly_amount": draw(st.sampled_from(["0", "1.00"])),
        },
        low_value={"min_days": draw(st.sampled_from([1, 28]))},
    )
    baselines = draw(st.lists(BASELINES, max_size=1))
    return Context("e", rule_set(rules), chosen, BaselineSeries(tuple(baselines)))
