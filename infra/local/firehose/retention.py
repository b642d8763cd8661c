"""How long what cannot be stored waits, and what is lost then (§1.1, §4.1)."""

from datetime import datetime, timedelta
from typing import Any

from infra.local.firehose.buffers import Buffer
from infra.local.firehose.choices import Choices


class BlockedError(Exception):
    """The failures of a conversion could not be stored: retried for ever, blocking (§3.4)."""


class Retention:
    """Decides, after a failed delivery, what has waited for too long.

    Args:
        choices: the hours of retention, and what the end of a partition's retries means.
        partition_retry: how long a partition is retried; None for a stream without partitions.
    """

    def __init__(self, choices: Choices, partition_retry: timedelta | None) -> None:
        self._hours = timedelta(hours=choices.retention_hours)
        self._retry = partition_retry if choices.after_partition_retry == "discard" else None

    def give_up(
        self, buffer: Buffer[Any], error: Exception, now: datetime, *, partition: bool
    ) -> int:
        """Drop the closed batches that have waited for too long; return how many items that was.

        A batch is dropped when its newest record has arrived too long ago, so that none goes early.

        Args:
            buffer: what could not be stored.
            error: why.
            now: the moment.
            partition: whether the buffer is one of the main output.
        """
        buffer.failing_since = min(buffer.failing_since or now, now)
        if isinstance(error, BlockedError):
            return 0
        retried = partition and self._retry is not None
        over = retried and now - buffer.failing_since >= (self._retry or timedelta.max)
        lost = 0
        while items := buffer.oldest():
            if not over and now - max(item.arrival for item in items) < self._hours:
                break
            lost += len(items)
            buffer.delivered()
        return lost
