"""Golden cases: files that hold a rule to what it says. A case states only what is not the default.

They are part of the source tree (`tests/rules/golden`), not of the package: whoever runs them says
where they are.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from rules.baselines import Baseline, BaselineSeries, series_key
from rules.canonical import amount_text
from rules.charge import Charge
from rules.engine import evaluate
from rules.model import Evaluation, Facts, Rule, RuleSet
from rules.policy import Policy, default_policy, parse_policy
from rules.registry import RULE_SETS
from rules.series import SeriesStats

DEFAULTS = "defaults.json"
FEWEST_CASES = 6
"""Fewer say too little of a rule: at, below and above each limit, and what it leaves alone."""
_KEYS = {"why", "charge", "baseline", "policy", "expected"}


@dataclass(frozen=True)
class Case:
    """One golden file: a charge, what is known, and what its rule must say."""

    why: str
    charge: Charge
    facts: Facts
    expected: dict[str, Any]


class Goldens:
    """The golden files of a source tree.

    Args:
        root: the folder with `defaults.json` and a folder for each version.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.defaults: dict[str, Any] = json.loads((root / DEFAULTS).read_text("utf-8"))

    def folder(self, rule: Rule) -> Path:
        """Return a rule's golden folder: `VERSION/NAME`, after the module it lives in."""
        return self.root.joinpath(*rule.__module__.split(".")[1:])

    def files(self, rule: Rule) -> list[Path]:
        """Return a rule's golden files, by name."""
        return sorted(self.folder(rule).glob("*.json"))

    def load(self, path: Path) -> Case:
        """Read one golden file.

        Raises:
            ValueError: it is not one, or has a key it should not have.
        """
        case = json.loads(path.read_text("utf-8"))
        if not isinstance(case, dict) or set(case) != _KEYS:
            raise ValueError(f"the keys must be {', '.join(sorted(_KEYS))}")
        version = RULE_SETS.get(path.parent.parent.name)
        form = version.policy_format if version else 1
        judged = self.charge(case["charge"])
        found = self.baseline(case["baseline"]).for_date(judged.charge_date)
        facts = Facts(policy_with(case["policy"], form), found)
        return Case(case["why"], judged, facts, case["expected"])

    def charge(self, overrides: Mapping[str, Any]) -> Charge:
        """Return the default charge with some fields changed."""
        values = {**self.defaults["charge"], **overrides}
        for name in ("billed_cost", "effective_cost"):
            values[name] = None if values[name] is None else Decimal(values[name])
        return Charge(**values)

    def stats(self, overrides: Mapping[str, Any]) -> SeriesStats:
        """Return the default history with some fields changed."""
        values = {**self.defaults["stats"], **overrides}
        for name in ("level", "spread", "trailing_cost", "recent_level"):
            if values.get(name) is not None:
                values[name] = Decimal(values[name])
        weekdays = values["weekday_level"]
        values["weekday_level"] = tuple(None if w is None else Decimal(w) for w in weekdays)
        return SeriesStats(**values)

    def baseline(self, document: Mapping[str, Any] | None) -> BaselineSeries:
        """Return a series of one baseline; `of` says which charge each of its series belongs to."""
        if document is None:
            return BaselineSeries()
        entries = {}
        for series in document["series"]:
            history = {name: value for name, value in series.items() if name != "of"}
            key = series_key(self.charge(series.get("of", {})))
            entries[key] = self.stats(history)
        one = Baseline(document["through"], document["effective_from"], entries)
        return BaselineSeries((one,))


def policy_with(overrides: Mapping[str, Any] | None, form: int = 1) -> Policy:
    """Return the default policy of a format with some values of its sections changed."""
    document = json.loads(default_policy(form).to_bytes())
    for section, values in (overrides or {}).items():
        document[section] |= values
    return parse_policy(json.dumps(document).encode())


def said(rule: Rule, case: Case) -> dict[str, Any]:
    """Return what a rule says of a case, as a golden file writes it."""
    return as_json(evaluate(case.charge, RuleSet("one", (rule,)), case.facts))


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """Return an evaluation as a golden file writes it, amounts as their shortest text."""
    return {
        "cost_class": evaluation.cost_class,
        "tag_status": evaluation.tag_status,
        "missing_tags": list(evaluation.missing_tags),
        "findings": [
            {
                "rule": finding.rule,
                "severity": finding.severity,
                "message": finding.message,
                "amount": amount_text(finding.amount),
                "expected": None if finding.expected is None else amount_text(finding.expected),
            }
            for finding in evaluation.findings
        ],
    }
