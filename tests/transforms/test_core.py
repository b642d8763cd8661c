"""The transform: total over bytes, strict about partitions and amounts, exact about rows."""

import json
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import (
    BaselineSeries,
    Charge,
    Facts,
    RuleSet,
    Verdict,
    default_policy,
    rule_set,
)
from schemas import codec
from schemas.codec import ChargeEncoder, Reason
from schemas.lake import FIRST_DATE, LAST_DATE
from schemas.tables import CHARGES_STORED, DELIVERIES_STORED
from tests.strategies import charges, completions, envelopes
from transforms.context import Context, default_context
from transforms.core import Failed, Ok, transform

CONTEXT = default_context()
SEPTEMBER_FIRST = 1_725_148_800_000_000
ENVELOPE: Any = {
    "delivery_id": "d",
    "delivery_mode": "overwrite",
    "source": "focus",
    "mapper_version": "1",
    "billing_period": "2024-09",
    "charge_date": "2024-09-01",
}


def at_home(charge: dict[str, Any]) -> dict[str, Any]:
    """Return the charge with times inside the envelope's partition."""
    times = {"billing_period_start": SEPTEMBER_FIRST, "charge_period_start": SEPTEMBER_FIRST}
    return {**charge, **times, "charge_period_end": SEPTEMBER_FIRST + 3_600_000_000}


def transformed(events: list[dict[str, Any]], **envelope: str) -> Ok | Failed:
    encoder = ChargeEncoder()
    message = encoder.message(ENVELOPE | envelope, [encoder.event(e) for e in events])
    return transform(codec.compress(message), CONTEXT)


@given(st.lists(charges().map(at_home), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_rows_say_what_the_events_say(events: list[dict[str, Any]]) -> None:
    """One row an event, in order: every value, amounts as text, only known columns, no nulls."""
    result = transformed(events)
    assert isinstance(result, Ok)
    assert result.partition_keys == {
        "table": "charges",
        "partition": "evaluation=v1/billing_period=2024-09/charge_date=2024-09-01",
    }
    rows = [json.loads(line) for line in result.data.decode().split("\n")[:-1]]
    columns = {c.name: c for c in CHARGES_STORED.columns}
    assert len(rows) == len(events) == result.rows
    for row, event in zip(rows, events, strict=True):
        assert row.keys() <= columns.keys()
        assert (row["delivery_id"], row["ordinal"]) == ("d", event["ordinal"])
        for name, value in event.items():
            if columns[name].type == "timestamp":
                assert (value is None) == (name not in row)
            else:
                assert row.get(name) == value
        assert (row["rules_version"], row["baseline_version"]) == ("v1", "none")
        assert row["policy_version"] == CONTEXT.policy.version


@given(envelopes(), completions())
@settings(max_examples=60, deadline=None)
def test_a_completion_becomes_one_row_of_deliveries(envelope: Any, completed: Any) -> None:
    """The same stream, another table: the month it was asserted in is its partition."""
    result = transform(codec.compress(codec.encode_completed(envelope, completed)), CONTEXT)
    assert isinstance(result, Ok)
    row = orjson.loads(result.data)
    assert row.keys() <= {c.name for c in DELIVERIES_STORED.columns}
    assert result.partition_keys["table"] == "deliveries"
    month = min(max(row["asserted_at"][:7], FIRST_DATE[:7]), LAST_DATE[:7])
    assert result.partition_keys["partition"] == f"asserted_month={month}"
    assert (row["days"], row["rejected"]) == (completed["days"], completed["rejected"])


@given(charges(), st.sampled_from(["2024-09", "2024/09", "..", ""]), st.text(max_size=12))
@settings(max_examples=100, deadline=None)
def test_no_partition_from_data_escapes(charge: Any, period: str, date: str) -> None:
    """Whatever an envelope says, rows go to a well-formed partition they belong to, or nowhere."""
    result = transformed([charge], billing_period=period, charge_date=date)
    assert isinstance(result, Failed)
    assert result.reason in {Reason.BAD_PARTITION, Reason.BAD_DATUM}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"billed_cost": "abc"}, Reason.BAD_AMOUNT),
        ({"list_cost": "NaN"}, Reason.BAD_AMOUNT),
        ({"list_cost": "1" * 27}, Reason.BAD_AMOUNT),
        ({"list_cost": "0.0000000000001"}, Reason.BAD_AMOUNT),
        ({"charge_period_start": SEPTEMBER_FIRST - 1}, Reason.BAD_PARTITION),
        ({"billing_period_start": SEPTEMBER_FIRST - 1}, Reason.BAD_PARTITION),
        ({"charge_period_end": 2**62}, Reason.BAD_DATUM),
    ],
)
def test_what_the_lake_would_silently_lose_is_refused(
    changes: dict[str, Any], reason: Reason
) -> None:
    """The converter makes null of what is no amount; the transform refuses it before."""
    (charge,) = [at_home(example()) | changes]
    result = transformed([charge])
    assert isinstance(result, Failed)
    assert result.reason is reason


def test_an_exponent_is_written_in_plain_notation() -> None:
    """Another producer may write 4e-07; Hive reads plain decimals."""
    result = transformed([at_home(example()) | {"billed_cost": "4e-07"}])
    assert isinstance(result, Ok)
    assert orjson.loads(result.data)["billed_cost"] == "0.0000004"
    assert Decimal(orjson.loads(result.data)["billed_cost"]) == Decimal("4e-07")


def raises_on_usage(charge: Charge, facts: Facts) -> Verdict:
    """Break on every usage charge."""
    raise ZeroDivisionError("a bug in a rule")


def test_a_rule_that_raises_is_a_finding_and_the_row_arrives() -> None:
    """The finding `rule-error` names the rule; the other rules still speak; no row is lost."""
    rules = RuleSet("broken", (raises_on_usage, *rule_set("v1").rules))
    context = Context("v1", rules, default_policy(), BaselineSeries())
    encoder = ChargeEncoder()
    message = encoder.message(ENVELOPE, [encoder.event(at_home(example()))])
    result = transform(codec.compress(message), context)
    assert isinstance(result, Ok)
    row = orjson.loads(result.data)
    assert [f["rule"] for f in row["findings"]] == ["rule-error", "validate_tags"]
    assert row["findings"][0]["message"] == (
        "raises_on_usage raised ZeroDivisionError: a bug in a rule; the other rules judged it; "
        "mend the rule in the next rule set, then replay"
    )
    assert row["tag_status"] == "missing"
    assert row["rules_version"] == "broken"


def test_an_empty_batch_is_refused() -> None:
    """Ok without data would be a conversion failure, and nothing is ever dropped."""
    result = transformed([])
    assert isinstance(result, Failed)
    assert result.reason is Reason.BAD_DATUM


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_the_core_is_total(data: bytes) -> None:
    """Any bytes are answered."""
    assert isinstance(transform(data, CONTEXT), Ok | Failed)


def example() -> dict[str, Any]:
    """Return a plain charge: required columns set, everything else null."""
    from schemas.tables import FOCUS

    required = {
        "billing_account_id": "payer",
        "billing_currency": "USD",
        "billing_period_end": SEPTEMBER_FIRST + 1,
        "charge_category": "Usage",
        "billed_cost": "1",
    }
    return {c.name: None for c in FOCUS} | required | {"ordinal": 0, "x_extensions": None}
