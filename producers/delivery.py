"""Records to the stream: grouped under the call limits, failed ones sent again, only those.

At-least-once: a call that fails as a whole is repeated, although the service may have taken it.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from producers.errors import DeliveryError, TransportError
from producers.limits import (
    MAX_BYTES_PER_CALL,
    MAX_PARTITIONS_PER_INTERVAL,
    MAX_RECORDS_PER_CALL,
    billed_bytes,
)
from producers.packing import Record
from producers.transport import Transport

MAX_ATTEMPTS = 8
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 20.0


@dataclass(slots=True)
class Sent:
    """What was accepted: records, events, bytes on the wire and as Firehose bills them."""

    records: int = 0
    events: int = 0
    wire_bytes: int = 0
    billed_bytes: int = 0
    retried: int = 0
    """Records that were sent more than once."""


class Delivery:
    """Sends records; `close` sends what is still held back.

    Args:
        transport: the stream.
        sleep: waits so many seconds; injected, so that tests and the local clock need no time.
        jitter: randomness of the pauses.
        next_interval: waits until Firehose has delivered its partition buffers; called before
            more partitions are sent than it keeps buffers for.
    """

    def __init__(
        self,
        transport: Transport,
        sleep: Callable[[float], None],
        jitter: random.Random,
        next_interval: Callable[[], None],
    ) -> None:
        self._transport = transport
        self._sleep = sleep
        self._jitter = jitter
        self._next_interval = next_interval
        self._partitions: set[str] = set()
        self._waiting: list[Record] = []
        self._bytes = 0
        self.sent = Sent()

    def put(self, record: Record) -> None:
        """Take a record; it may be held back until a call is full.

        Raises:
            DeliveryError: the stream refused records beyond the bounded retries.
        """
        self._partitions.add(record.partition)
        if len(self._partitions) > MAX_PARTITIONS_PER_INTERVAL:
            self.flush()
            self._next_interval()
            self._partitions = {record.partition}
        full = len(self._waiting) == MAX_RECORDS_PER_CALL
        if full or self._bytes + len(record.data) > MAX_BYTES_PER_CALL:
            self.flush()
        self._waiting.append(record)
        self._bytes += len(record.data)

    def flush(self) -> None:
        """Send everything held back.

        Raises:
            DeliveryError: the stream refused records beyond the bounded retries.
        """
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        last_error = ""
        for attempt in range(MAX_ATTEMPTS):
            if not waiting:
                return
            if attempt:
                self.sent.retried += len(waiting)
                self._sleep(self._pause(attempt))
            try:
                answers = self._transport.put_record_batch([r.data for r in waiting])
            except TransportError as error:
                last_error = str(error)
                continue
            failed = []
            for record, code in zip(waiting, answers, strict=True):
                if code is None:
                    self._count(record)
                else:
                    last_error = code
                    failed.append(record)
            waiting = failed
        if waiting:
            raise DeliveryError(
                f"{len(waiting)} records were not accepted after {MAX_ATTEMPTS} attempts "
                f"({last_error}); run the same command again, what was accepted counts once"
            )

    def _count(self, record: Record) -> None:
        self.sent.records += 1
        self.sent.events += record.events
        self.sent.wire_bytes += len(record.data)
        self.sent.billed_bytes += billed_bytes(len(record.data))

    def _pause(self, attempt: int) -> float:
        """Full jitter: anywhere between nothing and the exponential bound."""
        bound = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempt)
        return self._jitter.uniform(0, bound)
