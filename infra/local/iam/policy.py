"""Policy documents, read into statements; what is not understood is refused."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

OPERATORS = ("StringEquals", "StringLike", "Bool")
CONDITION_KEYS = ("aws:sourceaccount", "aws:securetransport", "s3:prefix", "sts:externalid")
"""In lower case, as IAM compares them. A key that we do not know might have a value on AWS."""
_DOCUMENT = {"Version", "Id", "Statement"}
_STATEMENT = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}
_VERSION = "2012-10-17"
_ACTION = re.compile(r"\*|[a-z0-9-]+:[A-Za-z*?]+")
_ACCOUNT = re.compile(r"AWS:([0-9]{12}|.*:root)")


class NotUnderstoodError(Exception):
    """A policy says something that this IAM does not know; the call it is about is denied."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key: true where the call's value is one of `values`."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement.

    Attributes:
        sid: its name; empty where it has none.
        allows: whether it allows or denies.
        actions: patterns.
        resources: patterns of ARNs; None in the trust policy of a role, which is about that role.
        principals: whom it is about, as `*`, `Service:…` or `AWS:…`; None in a policy of a role,
            which is about that role.
        conditions: all of which have to hold.
    """

    sid: str
    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...] | None
    principals: tuple[str, ...] | None
    conditions: tuple[Condition, ...]


@lru_cache(maxsize=256)
def parse_policy(document: str) -> tuple[Statement, ...]:
    """Return the statements of a policy document.

    Raises:
        NotUnderstoodError: naming what this IAM does not know.
    """
    policy = json.loads(document)
    _only("a policy", policy, _DOCUMENT)
    if policy.get("Version") != _VERSION:
        raise NotUnderstoodError(f"Version {policy.get('Version')!r} instead of {_VERSION!r}")
    return tuple(_statement(entry) for entry in _listed(policy["Statement"]))


def _statement(entry: Mapping[str, Any]) -> Statement:
    _only("a statement", entry, _STATEMENT)
    effect = entry.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise NotUnderstoodError(f"Effect {effect!r}")
    return Statement(
        sid=entry.get("Sid", ""),
        allows=effect == "Allow",
        actions=tuple(map(_action, _listed(entry.get("Action")))),
        resources=_resources(entry.get("Resource")),
        principals=_principals(entry.get("Principal")),
        conditions=tuple(_conditions(entry.get("Condition") or {})),
    )


def _action(text: str) -> str:
    if not _ACTION.fullmatch(text):
        raise NotUnderstoodError(f"Action {text!r}")
    return text


def _resources(entry: Any) -> tuple[str, ...] | None:
    if entry is None:
        return None
    for text in _listed(entry):
        if text != "*" and text.count(":") < 5:
            raise NotUnderstoodError(f"Resource {text!r}, which is no ARN")
    return tuple(map(_literal, _listed(entry)))


def _principals(entry: Any) -> tuple[str, ...] | None:
    if entry is None:
        return None
    if entry == "*":
        return ("*",)
    _only("Principal", entry, {"AWS", "Service"})
    named = [f"{kind}:{name}" for kind, names in entry.items() for name in _listed(names)]
    for name in named:
        if _ACCOUNT.fullmatch(name):
            # To allow means to leave it to the account's own policies, to deny is for everybody.
            raise NotUnderstoodError(f"the account as Principal, {name}")
    return tuple("*" if name == "AWS:*" else name for name in named)


def _conditions(entry: Mapping[str, Any]) -> list[Condition]:
    found = []
    for operator, tests in entry.items():
        if operator not in OPERATORS:
            raise NotUnderstoodError(f"the condition operator {operator}")
        for key, values in tests.items():
            if key.lower() not in CONDITION_KEYS:
                raise NotUnderstoodError(f"the condition key {key}")
            found.append(Condition(operator, key, tuple(map(_text, _listed(values)))))
    return found


def _text(value: Any) -> str:
    return _literal(str(value).lower() if isinstance(value, bool) else str(value))


def _literal(text: str) -> str:
    if "${" in text:
        raise NotUnderstoodError(f"the variable in {text!r}")
    return text


def _listed(value: Any) -> list[Any]:
    if value is None:
        raise NotUnderstoodError("a statement without Action")
    return list(value) if isinstance(value, list | tuple) else [value]


def _only(where: str, entry: Any, known: set[str]) -> None:
    if not isinstance(entry, Mapping):
        raise NotUnderstoodError(f"{where} that is {entry!r}")
    for name in entry:
        if name not in known:
            raise NotUnderstoodError(f"{name} in {where}")
