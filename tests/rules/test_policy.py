"""Policy documents: a closed schema, whose errors say where and what to write instead."""

import copy
import json
from decimal import Decimal
from typing import Any

import pytest

from rules import PolicyError, default_policy, parse_policy
from schemas.errors import FinopsError

DOCUMENT = json.loads(default_policy().to_bytes())
FORMAT_2 = json.loads(default_policy(2).to_bytes())


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


def test_format_1_keeps_its_fingerprint() -> None:
    """Rows carry it: the version before there was a second format is still the version."""
    assert default_policy().version == "bdd3951fc885"
    assert (default_policy().format, default_policy(2).format) == (1, 2)
    said = json.dumps({**DOCUMENT, "format": 1}).encode()
    assert parse_policy(said).version == default_policy().version


@pytest.mark.parametrize("form", [1, 2])
def test_a_document_is_read_back(form: int) -> None:
    """What a policy writes is the policy, in either format."""
    policy = default_policy(form)
    assert parse_policy(policy.to_bytes()) == policy
    assert parse_policy(policy.to_bytes()).to_bytes() == policy.to_bytes()
    assert hash(parse_policy(policy.to_bytes())) == hash(policy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 3}, r"policy \$.format: 3 is not known; write 1 or 2"),
        ({"format": "2"}, r"policy \$.format: '2' is not known"),
        ({"format": True}, r"policy \$.format: True is not known"),
        ({"format": 1}, r"policy \$: unknown key 'consistency'"),
        ({"spelling": None}, r"policy \$.spelling: None is not an object"),
        ({"spelling": {"keys": {}}}, r"policy \$.spelling: missing key 'values'"),
        ({"first_seen": {"min_days": 1}}, r"policy \$.first_seen: missing key 'min_monthly_am"),
    ],
)
def test_format_2_is_closed_too(change: dict[str, Any], message: str) -> None:
    """Its sections are all required, and belong to it alone."""
    with pytest.raises(PolicyError, match=message):
        parse_policy(json.dumps({**FORMAT_2, **change}).encode())


@pytest.mark.parametrize(
    ("spelling", "message"),
    [
        ({"keys": {"owner": []}}, r"\$.spelling.keys.owner: it is not among \$.tags.required"),
        ({"values": {"environment": {}}}, r"\$.spelling.values.environment: it allows no value"),
        ({"values": {"environment": {"": []}}}, r"\$.spelling.values.environment: the key '' is"),
        ({"keys": {"environment": "env"}}, r"\$.spelling.keys.environment: 'env' is not a list"),
        ({"values": {"environment": {"prod": [1]}}}, r"environment.prod\[0\]: 1 is empty, rep"),
        (
            {"keys": {"application": ["env"], "environment": ["ENV"]}},
            r"\$.spelling.keys: 'ENV' would mean both 'application' and 'environment'; write each",
        ),
        (
            {"keys": {"environment": ["Business-Unit"]}},
            r"\$.spelling.keys: 'business_unit' would mean both 'environment' and 'business_unit'",
        ),
        (
            {"values": {"environment": {"prod": ["live"], "test": ["Live"]}}},
            r"\$.spelling.values.environment: 'Live' would mean both 'prod' and 'test'",
        ),
    ],
)
def test_spellings_are_checked(spelling: dict[str, Any], message: str) -> None:
    """A typing error in a list that nobody would miss is an error with its path."""
    document = {**FORMAT_2, "spelling": {**FORMAT_2["spelling"], **spelling}}
    with pytest.raises(PolicyError, match=message):
        parse_policy(json.dumps(document).encode())
