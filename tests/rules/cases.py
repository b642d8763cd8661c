"""Golden cases as values: a case states only what differs from `golden/defaults.json`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from rules import (
    Baseline,
    BaselineSeries,
    Charge,
    Evaluation,
    Facts,
    Policy,
    Rule,
    SeriesStats,
    parse_policy,
    series_key,
)
from rules import policy as policy_module
from rules.canonical import amount_text

GOLDEN = Path(__file__).parent / "golden"
DEFAULTS = json.loads((GOLDEN / "defaults.json").read_text())
DEFAULT_POLICY = Path(policy_module.__file__).parent / "policies" / policy_module.DEFAULT
KEYS = {"why", "charge", "baseline", "policy", "expected"}


@dataclass(frozen=True)
class Case:
    """One golden file: a charge, what is known, and what its rule must say."""

    why: str
    charge: Charge
    facts: Facts
    expected: dict[str, Any]


def folder(rule: Rule) -> Path:
    """Return a rule's golden folder: `golden/<version>/<name>`, after the module it lives in."""
    return GOLDEN.joinpath(*rule.__module__.split(".")[1:])


def load(path: Path) -> Case:
    """Read one golden file; a key it should not have is an error."""
    case = json.loads(path.read_text())
    if set(case) != KEYS:
        raise ValueError(f"{path}: the keys must be {sorted(KEYS)}")
    judged = charge(case["charge"])
    found = baseline(case["baseline"]).for_date(judged.charge_date)
    return Case(case["why"], judged, Facts(policy(case["policy"]), found), case["expected"])


def charge(overrides: Mapping[str, Any]) -> Charge:
    """Return the default charge with some fields changed."""
    values = {**DEFAULTS["charge"], **overrides}
    for name in ("billed_cost", "effective_cost"):
        values[name] = None if values[name] is None else Decimal(values[name])
    return Charge(**values)


def stats(overrides: Mapping[str, Any]) -> SeriesStats:
    """Return the default history with some fields changed."""
    values = {**DEFAULTS["stats"], **overrides}
    for name in ("level", "spread", "trailing_cost"):
        values[name] = Decimal(values[name])
    weekdays = values["weekday_level"]
    values["weekday_level"] = tuple(None if w is None else Decimal(w) for w in weekdays)
    return SeriesStats(**values)


def baseline(document: Mapping[str, Any] | None) -> BaselineSeries:
    """Return a series of one baseline; `of` says which charge each of its series belongs to."""
    if document is None:
        return BaselineSeries()
    entries = {}
    for series in document["series"]:
        history = {name: value for name, value in series.items() if name != "of"}
        entries[series_key(charge(series.get("of", {})))] = stats(history)
    one = Baseline(document["through"], document["effective_from"], entries)
    return BaselineSeries((one,))


def policy(overrides: Mapping[str, Any] | None) -> Policy:
    """Return the default policy with some values of its sections changed."""
    document = json.loads(DEFAULT_POLICY.read_text())
    for section, values in (overrides or {}).items():
        document[section] |= values
    return parse_policy(json.dumps(document).encode())


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
