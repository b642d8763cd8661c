"""From an event to its verdict columns: the bridge between the wire's dicts and the rules."""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from rules import Charge, Facts, Finding, RuleSet, evaluate
from rules import Evaluation as Judgement
from rules.shards import Account
from schemas.amounts import SCALE
from schemas.events import ChargeRecorded
from transforms.context import Context as Evaluation
from transforms.sharded_baseline import ShardedBaseline

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
        """What the rules know besides a charge; of a sharded baseline, after `load`."""
        self._sharded = baseline if isinstance(baseline, ShardedBaseline) else None
        self._account: Account | None = None
        self._names = {
            "rules_version": evaluation.rule_set.name,
            "policy_version": evaluation.policy.version,
            "baseline_version": baseline.version if baseline else "none",
        }

    def in_order(self, events: list[ChargeRecorded]) -> list[ChargeRecorded]:
        """Return the events in the order to judge them in: of a sharded baseline, shard by shard.

        Each shard is loaded once a record then, however its accounts are mixed.
        """
        sharded = self._sharded
        if sharded is None:
            return events
        return sorted(events, key=lambda event: sharded.shard_of(_account(event)))

    def columns(self, event: ChargeRecorded) -> dict[str, Any]:
        """Return the verdict columns of an event, as they stand in its row.

        Raises:
            BaselineError: the baseline's shard of its account is missing or damaged.
        """
        if self._sharded is not None:
            self.load(_account(event))
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

    def load(self, account: Account) -> None:
        """Put an account's history at hand in `facts`, before a rule runs: rules load nothing.

        Raises:
            BaselineError: the baseline's shard of the account is missing or damaged.
        """
        if self._sharded is not None and account != self._account:
            self.facts = Facts(self.facts.policy, self._sharded.for_account(account))
            self._account = account


def _account(event: ChargeRecorded) -> Account:
    return event["billing_account_id"], event.get("sub_account_id")


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
    """Return an amount as a row holds it: plain notation, twelve decimals, rounded half-even."""
    return format(value.quantize(_QUANTUM, context=_ROUNDING).normalize(_ROUNDING), "f")
