"""What the transform judges by: an evaluation's rule set, policy and baselines."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rules import (
    BaselineSeries,
    Policy,
    RuleSet,
    check_policy,
    default_policy,
    default_policy_for,
    parse_policy,
    rule_set,
)
from schemas.lake import is_evaluation
from transforms.errors import EvaluationError

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
    """Read the first evaluation from a function's environment: what a stack's parameters say.

    `FINOPS_EVALUATION` names it (default `v1`), `FINOPS_RULES` its rule set (default `v1`),
    `FINOPS_POLICY` is its policy document and `FINOPS_POLICY_FILE` a file with one (default: the
    one that ships with the rule set). Its baselines are the series of its name, read elsewhere.

    Raises:
        FinopsError: an unknown rule set, or a policy document that is not one.
    """
    name = environment.get("FINOPS_EVALUATION") or FIRST_EVALUATION
    if not is_evaluation(name):
        raise EvaluationError(f"evaluation {name[:40]!r}: use lower-case letters, digits, - and _")
    rules = rule_set(environment.get("FINOPS_RULES") or "v1")
    policy = check_policy(rules, _policy(environment, rules))
    return Context(name, rules, policy, BaselineSeries())


def _policy(environment: Mapping[str, str], rules: RuleSet) -> Policy:
    if text := environment.get("FINOPS_POLICY"):
        return parse_policy(text.encode())
    if file := environment.get("FINOPS_POLICY_FILE"):
        return parse_policy(Path(file).read_bytes())
    return default_policy_for(rules)
