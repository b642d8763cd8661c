"""The engine: rules are independent, and none of them can lose a row."""

from decimal import Decimal

import pytest

from rules import Charge, Facts, Finding, RuleSet, Verdict, default_policy, evaluate
from rules.engine import NEXT
from tests.rules.cases import charge

FACTS = Facts(default_policy(), None)
NOTE = Finding("note", "info", "seen", Decimal(1), None)


def spike(_: Charge, __: Facts) -> Verdict:
    return Verdict(cost_class="spike", finding=NOTE)


def tags(_: Charge, __: Facts) -> Verdict:
    return Verdict(tag_status="missing", missing_tags=("owner",), finding=NOTE)


def broken(_: Charge, __: Facts) -> Verdict:
    raise ValueError("no\nsuch thing")


def interrupted(_: Charge, __: Facts) -> Verdict:
    raise KeyboardInterrupt


def test_columns_and_findings_are_collected() -> None:
    """Each rule's columns and findings arrive, in the order of the rules."""
    result = evaluate(charge({}), RuleSet("x", (spike, tags)), FACTS)
    assert result == ("spike", "missing", ("owner",), (NOTE, NOTE))


def test_a_rule_that_raises_becomes_a_finding() -> None:
    """The row is delivered, the other rules run, and the broken one is named in one line."""
    result = evaluate(charge({"effective_cost": "7.5"}), RuleSet("x", (broken, tags)), FACTS)
    error = Finding(
        "rule-error", "high", f"broken raised ValueError: no such thing{NEXT}", Decimal("7.5"), None
    )
    assert result == ("unknown", "missing", ("owner",), (error, NOTE))


def test_an_error_is_worth_the_billed_cost_without_an_effective_one() -> None:
    """The finding's amount is what the row costs."""
    row = charge({"billed_cost": "3", "effective_cost": None})
    assert evaluate(row, RuleSet("x", (broken,)), FACTS).findings[0].amount == 3


def test_no_rules_leave_everything_unknown() -> None:
    """A column that no rule decides is unknown."""
    assert evaluate(charge({}), RuleSet("x", ()), FACTS) == ("unknown", "unknown", (), ())


def test_an_interrupt_is_not_a_verdict() -> None:
    """What ends the process is not swallowed."""
    with pytest.raises(KeyboardInterrupt):
        evaluate(charge({}), RuleSet("x", (interrupted,)), FACTS)


def test_a_long_error_text_is_cut() -> None:
    """A finding travels on the row, so an endless exception text does not."""

    def endless(_: Charge, __: Facts) -> Verdict:
        raise ValueError("x" * 100_000)

    result = evaluate(charge({}), RuleSet("x", (endless,)), FACTS)
    assert len(result.findings[0].message) < 350
