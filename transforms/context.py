"""What the transform judges by: an evaluation's rule set, policy and baselines, loaded once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rules import BaselineSeries, Policy, RuleSet, default_policy, parse_policy, rule_set

FIRST_EVALUATION = "v1"


@dataclass(frozen=True, slots=True)
class Context:
    """An evaluation: its registered name, and the three values it stands for."""

    evaluation: str
    rule_set: RuleSet
    policy: Policy
    baselines: BaselineSeries


def default_context() -> Context:
    """Return the first evaluation: rules v1, the policy we ship, no baseline yet."""
    return Context(FIRST_EVALUATION, rule_set("v1"), default_policy(), BaselineSeries())


def context_from(environment: Mapping[str, str]) -> Context:
    """Read the evaluation from a function's environment.

    `FINOPS_EVALUATION` names it (default `v1`), `FINOPS_RULES` its rule set (default `v1`),
    `FINOPS_POLICY_FILE` a policy document (default: the one we ship).

    Raises:
        FinopsError: an unknown rule set, or a policy document that is not one.
    """
    policy_file = environment.get("FINOPS_POLICY_FILE")
    return Context(
        evaluation=environment.get("FINOPS_EVALUATION", FIRST_EVALUATION),
        rule_set=rule_set(environment.get("FINOPS_RULES", "v1")),
        policy=parse_policy(Path(policy_file).read_bytes()) if policy_file else default_policy(),
        baselines=BaselineSeries(),
    )
