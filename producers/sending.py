"""One call's worth of records to the stream: paced, exactly the failed ones again, bounded.

At-least-once: a call that fails as a whole is repeated, although the service may have taken it.
"""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from producers.errors import TransportError
from producers.limits import (
    MAX_BYTES_PER_CALL,
    MAX_RECORDS_PER_CALL,
    Quota,
    billed_bytes,
)
from producers.pacing import Pace
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
    """Records that were sent more than once, once for each time."""
    unknown: int = 0
    """Of those, the ones whose call failed as a whole: the service may have them twice."""
    spooled: int = 0
    """Records that were not accepted, and are kept to be sent first next time."""

    def count(self, record: Record) -> None:
        """Count an accepted record."""
        self.records += 1
        self.events += record.events
        self.wire_bytes += len(record.data)
        self.billed_bytes += billed_bytes(len(record.data))


@dataclass(slots=True)
class Outcome:
    """What became of the records of one call, by their index."""

    accepted: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    error: str = ""
    """Why the failed ones failed; the last that was heard."""


class Sender:
    """Sends what fits one call, again and again until it is accepted or the attempts are used up.

    Args:
        transport: the stream.
        sleep: waits so many seconds; may return early when nobody wants to wait any more.
        jitter: randomness of the pauses.
        quota: the most to send in a second; None sends as fast as it goes.
        monotonic: seconds on a clock that never goes back; paces the calls.
        gives_up: asked before each further attempt; true ends them.
    """

    def __init__(
        self,
        transport: Transport,
        sleep: Callable[[float], object],
        jitter: random.Random,
        *,
        quota: Quota | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        gives_up: Callable[[], bool] = lambda: False,
    ) -> None:
        self._transport = transport
        self._sleep = sleep
        self._jitter = jitter
        self._pace = None if quota is None else Pace(quota)
        self._monotonic = monotonic
        self._gives_up = gives_up
        # One call must not be more than a second's worth, or it is throttled by itself.
        self.max_bytes = min(MAX_BYTES_PER_CALL, quota.bytes) if quota else MAX_BYTES_PER_CALL
        most = MAX_RECORDS_PER_CALL
        self.max_records = min(most, quota.records) if quota else most
        self.sent = Sent()

    def send(
        self,
        records: Sequence[Record],
        accepted: Callable[[Sequence[int]], None] = lambda indexes: None,
    ) -> Outcome:
        """Send records that fit one call.

        Args:
            records: at most `max_records` and `max_bytes`; one larger record goes alone.
            accepted: told after each attempt which of them were accepted by it.

        Returns:
            Which were accepted, and which not after the last attempt.

        Raises:
            DeliveryError: the service refuses the call for good; what `accepted` was not told of
                is not accepted.
        """
        outcome = Outcome(failed=list(range(len(records))))
        for attempt in range(MAX_ATTEMPTS):
            if not outcome.failed or (attempt and self._gives_up()):
                break
            if attempt:
                self._sleep(self._pause(attempt))
                if self._gives_up():
                    break
                self.sent.retried += len(outcome.failed)
            taken = self._call(records, outcome)
            if taken:
                accepted(taken)
        return outcome

    def _call(self, records: Sequence[Record], outcome: Outcome) -> list[int]:
        trying = outcome.failed
        self._keep_pace([len(records[i].data) for i in trying])
        try:
            answers = self._transport.put_record_batch([records[i].data for i in trying])
        except TransportError as error:
            outcome.error = str(error)
            self.sent.unknown += len(trying)
            return []
        taken, failed = [], []
        for i, code in zip(trying, answers, strict=True):
            if code is None:
                self.sent.count(records[i])
                taken.append(i)
            else:
                outcome.error = code
                failed.append(i)
        outcome.accepted += taken
        outcome.failed = failed
        return taken

    def _keep_pace(self, sizes: Sequence[int]) -> None:
        if self._pace is not None:
            wait = self._pace.wait(self._monotonic())
            if wait > 0:
                self._sleep(wait)
            self._pace.used(len(sizes), sum(sizes), self._monotonic())

    def _pause(self, attempt: int) -> float:
        """Full jitter: anywhere between nothing and the exponential bound."""
        bound = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempt)
        return self._jitter.uniform(0, bound)
