"""Holds a request against the API's own description of it, as botocore has it."""

from typing import Any

from botocore.model import Shape

from infra.local.aws.cloudformation.intrinsics import is_intrinsic

_WHOLE = {"integer", "long"}
_FRACTION = {"float", "double"}
_TRUTH = {"true": True, "false": False}


class UnfitError(Exception):
    """A value is not what the API takes; the message says where and why."""


def fit(value: Any, shape: Shape, path: str = "") -> Any:
    """Return the value as the API's shape wants it: CloudFormation writes numbers as it likes.

    What is still an intrinsic function passes as it is, so a template can be held against its
    shapes before anything is made.

    Raises:
        UnfitError: a member is unknown, or a value is of another type.
    """
    if is_intrinsic(value):
        return value
    kind = shape.type_name
    if kind == "structure":
        return _structure(value, shape, path)
    if kind == "list":
        _check(isinstance(value, list), value, "a list", path)
        member: Shape = shape.member
        return [fit(item, member, f"{path}[{i}]") for i, item in enumerate(value)]
    if kind == "map":
        _check(isinstance(value, dict), value, "a map", path)
        member = shape.value
        return {key: fit(item, member, f"{path}.{key}") for key, item in value.items()}
    return _scalar(value, kind, path)


def _structure(value: Any, shape: Shape, path: str) -> dict[str, Any]:
    _check(isinstance(value, dict), value, "an object", path)
    members: dict[str, Shape] = shape.members
    for name in value:
        if name not in members:
            raise UnfitError(f"unknown property {_below(path, name)}")
    return {name: fit(item, members[name], _below(path, name)) for name, item in value.items()}


def _scalar(value: Any, kind: str, path: str) -> Any:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if kind == "boolean":
        _check(text.lower() in _TRUTH, value, "true or false", path)
        return _TRUTH[text.lower()]
    if kind in _WHOLE | _FRACTION:
        try:
            return int(text) if kind in _WHOLE else float(text)
        except ValueError:
            raise UnfitError(f"{path} is {value!r}, not a number") from None
    if kind == "string":
        _check(not isinstance(value, dict | list), value, "a text", path)
        return text
    return value


def _check(fits: bool, value: Any, wanted: str, path: str) -> None:
    if not fits:
        raise UnfitError(f"{path} is {value!r}, not {wanted}")


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
