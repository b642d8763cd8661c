"""What a resource type is to the deploy: the API calls that make a resource, and what it is then.

Calls are plain values made from the properties alone, so all of them can be held against the APIs
before the first is sent; at that time intrinsic functions may still stand for values.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.local.aws.account import ACCOUNT, REGION
from infra.local.aws.cloudformation.intrinsics import is_intrinsic
from infra.local.aws.cloudformation.shapes import UnfitError

Properties = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a service's API, by botocore's names."""

    service: str
    operation: str
    request: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Made:
    """A resource that was made: what `Ref` gives, and `GetAtt`."""

    ref: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A type of resource.

    Attributes:
        calls: the calls that make it, from its properties; raises `UnfitError`.
        made: what it is, from its properties and the answers to the calls.
        name: the property that names it; a name is made up where a template gives none.
    """

    calls: Callable[[Properties], Sequence[Call]]
    made: Callable[[Properties, Sequence[Mapping[str, Any]]], Made]
    name: str | None = None


def only(properties: Properties, known: Collection[str]) -> None:
    """Refuse properties that are not known.

    Raises:
        UnfitError: naming the first.
    """
    for name in properties:
        if name not in known:
            raise UnfitError(f"unknown property {name}")


def renamed(value: Any, names: Mapping[str, str]) -> Any:
    """Return an object with some of its keys renamed; an intrinsic function as it is."""
    if is_intrinsic(value):
        return value
    return {names.get(key, key): item for key, item in value.items()}


def without(properties: Properties, *names: str) -> dict[str, Any]:
    """Return the properties but some."""
    return {key: value for key, value in properties.items() if key not in names}


def items(value: Any) -> list[Any]:
    """Return a list's items; none of an intrinsic function's, which is no list yet."""
    return [] if value is None or is_intrinsic(value) else list(value)


def arn(service: str, resource: str, region: str = REGION) -> str:
    """Return the ARN of one of our resources."""
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"
