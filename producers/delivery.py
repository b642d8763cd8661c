"""Records to the stream: grouped under the call limits, each call sent by `producers.sending`.

What the stream does not accept within the bounded attempts goes to the outbox, if there is one: it
is kept, and sent first next time. Without one it is an error, and the caller has it still.
"""

import random
from collections.abc import Callable, Sequence
from typing import Protocol

from producers.errors import DeliveryError
from producers.limits import MAX_PARTITIONS_PER_INTERVAL
from producers.packing import Record
from producers.sending import MAX_ATTEMPTS, Sender, Sent
from producers.transport import Transport


class Outbox(Protocol):
    """Where records are kept that the stream did not accept."""

    def keep(self, records: Sequence[Record]) -> None:
        """Keep records, durable when the call returns; the same records again are kept once."""
        ...


class Delivery:
    """Sends records; `flush` sends what is still held back.

    Args:
        transport: the stream.
        sleep: waits so many seconds; injected, so that tests and the local clock need no time.
        jitter: randomness of the pauses.
        next_interval: waits until Firehose has delivered its partition buffers; called before
            more partitions are sent than it keeps buffers for.
        outbox: keeps what is not accepted; None makes that an error.
    """

    def __init__(
        self,
        transport: Transport,
        sleep: Callable[[float], None],
        jitter: random.Random,
        next_interval: Callable[[], None],
        outbox: Outbox | None = None,
    ) -> None:
        self._sender = Sender(transport, sleep, jitter)
        self._next_interval = next_interval
        self._outbox = outbox
        self._partitions: set[str] = set()
        self._waiting: list[Record] = []
        self._bytes = 0

    @property
    def sent(self) -> Sent:
        """What was accepted so far."""
        return self._sender.sent

    @sent.setter
    def sent(self, before: Sent) -> None:
        """Count on from what an earlier process had sent."""
        self._sender.sent = before

    def put(self, record: Record) -> None:
        """Take a record; it may be held back until a call is full.

        Raises:
            DeliveryError: the stream refused records beyond the bounded retries, and nothing
                keeps them.
        """
        self._partitions.add(record.partition)
        if len(self._partitions) > MAX_PARTITIONS_PER_INTERVAL:
            self.flush()
            self._next_interval()
            self._partitions = {record.partition}
        full = len(self._waiting) == self._sender.max_records
        if full or self._bytes + len(record.data) > self._sender.max_bytes:
            self.flush()
        self._waiting.append(record)
        self._bytes += len(record.data)

    def flush(self) -> None:
        """Send everything held back.

        Raises:
            DeliveryError: the stream refused records beyond the bounded retries, and nothing
                keeps them; or it refuses them for good.
        """
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        open_ = set(range(len(waiting)))
        try:
            outcome = self._sender.send(waiting, open_.difference_update)
        except DeliveryError:
            self._keep([waiting[i] for i in sorted(open_)])
            raise
        left = [waiting[i] for i in outcome.failed]
        if left and not self._keep(left):
            raise DeliveryError(
                f"{len(left)} records were not accepted after {MAX_ATTEMPTS} attempts "
                f"({outcome.error}); run the same command again, what was accepted counts once"
            )

    def _keep(self, records: Sequence[Record]) -> bool:
        if self._outbox is None or not records:
            return False
        self._outbox.keep(records)
        self.sent.spooled += len(records)
        return True
