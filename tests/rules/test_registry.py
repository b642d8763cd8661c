"""The registry: names lead to rule sets, and a wrong name leads to the right ones."""

import pytest

from rules import LATEST, RULE_SETS, UnknownRuleSet, rule_set
from schemas.errors import FinopsError


def test_names_agree() -> None:
    """A rule set is registered under its own name, and the latest is the last."""
    assert [s.name for s in RULE_SETS.values()] == list(RULE_SETS)
    assert rule_set(LATEST) is list(RULE_SETS.values())[-1]


def test_unknown_name_lists_the_known() -> None:
    """A wrong name is answered with the names there are."""
    with pytest.raises(UnknownRuleSet, match=r"no rule set 'v0'; use one of: v1") as caught:
        rule_set("v0")
    assert isinstance(caught.value, FinopsError)


def test_v1_is_the_three() -> None:
    """The first rule set classifies cost, validates tags and finds low value, in that order."""
    names = [getattr(rule, "__name__", "") for rule in rule_set("v1").rules]
    assert names == ["classify_cost", "validate_tags", "find_low_value"]
