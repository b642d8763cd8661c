"""Which policy a rule set can be given: said where the two are put together, once."""

from rules.errors import PolicyError
from rules.model import RuleSet
from rules.policy import Policy, default_policy


def check_policy(rule_set: RuleSet, policy: Policy) -> Policy:
    """Return the policy, if the rules of the set find in it what they ask for.

    A policy of a later format does for a rule set that asks for an earlier one.

    Raises:
        PolicyError: it lacks sections.
    """
    if policy.format < rule_set.policy_format:
        raise PolicyError(
            "$.format",
            f"rule set {rule_set.name} needs a policy of format {rule_set.policy_format}, and this "
            f"one is of format {policy.format}",
            f"one made from: finops policy show --default {rule_set.name}",
        )
    return policy


def default_policy_for(rule_set: RuleSet) -> Policy:
    """Return the policy that ships with a rule set."""
    return default_policy(rule_set.policy_format)
