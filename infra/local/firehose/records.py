"""A record on its way through the stream: as put, as the Lambda returned it, or failed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from infra.local.firehose.choices import Choices

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Source:
    """A record as a producer put it; `arrival` is aware UTC."""

    data: bytes
    arrival: datetime
    sequence: int
    """Its number in the order in which the stream accepted records."""

    @property
    def size(self) -> int:
        """Its bytes."""
        return len(self.data)


@dataclass(frozen=True, slots=True)
class Output:
    """A record to deliver: the Lambda's data and partition keys, beside what it was made from."""

    source: Source
    data: bytes
    keys: Mapping[str, object]

    @property
    def arrival(self) -> datetime:
        """When the source record arrived."""
        return self.source.arrival

    @property
    def sequence(self) -> int:
        """The source record's."""
        return self.source.sequence

    @property
    def size(self) -> int:
        """The source record's bytes, as the service counts what it delivers (§6)."""
        return self.source.size

    def raw_data(self, choices: Choices) -> bytes:
        """Return what an error line has of it when a step after the Lambda fails it (§13.7)."""
        return self.data if choices.raw_data == "output" else self.source.data


@dataclass(frozen=True, slots=True)
class Failure:
    """A record that goes to the error output, and why."""

    source: Source
    code: str
    message: str
    raw: bytes
    """What the error line carries as `rawData`."""
    attempts: int
    ended: datetime


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """One rendered line of the error output, without its newline."""

    arrival: datetime
    sequence: int
    """The source record's."""
    text: bytes
    size: int
    """The source record's bytes."""


def epoch_millis(moment: datetime) -> int:
    """Return the integer milliseconds since 1970 of an aware moment."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)
