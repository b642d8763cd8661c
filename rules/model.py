"""The vocabulary of rules: what a rule is given, what it answers, and how rules form a set."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

from rules.baselines import Baseline
from rules.charge import Charge
from rules.policy import Policy

__all__ = [
    "Charge",
    "Evaluation",
    "Facts",
    "Finding",
    "Rule",
    "RuleSet",
    "Severity",
    "Verdict",
    "rule_name",
]

Severity: TypeAlias = Literal["info", "low", "medium", "high"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule has to say about a charge, with the money it is about."""

    rule: str
    """The rule's function name, or `rule-error`, which no function can be called."""
    severity: Severity
    message: str
    amount: Decimal
    """In the charge's billing currency."""
    expected: Decimal | None
    """What the charge should have cost, where the rule expects an amount."""


class Verdict(NamedTuple):
    """One rule's answer: the columns it decides, and a finding where there is something to say.

    A column left at `None` is not this rule's to decide.
    """

    cost_class: str | None = None
    tag_status: str | None = None
    missing_tags: tuple[str, ...] = ()
    """Read only together with `tag_status`."""
    finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What rules know besides the charge; the same for every charge of one date."""

    policy: Policy
    baseline: Baseline | None
    """The baseline that serves the charge's date; `None` before the first."""


Rule: TypeAlias = Callable[[Charge, Facts], Verdict]
"""One pure function: no clock, no randomness, no input or output, no state."""


def rule_name(rule: Rule) -> str:
    """Return the name a rule's findings carry: the function's."""
    return str(getattr(rule, "__name__", type(rule).__name__))


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A released list of rules, written out; never edited, only followed by the next."""

    name: str
    rules: tuple[Rule, ...]
    policy_format: int = 1
    """The earliest format of a policy that has every section its rules read."""


class Evaluation(NamedTuple):
    """What all rules of a set together say of one charge; a column no rule decided is `unknown`."""

    cost_class: str
    tag_status: str
    missing_tags: tuple[str, ...]
    findings: tuple[Finding, ...]
