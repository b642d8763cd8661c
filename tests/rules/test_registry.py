"""The registry: names lead to rule sets, and a wrong name leads to the right ones."""

import pytest

from rules import (
    LATEST,
    RULE_SETS,
    PolicyError,
    UnknownRuleSet,
    check_policy,
    default_policy,
    default_policy_for,
    rule_set,
)
from schemas.errors import FinopsError


def test_names_agree() -> None:
    """A rule set is registered under its own name, and the latest is the last."""
    assert [s.name for s in RULE_SETS.values()] == list(RULE_SETS)
    assert rule_set(LATEST) is list(RULE_SETS.values())[-1]


def test_unknown_name_lists_the_known() -> None:
    """A wrong name is answered with the names there are."""
    with pytest.raises(UnknownRuleSet, match=r"no rule set 'v0'; use one of: v1, v2") as caught:
        rule_set("v0")
    assert isinstance(caught.value, FinopsError)


def test_v1_is_the_three() -> None:
    """The first rule set classifies cost, validates tags and finds low value, in that order."""
    names = [getattr(rule, "__name__", "") for rule in rule_set("v1").rules]
    assert names == ["classify_cost", "validate_tags", "find_low_value"]


def test_v2_keeps_one_replaces_two_and_adds_two() -> None:
    """The second rule set, in order; what it keeps is v1's own function."""
    rules = {getattr(rule, "__name__", ""): rule.__module__ for rule in rule_set("v2").rules}
    assert rules == {
        "classify_cost": "rules.v2.classify_cost",
        "validate_tags": "rules.v2.validate_tags",
        "find_low_value": "rules.v1.find_low_value",
        "first_seen": "rules.v2.first_seen",
        "billed_against_effective": "rules.v2.billed_against_effective",
    }


def test_a_rule_set_gets_a_policy_that_has_its_sections() -> None:
    """A policy of an earlier format is refused with the next step; a later one does."""
    with pytest.raises(
        PolicyError, match=r"v2 needs a policy of format 2.*policy show --default v2"
    ):
        check_policy(rule_set("v2"), default_policy())
    for name in RULE_SETS:
        own = default_policy_for(rule_set(name))
        assert check_policy(rule_set(name), own) is own
    assert check_policy(rule_set("v1"), default_policy_for(rule_set("v2")))
