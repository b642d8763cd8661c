"""From an event to its verdict columns: the bridge between the wire's dicts and the rules."""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from rules import Charge, Facts, Finding, RuleSet, evaluate
from rules import Evaluation as Judgement
from schemas.amounts import SCALE
from schemas.events import ChargeRecorded
from transforms.context import Context as Evaluation

_QUANTUM = Decimal(1).scaleb(-SCALE)
_ROUNDING = Context(prec=200, rounding=ROUND_HALF_EVEN)
_MICROS = 1_000_000
_DAY = 86_400


class Judge:
    """Judges the charges of one date under one evaluation."""

    def __init__(self, evaluation: Evaluation, charge_date: str) -> None:
        baseline = evaluation.baselines.for_date(charge_date)
        self._date = charge_date
        self._rules: RuleSet = evaluation.rule_set
        self.facts = Facts(evaluation.policy, baseline)
        self._names = {
            "rules_version": evaluation.rule_set.name,
            "policy_version": evaluation.policy.version,
            "baseline_version": baseline.version if baseline else "none",
        }

    def columns(self, event: ChargeRecorded) -> dict[str, Any]:
        """Return the verdict columns of an event, as they stand in its row."""
        return self.row(evaluate(charge_of(event, self._date), self._rules, self.facts))

    def row(self, verdict: Judgement) -> dict[str, Any]:
        """Return what the rules said as the verdict columns of a row."""
        return {
            **self._names,
            "cost_class": verdict.cost_class,
            "tag_status": verdict.tag_status,
            "missing_tags": verdict.missing_tags,
            "findings": [_finding(f) for f in verdict.findings],
        }


def charge_of(event: ChargeRecorded, charge_date: str) -> Charge:
    """Return an event as the rules see it; the date is its partition's."""
    get = event.get
    start = event["charge_period_start"]
    effective = get("effective_cost")
    # `tuple.__new__` is the constructor without its call overhead: this runs for every charge.
    return tuple.__new__(
        Charge,
        (
            event["billing_account_id"],
            get("sub_account_id"),
            get("service_name"),
            get("service_category"),
            get("region_id"),
            get("resource_id"),
            get("sku_id"),
            event["charge_category"],
            get("charge_class"),
            get("charge_frequency"),
            charge_date,
            seconds_of_day(start),
            seconds(start, event["charge_period_end"]),
            event["billing_currency"],
            Decimal(event["billed_cost"]),
            None if effective is None else Decimal(effective),
            get("tags"),
            get("pricing_category"),
            get("commitment_discount_id"),
            get("commitment_discount_status"),
        ),
    )


def seconds_of_day(micros: int) -> int:
    """Return the seconds from midnight, UTC, to a time in microseconds since 1970."""
    return micros // _MICROS % _DAY


def seconds(start: int, end: int) -> int:
    """Return the whole seconds between two times in microseconds since 1970."""
    return (end - start) // _MICROS


def _finding(finding: Finding) -> dict[str, str | None]:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "message": finding.message,
        "amount": stored_text(finding.amount),
        "expected": None if finding.expected is None else stored_text(finding.expected),
    }


def stored_text(value: Decimal) -> str:
    """Return a finding's amount as its row holds it: half-even to twelve decimals, plain."""
    return format(value.quantize(_QUANTUM, context=_ROUNDING).normalize(_ROUNDING), "f")
