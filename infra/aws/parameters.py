"""A template's parameters, checked as CloudFormation checks them before it makes anything."""

import re
from collections.abc import Mapping
from typing import Any

from infra.aws.errors import TemplateError


def parameter_values(template: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """Return a value for every parameter of the template: the given one or its default.

    Raises:
        TemplateError: A parameter is unknown, has no value, or breaks its own constraints.
    """
    declared: Mapping[str, Any] = template.get("Parameters", {})
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise TemplateError(
            f"parameter {unknown[0]} is not in the template; use one of {', '.join(declared)}"
        )
    return {name: _checked(name, rules, given.get(name)) for name, rules in declared.items()}


def _checked(name: str, rules: Mapping[str, Any], given: str | None) -> str:
    if given is None and "Default" not in rules:
        raise TemplateError(f"parameter {name} has no default; give it a value")
    value = str(rules["Default"]) if given is None else given
    reason = _refusal(value, rules)
    if reason:
        raise TemplateError(f"parameter {name} {reason}, not {value!r}; give it another value")
    return value


def _refusal(value: str, rules: Mapping[str, Any]) -> str | None:
    is_list = rules.get("Type") == "CommaDelimitedList"
    members = [m.strip() for m in value.split(",")] if is_list else [value]
    allowed = [str(choice) for choice in rules.get("AllowedValues", members)]
    pattern = str(rules.get("AllowedPattern", "(?s).*"))
    for member in members:
        if member not in allowed:
            return f"must be one of {', '.join(allowed)}"
        if not re.fullmatch(pattern, member):
            return f"must match {pattern}"
    if rules.get("Type") == "Number":
        return _number_refusal(value, rules)
    return None


def _number_refusal(value: str, rules: Mapping[str, Any]) -> str | None:
    if not re.fullmatch(r"-?\d+", value):
        return "must be a whole number"
    low, high = rules.get("MinValue"), rules.get("MaxValue")
    if low is not None and int(value) < int(low):
        return f"must be at least {low}"
    if high is not None and int(value) > int(high):
        return f"must be at most {high}"
    return None
