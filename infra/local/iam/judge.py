"""The verdict on a call, after the IAM guide's "Policy evaluation logic"."""

import re
from collections.abc import Iterable
from enum import Enum
from functools import lru_cache

from infra.local.iam.calls import Call
from infra.local.iam.policy import Condition, Statement


class Verdict(Enum):
    """What a set of statements says to a call."""

    ALLOWED = "allowed"
    NOT_ALLOWED = "not allowed"
    DENIED = "denied"


def judge(
    statements: Iterable[Statement], call: Call, principals: frozenset[str] = frozenset()
) -> Verdict:
    """Return what the statements say: one that denies outweighs all that allow.

    Args:
        statements: of all policies that are about the call.
        call: what is asked for.
        principals: who asks, as `AWS:…` or `Service:…`, in every form a policy may name it by.
    """
    verdict = Verdict.NOT_ALLOWED
    for statement in statements:
        if not applies(statement, call, principals):
            continue
        if not statement.allows:
            return Verdict.DENIED
        verdict = Verdict.ALLOWED
    return verdict


def applies(statement: Statement, call: Call, principals: frozenset[str] = frozenset()) -> bool:
    """Tell whether a statement is about a call."""
    return (
        any(_matches(pattern.lower(), call.action.lower()) for pattern in statement.actions)
        and (
            statement.resources is None
            or any(covers(pattern, call.resource) for pattern in statement.resources)
        )
        and (
            statement.principals is None
            or "*" in statement.principals
            or not principals.isdisjoint(statement.principals)
        )
        and all(_holds(condition, call) for condition in statement.conditions)
    )


def covers(pattern: str, resource: str) -> bool:
    """Tell whether a pattern is about an ARN; a wildcard stays in its part of the ARN."""
    if pattern == "*":
        return True
    parts, wanted = pattern.split(":", 5), resource.split(":", 5)
    return len(parts) == len(wanted) and all(map(_matches, parts, wanted))


def _holds(condition: Condition, call: Call) -> bool:
    value = call.value(condition.key)
    if value is None:
        return False  # what has no value equals nothing
    if condition.operator == "StringLike":
        return any(_matches(pattern, value) for pattern in condition.values)
    if condition.operator == "Bool":
        return value.lower() in {expected.lower() for expected in condition.values}
    return value in condition.values


def _matches(pattern: str, text: str) -> bool:
    return bool(_pattern(pattern).fullmatch(text))


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    """Read IAM's wildcards: `*` is anything, `?` is one character, all else is itself."""
    wild = {"*": ".*", "?": "."}
    return re.compile("".join(wild.get(c) or re.escape(c) for c in text), re.DOTALL)
