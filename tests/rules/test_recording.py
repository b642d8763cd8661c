"""What a verdict rested on: equal inputs give equal verdicts, and no read goes unseen."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import Baseline, Charge, Facts, Verdict, default_policy, rule_set
from rules.engine import answer
from rules.recording import recorded
from tests.rules.strategies import BASELINES, CHARGES

POLICY = default_policy()
ONE = Charge(
    billing_account_id="a", sub_account_id="b", service_name="s", service_category=None,
    region_id="r", resource_id=None, sku_id="k", charge_category="Usage", charge_class=None,
    charge_frequency=None, charge_date="2024-09-02", period_start_seconds_of_day=0,
    period_seconds=3600, billing_currency="USD", billed_cost=Decimal(1),
    effective_cost=Decimal(2), tags={"application": "x", "environment": "y"},
)  # fmt: skip


def _reads(look: Callable[[Charge], Any], charge: Charge = ONE) -> Any:
    def rule(charge: Charge, facts: Facts) -> Verdict:
        return Verdict(cost_class=str(look(charge)))

    return recorded(rule, charge, Facts(POLICY, None))


@settings(deadline=None)
@given(CHARGES, CHARGES, st.none() | BASELINES, st.sampled_from(rule_set("v1").rules))
def test_a_charge_equal_in_what_was_read_gets_the_same_verdict(
    charge: Charge, other: Charge, baseline: Baseline | None, rule: Any
) -> None:
    facts = Facts(POLICY, baseline)
    record = recorded(rule, charge, facts)
    assert record.verdict == answer(rule, charge, facts)
    twin = other._replace(**{name: getattr(charge, name) for name in record.charge_fields})
    assert answer(rule, twin, facts) == record.verdict


def test_fields_are_named_in_the_order_of_reading() -> None:
    record = _reads(lambda c: (c.sku_id, c.region_id, c.sku_id))
    assert record.charge_fields == ("sku_id", "region_id")
    assert record.verdict.cost_class == "('k', 'r', 'k')"


def test_the_cost_is_the_field_it_came_from() -> None:
    assert _reads(lambda c: c.cost).charge_fields == ("effective_cost",)
    billed = _reads(lambda c: c.cost, ONE._replace(effective_cost=None))
    assert billed.charge_fields == ("effective_cost", "billed_cost")


@pytest.mark.parametrize(
    "look",
    [
        list,
        tuple,
        len,
        hash,
        repr,
        str,
        lambda c: c[0],
        lambda c: c[1:],
        lambda c: c == ONE,
        lambda c: c == ONE,
        lambda c: c != ONE,
        lambda c: "a" in c,
        lambda c: c * 2,
        lambda c: c._replace(sku_id="z"),
        lambda c: c._asdict(),
        lambda c: f"{c}",
        lambda c: (lambda *every: every)(*c),
        lambda c: c < ONE,
        lambda c: c.index("a"),
    ],
)
def test_an_unusual_read_is_a_read_of_everything(look: Callable[[Charge], Any]) -> None:
    assert set(_reads(look).charge_fields) == set(Charge._fields)
    assert _reads(look).all_tags


def test_a_watched_charge_is_a_charge() -> None:
    def look(charge: Charge) -> Any:
        assert isinstance(charge, Charge)
        assert isinstance(charge.tags, dict)
        return type(charge).__name__

    assert _reads(look).verdict.cost_class == "Charge"
    assert _reads(look).charge_fields == ("tags",)


def test_keys_of_tags_are_named_present_or_not() -> None:
    def look(charge: Charge) -> Any:
        tags = charge.tags or {}
        return tags.get("owner"), tags["application"], "team" in tags

    record = _reads(look)
    assert record.tag_keys == ("owner", "application", "team")
    assert not record.all_tags


@pytest.mark.parametrize(
    "look", [list, len, dict, repr, lambda t: {**t}, lambda t: t.items(), lambda t: t == {}]
)
def test_tags_read_as_a_whole(look: Callable[[Any], Any]) -> None:
    assert _reads(lambda c: look(c.tags)).all_tags


def test_the_values_of_policy_and_baseline() -> None:
    classify_cost = rule_set("v1").rules[0]
    key = ("a", "b", "s", "r", "k", 3600)
    baseline = Baseline("2024-08-31", "2024-09-01", {})
    short = recorded(classify_cost, ONE, Facts(POLICY, baseline))
    assert short.policy_paths == ("exempt_charge_categories", "cost.min_days")
    assert [(found.name, found.value) for found in short.baseline] == [("history_days", 0)]
    lenient = replace(POLICY, cost=replace(POLICY.cost, min_days=0))
    new = recorded(classify_cost, ONE, Facts(lenient, baseline))
    assert [found.name for found in new.baseline] == ["history_days", "stats", "through"]
    assert new.baseline[1].key == key and new.baseline[1].value is None
    assert "cost.new_min_monthly_amount" in new.policy_paths


def test_a_rule_that_raises_rested_on_the_cost_too() -> None:
    def rule(charge: Charge, facts: Facts) -> Verdict:
        raise ValueError(charge.sku_id)

    record = recorded(rule, ONE, Facts(POLICY, None))
    assert record.verdict.finding is not None
    assert record.verdict.finding.message.startswith("rule raised ValueError: k;")
    assert record.charge_fields == ("sku_id", "effective_cost")
