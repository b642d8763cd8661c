"""From an event to its verdict columns: the bridge between the wire's dicts and the rules."""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache
from typing import Any

from rules import Charge, Facts, Finding, RuleSet, evaluate
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
        self._facts = Facts(evaluation.policy, baseline)
        self._names = {
            "rules_version": evaluation.rule_set.name,
            "policy_version": evaluation.policy.version,
            "baseline_version": baseline.version if baseline else "none",
        }

    def columns(self, event: ChargeRecorded) -> dict[str, Any]:
        """Return the verdict columns of an event, as they stand in its row."""
        verdict = evaluate(_charge(event, self._date), self._rules, self._facts)
        return {
            **self._names,
            "cost_class": verdict.cost_class,
            "tag_status": verdict.tag_status,
            "missing_tags": verdict.missing_tags,
            "findings": [_finding(f) for f in verdict.findings],
        }


def _charge(event: ChargeRecorded, charge_date: str) -> Charge:
    effective = event["effective_cost"]
    start = event["charge_period_start"]
    return Charge(
        billing_account_id=event["billing_account_id"],
        sub_account_id=event["sub_account_id"],
        service_name=event["service_name"],
        service_category=event["service_category"],
        region_id=event["region_id"],
        resource_id=event["resource_id"],
        sku_id=event["sku_id"],
        charge_category=event["charge_category"],
        charge_class=event["charge_class"],
        charge_frequency=event["charge_frequency"],
        charge_date=charge_date,
        period_seconds=(event["charge_period_end"] - start) // _MICROS,
        period_start_seconds_of_day=start // _MICROS % _DAY,
        billing_currency=event["billing_currency"],
        billed_cost=_decimal(event["billed_cost"]),
        effective_cost=None if effective is None else _decimal(effective),
        tags=event["tags"],
    )


@lru_cache(maxsize=65_536)
def _decimal(text: str) -> Decimal:
    return Decimal(text)


def _finding(finding: Finding) -> dict[str, str | None]:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "message": finding.message,
        "amount": _text(finding.amount),
        "expected": None if finding.expected is None else _text(finding.expected),
    }


def _text(value: Decimal) -> str:
    return format(value.quantize(_QUANTUM, context=_ROUNDING).normalize(_ROUNDING), "f")
