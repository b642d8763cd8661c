"""How long an event may be on its way: told by the stream's own settings, never by a copy of them.

An event that is in one place of the lake and not yet in the other is in flight while the buffers
may hold it, late while Firehose may still be trying, and missing after that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

BUFFER_STRETCH = 1.5
"""Buffers may take half as long again as they are told (Amazon Data Firehose, buffering hints)."""
FUNCTION_SECONDS = 300
"""Firehose waits five minutes for one invocation of the transform, and tries again."""


class Stage(StrEnum):
    """Where an event is that has not arrived."""

    IN_FLIGHT = "in-flight"
    LATE = "late"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class StreamTimes:
    """A stream's settings that say how long it may keep a record; seconds."""

    function_buffer: int
    function_retries: int
    buffer: int
    backup_buffer: int
    partition_retry: int

    @classmethod
    def of(cls, description: Mapping[str, Any]) -> "StreamTimes":
        """Read them from `DescribeDeliveryStream`."""
        (destination,) = description["DeliveryStreamDescription"]["Destinations"]
        s3 = destination["ExtendedS3DestinationDescription"]
        given = {
            parameter["ParameterName"]: parameter["ParameterValue"]
            for processor in s3["ProcessingConfiguration"]["Processors"]
            for parameter in processor["Parameters"]
        }
        retry = s3.get("DynamicPartitioningConfiguration", {}).get("RetryOptions", {})
        return cls(
            function_buffer=int(float(given.get("BufferIntervalInSeconds", 0))),
            function_retries=int(given.get("NumberOfRetries", 0)),
            buffer=s3["BufferingHints"]["IntervalInSeconds"],
            backup_buffer=s3["S3BackupDescription"]["BufferingHints"]["IntervalInSeconds"],
            partition_retry=retry.get("DurationInSeconds", 0),
        )

    @property
    def buffered(self) -> timedelta:
        """How long after the time in an object's name its last record may be in buffers.

        The name has the time of the object's oldest record; the youngest came an interval later.
        """
        longest = max(self.buffer, self.backup_buffer)
        return timedelta(seconds=BUFFER_STRETCH * (longest + self.function_buffer + longest))

    @property
    def retried(self) -> timedelta:
        """How long Firehose may go on trying beyond that."""
        attempts = (self.function_retries + 1) * FUNCTION_SECONDS
        return timedelta(seconds=attempts + self.partition_retry)


@dataclass(frozen=True, slots=True)
class Flight:
    """Tells what is on its way at a moment.

    Attributes:
        now: the moment, aware.
        times: the stream's.
    """

    now: datetime
    times: StreamTimes

    def stage(self, landed: datetime | None) -> Stage:
        """Return where an event is whose object is named by this time, UTC without zone."""
        if landed is None:
            return Stage.GONE
        age = self.now.astimezone(UTC).replace(tzinfo=None) - landed
        if age < self.times.buffered:
            return Stage.IN_FLIGHT
        return Stage.LATE if age < self.times.buffered + self.times.retried else Stage.GONE
