"""Asked once for each distinct input, any rule answers what it answers of the charge itself."""

import zlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rules import (
    RULE_SETS,
    Baseline,
    Charge,
    Facts,
    Finding,
    Rule,
    Verdict,
    default_policy,
    rule_set,
)
from rules.distinct import HAS_TAGS, MORE, TAG_KEY, TAGS, DistinctRule, reads
from rules.engine import answer
from tests.rules.strategies import BASELINES, CHARGES

POLICY = default_policy()
FACTS = Facts(POLICY, None)
READERS = {"billed_cost": Decimal, "effective_cost": Decimal, TAGS: dict}
LOOKS: tuple[Callable[[Charge], Any], ...] = (
    *(lambda c, name=name: getattr(c, name) for name in Charge._fields if name != "tags"),
    lambda c: c.cost,
    lambda c: c.tags is None,
    lambda c: bool(c.tags),
    lambda c: (c.tags or {}).get("application"),
    lambda c: (c.tags or {}).get("environment", "none"),
    lambda c: "x" in (c.tags or {}),
    lambda c: c.tags["x"],  # type: ignore[index]
    lambda c: (c.tags or {}).get(c.service_name or ""),
    lambda c: list(c.tags or {}),
    lambda c: sorted((c.tags or {}).items()),
    lambda c: {**(c.tags or {})},
    lambda c: len(c.tags or {}),
    lambda c: (c.tags or {}) == {"x": "a"},
    lambda c: (c.tags or {}).get(1),  # type: ignore[call-overload]
    lambda c: c[3],
    lambda c: list(c),
    lambda c: c == c._replace(sku_id="a"),
    lambda c: repr(c),
    lambda c: hash(c),
    lambda c: 1 // 0,
)


def _quiet(look: Callable[[Charge], Any]) -> Callable[[Charge], Any]:
    """Look as a rule does that swallows whatever happens."""

    def tried(charge: Charge) -> Any:
        try:
            return look(charge)
        except BaseException as error:
            return type(error).__name__

    return tried


@st.composite
def any_rules(draw: st.DrawFn) -> Rule:
    """A tree of looks at the charge; what is seen decides what is looked at next."""
    looks = st.sampled_from(LOOKS)
    tree = draw(st.lists(looks | looks.map(_quiet), min_size=1, max_size=7))
    finds = draw(st.booleans())

    def rule(charge: Charge, facts: Facts) -> Verdict:
        at, seen = 0, ""
        while at < len(tree):
            seen += str(tree[at](charge))
            at = 2 * at + 1 + (zlib.crc32(seen.encode()) & 1)
        if finds:
            return Verdict(finding=Finding("rule", "info", seen, charge.cost, None))
        return Verdict(cost_class=seen)

    return rule


def _key(inputs: tuple[str, ...], charge: Charge) -> tuple[Any, ...]:
    return tuple(_input(name, charge) for name in inputs)


def _input(name: str, charge: Charge) -> Any:
    tags = charge.tags
    if name == HAS_TAGS:
        return None if tags is None else bool(tags)
    if name.startswith(TAG_KEY):
        return None if tags is None else tags.get(name.removeprefix(TAG_KEY))
    if name == TAGS:
        return None if tags is None else tuple(tags.items())
    value = getattr(charge, name)
    return str(value) if isinstance(value, Decimal) else value


def _judged(rule: DistinctRule, charge: Charge) -> Verdict:
    stage = 0
    while True:
        if stage == len(rule.stages):
            rule.deepen(charge)
        (number,) = rule.numbers(stage, [_key(rule.stages[stage].inputs, charge)])
        if number != MORE:
            return rule.verdicts[number]
        stage += 1


@settings(deadline=None, max_examples=300)
@given(any_rules(), st.lists(CHARGES, min_size=1, max_size=12), st.integers(0, 12))
def test_any_rule_answers_as_it_does_of_the_charge_itself(
    rule: Rule, charges: list[Charge], learnt: int
) -> None:
    distinct = DistinctRule(rule, FACTS, READERS)
    distinct.learn(charges[:learnt])
    for charge in charges:
        assert _judged(distinct, charge) == answer(rule, charge, FACTS)


@settings(deadline=None)
@given(
    st.sampled_from([rule for rules in RULE_SETS.values() for rule in rules.rules]),
    st.none() | BASELINES,
    st.lists(CHARGES, min_size=1, max_size=20),
)
def test_released_rules_answer_as_they_do_of_the_charge_itself(
    rule: Rule, baseline: Baseline | None, charges: list[Charge]
) -> None:
    facts = Facts(default_policy(2), baseline)
    distinct = DistinctRule(rule, facts, READERS)
    distinct.learn(charges[:5])
    for charge in charges:
        assert _judged(distinct, charge) == answer(rule, charge, facts)


@given(CHARGES, CHARGES)
def test_a_rule_is_called_once_for_charges_that_are_equal_in_what_it_reads(
    one: Charge, other: Charge
) -> None:
    calls = []

    def rule(charge: Charge, facts: Facts) -> Verdict:
        calls.append(charge.region_id)
        return Verdict(cost_class=str(charge.region_id))

    distinct = DistinctRule(rule, FACTS, READERS)
    distinct.learn([one])
    calls.clear()
    for charge in (one, other._replace(region_id=one.region_id)):
        assert _judged(distinct, charge).cost_class == str(one.region_id)
    assert calls == [one.region_id]


@given(CHARGES)
def test_validate_tags_reads_keys_and_not_all_tags(charge: Charge) -> None:
    _, validate_tags, _ = rule_set("v1").rules
    usage = charge._replace(charge_category="Usage", charge_class=None, tags={"other": "x"})
    found = reads(validate_tags, usage, FACTS)
    assert {TAG_KEY + key for key in POLICY.tags.required} <= set(found)
    assert TAGS not in found
