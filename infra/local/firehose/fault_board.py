"""The faults that are on: added and cleared while streams run, and asked at every chance."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from random import Random
from threading import Lock

from infra.local.firehose.errors import ServiceUnavailableError
from infra.local.firehose.fault import BATCHES, DROP, OBJECTS, Fault, Kind
from infra.local.firehose.fault_errors import (
    DroppedConnectionError,
    FaultError,
    InternalFailureError,
    StoreDownError,
)
from infra.local.firehose.faults import NO_FAULTS, Faults


@dataclass(slots=True)
class ActiveFault:
    """A fault that is on, and what became of it so far."""

    id: int
    fault: Fault
    chances: int = 0
    strikes: int = 0


class FaultBoard:
    """Says at each chance whether something goes wrong. Safe to share between threads.

    Args:
        clock: what faults begin and end by.
        always: faults without an end, for tests; `inject` replaces them.
        sleep: delays an answer; None where nothing can be delayed.
        crash: ends the process at once; None where the process must not end.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        always: Faults = NO_FAULTS,
        *,
        sleep: Callable[[float], None] | None = None,
        crash: Callable[[], None] | None = None,
    ) -> None:
        self.always = always
        self._clock = clock
        self._sleep = sleep
        self._crash = crash
        self._ids = count(1)
        self._lock = Lock()
        self._active: tuple[ActiveFault, ...] = ()

    def add(self, fault: Fault) -> ActiveFault:
        """Switch a fault on.

        Raises:
            FaultError: this process cannot do it.
        """
        if fault.kind is Kind.SLOW and self._sleep is None:
            raise FaultError("there is nothing to delay here; use a server: finops local up")
        if fault.kind is Kind.CRASH and self._crash is None:
            raise FaultError(
                "this process is not a server of its own and must not be killed; start one with: "
                "finops local up"
            )
        with self._lock:
            added = ActiveFault(next(self._ids), fault)
            self._active = (*self._active, added)
        return added

    def clear(self, id: int | None = None) -> list[ActiveFault]:  # noqa: A002 what people call it
        """Switch one fault off, or all, and return what was on.

        Raises:
            FaultError: there is no such fault.
        """
        with self._lock:
            gone = [active for active in self._active if id in (None, active.id)]
            self._active = tuple(active for active in self._active if active not in gone)
        if id is not None and not gone:
            raise FaultError(f"there is no fault {id}; see: finops local fault list")
        return gone

    def on(self) -> Sequence[ActiveFault]:
        """Return the faults that are not over, those to come included."""
        with self._lock:
            now = self._clock()
            self._active = tuple(a for a in self._active if not a.fault.over(now))
            return self._active

    def has(self, kind: Kind) -> bool:
        """Whether a fault of a kind may be on."""
        return any(active.fault.kind is kind for active in self._active)

    # --- the chances, in the order of a record's way -------------------------------------------

    def before_put(self, stream: str) -> None:
        """Let a put fail before anything of it is accepted.

        Raises:
            DroppedConnectionError: nobody gets an answer.
            ServiceUnavailableError: the call is refused.
        """
        if self._strike(Kind.DROP_CONNECTION, stream):
            raise DroppedConnectionError
        if self._strike(Kind.FAIL_CALL, stream):
            raise ServiceUnavailableError("Service is temporarily unavailable.")

    def refuses(self, stream: str, ordinal: int, random: Random) -> bool:
        """Whether a record is throttled."""
        refused = self.always.refuses(ordinal, random)
        struck = self._strike(Kind.THROTTLE, stream)
        return struck is not None or refused

    def after_put(self, stream: str) -> None:
        """Let a put that was accepted end otherwise than its producer expects.

        Raises:
            DroppedConnectionError: nobody gets the answer.
            InternalFailureError: the answer is an error.
        """
        if self._strike(Kind.CRASH, stream) and self._crash:
            self._crash()
        if (slow := self._strike(Kind.SLOW, stream)) and self._sleep:
            self._sleep(slow[0].delay)
        if failed := self._strike(Kind.FAIL_AFTER_ACCEPT, stream):
            fault, chance = failed
            if fault.variant_of(chance) == DROP:
                raise DroppedConnectionError
            raise InternalFailureError("Internal service failure.")

    def invocation(self, stream: str, *kinds: Kind) -> Kind | None:
        """Return the first of these kinds that strikes an invocation, None for none."""
        return next((kind for kind in kinds if self._strike(kind, stream)), None)

    def loses_id(self, stream: str) -> bool:
        """Whether a function's answer leaves a record out."""
        return self._strike(Kind.MISSING_IDS, stream) is not None

    def duplicates_batch(self, stream: str) -> bool:
        """Whether a Lambda batch is processed twice."""
        struck = self._strike(Kind.DUPLICATE, stream, BATCHES)
        return struck is not None or self.always.duplicate_batches

    def duplicates_object(self, stream: str) -> bool:
        """Whether an object is stored twice."""
        struck = self._strike(Kind.DUPLICATE, stream, OBJECTS)
        return struck is not None or self.always.duplicate_objects

    def reorders(self, stream: str) -> bool:
        """Whether the records of a batch, or the rows of an object, are shuffled."""
        struck = self._strike(Kind.REORDER, stream)
        return struck is not None or self.always.reorder

    def check_store(self, stream: str) -> None:
        """Let an object not be stored.

        Raises:
            StoreDownError: the destination is down.
        """
        if self._strike(Kind.S3_DOWN, stream):
            raise StoreDownError

    def _strike(self, kind: Kind, stream: str, variant: str = "") -> tuple[Fault, int] | None:
        """Return the fault that takes this chance and the chance's number in it, None for none.

        Every fault that is on counts the chance, so that none changes what another does.
        """
        struck: tuple[Fault, int] | None = None
        if not self.has(kind):
            return None
        with self._lock:
            now = self._clock()
            for active in self._active:
                fault = active.fault
                if fault.kind is not kind or not fault.concerns(stream, now):
                    continue
                if variant and fault.variant not in ("", variant):
                    continue
                chance, active.chances = active.chances, active.chances + 1
                if fault.strikes(chance):
                    active.strikes += 1
                    struck = struck or (fault, chance)
        return struck
