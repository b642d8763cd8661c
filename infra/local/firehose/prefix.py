"""S3 prefix expressions, `!{namespace:value}`: parsed, bound to keys and evaluated (§4.2)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from infra.local.firehose import limits
from infra.local.firehose.errors import InvalidArgumentError, UnsupportedLocallyError
from infra.local.firehose.identifiers import Identifiers
from infra.local.firehose.time_pattern import TimePattern, UnknownFieldError
from infra.local.store import check_key

_ANY_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
_EXPRESSION = re.compile(r"!\{([^}]*)\}")


@dataclass(frozen=True, slots=True)
class ArrivalTime:
    """`!{timestamp:…}`: arrival of the oldest record in the object."""

    pattern: TimePattern


@dataclass(frozen=True, slots=True)
class RandomString:
    """`!{firehose:random-string}`: new at each instance."""


@dataclass(frozen=True, slots=True)
class ErrorOutputType:
    """`!{firehose:error-output-type}`."""


@dataclass(frozen=True, slots=True)
class PartitionKey:
    """`!{partitionKeyFromLambda:name}`."""

    name: str


Part = str | ArrivalTime | RandomString | ErrorOutputType | PartitionKey

_HOUR = ArrivalTime(TimePattern.parse("yyyy/MM/dd/HH/"))
_HOUR_LENGTH = len("2000/01/01/00/")
"""§4.1: a literal prefix of 512 characters was accepted, and got its hour."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """A prefix as literals and expressions; equal ones make one buffer."""

    parts: tuple[Part, ...]

    @classmethod
    def parse(cls, text: str, setting: str) -> "Prefix":
        """Parse the text of a `Prefix` or `ErrorOutputPrefix`; `setting` is its name in messages.

        Raises:
            InvalidArgumentError: an expression is not one of the service's.
        """
        pieces = _EXPRESSION.split(text)
        if any("!{" in literal for literal in pieces[::2]):
            raise InvalidArgumentError(f"Invalid expression in {setting}: an open '!{{'")
        parts: list[Part] = []
        for index, piece in enumerate(pieces):
            if index % 2:
                parts.append(_expression(piece, setting))
            elif piece:
                parts.append(piece)
        return cls(tuple(parts))

    @property
    def has_expressions(self) -> bool:
        """Whether anything in it is evaluated."""
        return any(not isinstance(part, str) for part in self.parts)

    @property
    def has_error_type(self) -> bool:
        """Whether it names the error output type."""
        return any(isinstance(part, ErrorOutputType) for part in self.parts)

    @property
    def partition_keys(self) -> frozenset[str]:
        """The names of the partition keys it needs."""
        return frozenset(part.name for part in self.parts if isinstance(part, PartitionKey))

    def with_time(self) -> "Prefix":
        """Return what main output is stored under: a prefix without expressions gets the hour.

        The guide promises the hour for every prefix without a timestamp; a probe of the service
        (§4.2) showed that any expression at all switches it off, and that no slash is added.
        """
        return self if self.has_expressions else Prefix((*self.parts, _HOUR))

    def with_error_type(self) -> "Prefix":
        """Return what error output is stored under (guide `s3-prefixes.md`, semantic rules)."""
        if self.has_expressions:
            return self
        return Prefix((*self.parts, ErrorOutputType(), "/", _HOUR))

    def bind(self, keys: Mapping[str, object]) -> "Prefix":
        """Put partition keys in and return the prefix of that partition.

        Raises:
            ValueError: a key is missing, empty or not text.
        """
        texts: list[Part] = []
        for part in self.parts:
            bound = _value(keys, part.name) if isinstance(part, PartitionKey) else part
            if isinstance(bound, str) and texts and isinstance(texts[-1], str):
                texts[-1] += bound  # two ways to the same text are one partition
            else:
                texts.append(bound)
        return Prefix(tuple(texts))

    def evaluate(self, moment: datetime, identifiers: Identifiers, error_type: str = "") -> str:
        """Return the text for an object whose oldest record arrived at `moment`."""
        return "".join(_text(part, moment, identifiers, error_type) for part in self.parts)

    def check(self, identifiers: Identifiers) -> None:
        """Refuse what no store could hold, before data waits for it for ever.

        Raises:
            ValueError: evaluated, it is too long or not the beginning of a storable key.
        """
        text = self.evaluate(_ANY_MOMENT, identifiers, "format-conversion-failed")
        added = _HOUR_LENGTH if self.parts[-1:] == (_HOUR,) else 0
        if len(text) - added > limits.MAX_EVALUATED_PREFIX:
            raise ValueError(f"a prefix longer than {limits.MAX_EVALUATED_PREFIX} characters")
        check_key(text + "object")


def _expression(text: str, setting: str) -> Part:
    namespace, _, value = text.partition(":")
    if namespace == "timestamp":
        try:
            return ArrivalTime(TimePattern.parse(value))
        except UnknownFieldError as error:
            raise UnsupportedLocallyError(f"{error} in a timestamp of {setting}") from None
        except ValueError:
            raise InvalidArgumentError(
                f"Invalid conversion character used in the value of the expression in {setting}"
            ) from None
    if (namespace, value) == ("firehose", "error-output-type"):
        return ErrorOutputType()
    if (namespace, value) == ("firehose", "random-string"):
        return RandomString()
    if namespace == "partitionKeyFromLambda" and value:
        return PartitionKey(value)
    if namespace == "partitionKeyFromQuery":
        raise UnsupportedLocallyError(f"partition keys from a jq query in {setting}")
    raise InvalidArgumentError(f"Invalid expression '!{{{text}}}' in {setting}")


def _value(keys: Mapping[str, object], name: str) -> str:
    value = keys.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError("partitionKeys values must not be null or empty")
    return value


def _text(part: Part, moment: datetime, identifiers: Identifiers, error_type: str) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, ArrivalTime):
        return part.pattern.format(moment)
    if isinstance(part, RandomString):
        return identifiers.random_string()
    if isinstance(part, ErrorOutputType):
        return error_type
    raise ValueError(f"partition key {part.name} is not bound")
