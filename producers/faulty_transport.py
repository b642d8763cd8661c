"""A transport that goes wrong on purpose, in every way that the service and the network may.

Ships with the code: a producer of one's own is tried under it before the day it is needed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from producers.errors import TransportError
from producers.transport import Transport

THROTTLED = "ServiceUnavailableException"
"""What Firehose answers for a record above the stream's quota."""


@dataclass(frozen=True, slots=True)
class TransportFaults:
    """How often what goes wrong; every share is 0 to 1.

    Attributes:
        throttles: the share of records that are refused one by one.
        fails_before: the share of calls that fail before the stream has seen them.
        fails_after: the share of calls that fail after the stream has answered: nobody knows.
        slow: the share of calls that take their time.
        slow_seconds: how long that is.
    """

    throttles: float = 0.0
    fails_before: float = 0.0
    fails_after: float = 0.0
    slow: float = 0.0
    slow_seconds: float = 0.0


NOTHING_WRONG = TransportFaults()


class FaultyTransport:
    """Sends through another transport, with faults.

    Args:
        inner: the way to the stream.
        faults: what goes wrong; may be replaced between calls.
        chance: decides when; a seed repeats it for the same calls.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        inner: Transport,
        faults: TransportFaults,
        chance: Random,
        sleep: Callable[[float], None],
    ) -> None:
        self._inner = inner
        self.faults = faults
        self._chance = chance
        self._sleep = sleep

    def put_record_batch(self, records: Sequence[bytes]) -> list[str | None]:
        """Send what is not refused; the answers are those of the other transport.

        Raises:
            TransportError: the call fails as a whole, before or after the stream took it.
            DeliveryError: the other transport's.
        """
        faults = self.faults
        if self._happens(faults.slow):
            self._sleep(faults.slow_seconds)
        if self._happens(faults.fails_before):
            raise TransportError("injected: the call did not reach the stream; try again")
        answers: list[str | None] = [
            THROTTLED if self._happens(faults.throttles) else None for _ in records
        ]
        through = [i for i, refusal in enumerate(answers) if refusal is None]
        if through:
            inner = self._inner.put_record_batch([records[i] for i in through])
            for i, answer in zip(through, inner, strict=True):
                answers[i] = answer
        if self._happens(faults.fails_after):
            raise TransportError("injected: the stream's answer was lost; try again")
        return answers

    def _happens(self, share: float) -> bool:
        return self._chance.random() < share
