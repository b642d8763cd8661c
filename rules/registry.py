"""The released rule sets, written out: importing a module registers nothing."""

from collections.abc import Mapping

from rules import v1, v2
from rules.errors import UnknownRuleSet
from rules.model import RuleSet

RULE_SETS: Mapping[str, RuleSet] = {
    "v1": v1.RULE_SET,
    "v2": v2.RULE_SET,
}
"""Name to rule set, oldest first."""
LATEST = "v2"


def rule_set(name: str) -> RuleSet:
    """Return a released rule set by its name.

    Raises:
        UnknownRuleSet: there is none of that name; lists the ones there are.
    """
    try:
        return RULE_SETS[name]
    except KeyError:
        raise UnknownRuleSet(name, RULE_SETS) from None
