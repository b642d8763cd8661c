"""Reading the API's nested dictionaries: typed access that refuses what it does not know."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from infra.local.firehose.errors import (
    InvalidArgumentError,
    UnsupportedLocallyError,
    ValidationError,
)

_BUCKET_ARN = re.compile(r"arn:[\w-]+:s3:::([a-z0-9.-]+)\Z")


class Shape:
    """One structure of a request; `path` is its name in messages.

    Every member is read by name, and members that nobody reads are refused, so that no setting is
    silently without effect. `ignored` are members that change nothing on a laptop.
    """

    def __init__(self, value: object, path: str, members: str, ignored: str = "") -> None:
        if not isinstance(value, Mapping):
            raise ValidationError(f"{path} must be a structure")
        known = {*members.split(), *ignored.split()}
        unknown = sorted(set(value) - known)
        if unknown:
            raise UnsupportedLocallyError(f"{path}.{unknown[0]}")
        self._value: Mapping[str, Any] = value
        self._path = path

    def path(self, name: str) -> str:
        """Return the full name of a member."""
        return f"{self._path}.{name}"

    def raw(self, name: str) -> Any:
        """Return a member as it is, None when absent."""
        return self._value.get(name)

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text member; without a default it is required."""
        value: str = self._typed(name, str, default)
        return value

    def flag(self, name: str, default: bool) -> bool:
        """Return a boolean member."""
        value: bool = self._typed(name, bool, default)
        return value

    def number(self, name: str, default: int) -> int:
        """Return an integer member."""
        value: int = self._typed(name, int, default)
        return value

    def items(self, name: str) -> Sequence[Any]:
        """Return a list member, empty when absent."""
        value: list[Any] = self._typed(name, list, [])
        return value

    def bucket(self, name: str = "BucketARN") -> str:
        """Return the bucket's name from its ARN."""
        match = _BUCKET_ARN.match(self.text(name))
        if not match:
            raise ValidationError(f"{self.path(name)} is not the ARN of a bucket")
        return match[1]

    def _typed(self, name: str, kind: type[Any], default: Any) -> Any:
        value = self._value.get(name)
        if value is None:
            if default is None:
                raise InvalidArgumentError(f"{self.path(name)} must not be null")
            return default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise ValidationError(f"{self.path(name)} must be of type {kind.__name__}")
        return value
