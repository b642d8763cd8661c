"""Policy documents: a closed schema, whose errors say where and what to write instead."""

import copy
import json
from decimal import Decimal
from typing import Any

import pytest

from rules import PolicyError, default_policy, parse_policy
from schemas.errors import FinopsError
from tests.rules.cases import DEFAULT_POLICY

DOCUMENT = json.loads(DEFAULT_POLICY.read_text())


def with_value(path: str, value: object) -> bytes:
    document = copy.deepcopy(DOCUMENT)
    *sections, key = path.split(".")
    target: dict[str, Any] = document
    for section in sections:
        target = target[section]
    target[key] = value
    return json.dumps(document).encode()


def without(path: str) -> bytes:
    document = copy.deepcopy(DOCUMENT)
    section, key = path.split(".")
    del document[section][key]
    return json.dumps(document).encode()


def test_default_policy() -> None:
    """The default asks for the tag keys of the FOCUS sample and judges usage only."""
    policy = default_policy()
    assert policy.tags.required == ("application", "environment", "business_unit")
    assert policy.exempt_charge_categories == {"Tax", "Credit", "Purchase", "Adjustment"}
    assert policy.tags.min_monthly_amount == Decimal("1.00")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("extra", 1, r"policy \$: unknown key 'extra'; write an object with the keys exempt_"),
        ("tags.requierd", [], r"policy \$.tags: unknown key 'requierd'; write .* required, "),
        ("tags", [], r"policy \$.tags: \[\] is not an object; write an object with the keys"),
        ("cost.min_days", "14", r"policy \$.cost.min_days: '14' is not a count; write a whole"),
        ("cost.min_days", True, r"policy \$.cost.min_days: True is not a count"),
        ("cost.min_days", 14.0, r"policy \$.cost.min_days: 14.0 is not a count"),
        ("cost.min_days", -1, r"policy \$.cost.min_days: -1 is not a count"),
        ("tags.min_monthly_amount", 1.0, r"_amount: 1.0 is not an amount; write a plain decimal"),
        ("tags.min_monthly_amount", "1e3", r"policy \$.tags.min_monthly_amount: '1e3' is not"),
        ("tags.min_monthly_amount", "NaN", r"policy \$.tags.min_monthly_amount: 'NaN' is not"),
        ("tags.min_monthly_amount", "-1", r"policy \$.tags.min_monthly_amount: '-1' is negative"),
        ("tags.min_monthly_amount", None, r"policy \$.tags.min_monthly_amount: None is not"),
        ("tags.required", "owner", r"policy \$.tags.required: 'owner' is not a list; write a list"),
        ("tags.required", ["a", " "], r"policy \$.tags.required\[1\]: ' ' is empty, repeated"),
        ("tags.required", ["a", "a"], r"policy \$.tags.required\[1\]: 'a' is empty, repeated"),
        ("tags.required", [3], r"policy \$.tags.required\[0\]: 3 is empty, repeated or no text"),
        ("low_value.max_monthly_amount", "0.5", r"\$.low_value.min_monthly_amount: it is above"),
        ("severity.high_monthly_amount", "5", r"\$.severity.medium_monthly_amount: it is above"),
    ],
)
def test_a_wrong_value_is_named(path: str, value: object, message: str) -> None:
    """What breaks the schema is refused in one line: the path, the problem, what to write."""
    with pytest.raises(PolicyError, match=message) as caught:
        parse_policy(with_value(path, value))
    assert isinstance(caught.value, FinopsError)
    assert "\n" not in str(caught.value)


def test_a_missing_key_is_named() -> None:
    """Nothing has a silent default."""
    with pytest.raises(PolicyError, match=r"policy \$.cost: missing key 'min_days'; write"):
        parse_policy(without("cost.min_days"))


@pytest.mark.parametrize("data", [b"", b"[1", b"\xff", b"[]", b'{"tags": 1, "tags": 2}'])
def test_no_policy_at_all(data: bytes) -> None:
    """What is not one JSON object with each key once is refused at the root."""
    with pytest.raises(PolicyError, match=r"policy \$: "):
        parse_policy(data)


def test_layout_does_not_change_the_version() -> None:
    """The version names the values: key order, spaces and trailing zeros do not count."""
    document = dict(reversed(DOCUMENT.items()))
    document["tags"] = DOCUMENT["tags"] | {"min_monthly_amount": "1.000"}
    policy = parse_policy(json.dumps(document, indent=8).encode())
    assert policy == default_policy()
    assert policy.version == default_policy().version


def test_any_value_changes_the_version() -> None:
    """A different policy has a different version."""
    changed = {
        "cost.spike_min_percent": 51,
        "tags.required": ["application", "business_unit", "environment"],
        "tags.exempt_services": ["Amazon Route 53"],
        "severity.high_monthly_amount": "1000.01",
    }
    versions = {parse_policy(with_value(path, value)).version for path, value in changed.items()}
    assert len(versions | {default_policy().version}) == len(changed) + 1
