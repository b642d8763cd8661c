"""What we think of a charge: pure, versioned rules, and the values they are given.

`evaluate(charge, rule_set("v1"), Facts(default_policy(), baselines.for_date(charge_date)))` is all
of it. The package must not know where charges come from or where verdicts go.
"""

from rules.baselines import Baseline, BaselineSeries, SeriesKey, SeriesStats, series_key
from rules.charge import Charge
from rules.engine import RULE_ERROR, evaluate
from rules.errors import BaselineError, LedgerError, PolicyError, UnknownRuleSet
from rules.model import Evaluation, Facts, Finding, Rule, RuleSet, Severity, Verdict
from rules.policy import Policy, default_policy, parse_policy
from rules.registry import LATEST, RULE_SETS, rule_set
from rules.requirements import check_policy, default_policy_for

__all__ = [
    "LATEST",
    "RULE_ERROR",
    "RULE_SETS",
    "Baseline",
    "BaselineError",
    "BaselineSeries",
    "Charge",
    "Evaluation",
    "Facts",
    "Finding",
    "LedgerError",
    "Policy",
    "PolicyError",
    "Rule",
    "RuleSet",
    "SeriesKey",
    "SeriesStats",
    "Severity",
    "UnknownRuleSet",
    "Verdict",
    "check_policy",
    "default_policy",
    "default_policy_for",
    "evaluate",
    "parse_policy",
    "rule_set",
    "series_key",
]
