"""The faults over the server's own path: documents to faults, and faults to documents."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from random import Random
from typing import Any

from infra.local.aws.control_paths import PREFIX, Call, ControlError, Hooks
from infra.local.clock import Clock
from infra.local.firehose import Fault, FaultBoard, FaultError, Kind
from infra.local.firehose.fault import DELAY_SECONDS
from infra.local.firehose.fault_board import ActiveFault

FAULTS_PATH = PREFIX + "faults"
"""A POST adds a fault, a GET lists those that are on, a DELETE clears one (`?id=`) or all."""
_NUMBERS = ("rate", "seed", "delay", "after", "duration")
_TEXTS = ("kind", "stream", "variant")


class FaultControl:
    """Answers the calls.

    Args:
        faults: where they are switched on.
        clock: what durations are counted on.
        random: makes the seeds of faults that come without one.
        streams: names the streams there are.
    """

    def __init__(
        self,
        faults: FaultBoard,
        clock: Clock,
        random: Random,
        streams: Callable[[], Iterable[str]],
    ) -> None:
        self._faults = faults
        self._clock = clock
        self._random = random
        self._streams = streams

    @property
    def hooks(self) -> Hooks:
        """The calls by method and path."""
        return {
            ("GET", FAULTS_PATH): self._list,
            ("POST", FAULTS_PATH): self._add,
            ("DELETE", FAULTS_PATH): self._clear,
        }

    def _list(self, call: Call) -> object:
        return {"faults": [self._described(active) for active in self._faults.on()]}

    def _add(self, call: Call) -> object:
        try:
            return self._described(self._faults.add(self._fault(call.document)))
        except FaultError as error:
            raise ControlError(str(error)) from error

    def _clear(self, call: Call) -> object:
        given = call.query.get("id")
        if given is not None and not given.isdecimal():
            raise ControlError(f"{given!r} is no fault's number; see: finops local fault list")
        try:
            gone = self._faults.clear(None if given is None else int(given))
        except FaultError as error:
            raise ControlError(str(error)) from error
        return {"cleared": [self._described(active) for active in gone]}

    def _fault(self, given: Mapping[str, object]) -> Fault:
        _check(given)
        document: dict[str, Any] = dict(given)
        stream, streams = document.get("stream"), sorted(self._streams())
        if stream is not None and stream not in streams:
            known = ", ".join(streams) or "none yet"
            raise ControlError(f"there is no stream {stream}; the streams are: {known}")
        now = self._clock.now()
        starts = now + timedelta(seconds=document.get("after", 0))
        duration = document.get("duration")
        return Fault(
            kind=Kind(document["kind"]),
            rate=document.get("rate", 1.0),
            seed=document.get("seed", self._random.getrandbits(32)),
            stream=stream,
            starts=starts,
            ends=None if duration is None else starts + timedelta(seconds=duration),
            variant=document.get("variant", ""),
            delay=document.get("delay", DELAY_SECONDS),
        )

    def _described(self, active: ActiveFault) -> dict[str, object]:
        fault, now = active.fault, self._clock.now()
        return {
            "id": active.id,
            "kind": fault.kind.value,
            "rate": fault.rate,
            "seed": fault.seed,
            "stream": fault.stream,
            "variant": fault.variant,
            "delay": fault.delay,
            "starts": fault.starts.isoformat() if fault.starts else None,
            "ends": fault.ends.isoformat() if fault.ends else None,
            "remaining_seconds": (fault.ends - now).total_seconds() if fault.ends else None,
            "chances": active.chances,
            "strikes": active.strikes,
        }


def _check(document: Mapping[str, object]) -> None:
    """Refuse what is no fault's document."""
    if document.get("kind") not in list(Kind):
        raise ControlError(f"the kind must be one of these: {', '.join(Kind)}")
    for name, value in document.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if name not in (*_NUMBERS, *_TEXTS) or (name in _NUMBERS) != number:
            raise ControlError(f"{name}: {value!r} is nothing that a fault has; leave it out")
    if not isinstance(document.get("seed", 0), int):
        raise ControlError("the seed must be a whole number")
