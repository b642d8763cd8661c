"""One fault as a value: what goes wrong, how often, and from when to when; chance by a seed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b

from infra.local.firehose.fault_errors import FaultError

_UNIT = 1 << 64


class Kind(StrEnum):
    """What can go wrong; the value is the name that people type."""

    THROTTLE = "throttle"
    FAIL_CALL = "fail-call"
    FAIL_AFTER_ACCEPT = "fail-after-accept"
    SLOW = "slow"
    DROP_CONNECTION = "drop-connection"
    LAMBDA_ERROR = "lambda-error"
    LAMBDA_TIMEOUT = "lambda-timeout"
    LAMBDA_THROTTLED = "lambda-throttled"
    OVERSIZED_REPLY = "oversized-reply"
    MISSING_IDS = "missing-ids"
    S3_DOWN = "s3-down"
    DUPLICATE = "duplicate"
    REORDER = "reorder"
    CRASH = "crash"


ERROR, DROP = "error", "drop"
BATCHES, OBJECTS = "batches", "objects"
VARIANTS: dict[Kind, tuple[str, ...]] = {
    Kind.FAIL_AFTER_ACCEPT: (ERROR, DROP),
    Kind.DUPLICATE: (BATCHES, OBJECTS),
}
"""What a fault of a kind can be narrowed to; the others have no such choice."""


DELAY_SECONDS = 5.0
MAX_DELAY_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault within what the service may do (§1.2, §2.3, §7), or what a network may.

    Attributes:
        kind: what goes wrong.
        rate: the share of its chances that it takes, 0 to 1. A chance is a record for `throttle`
            and `missing-ids`, else a call, an invocation, a batch or an object.
        seed: decides which chances; the same seed takes the same ones.
        stream: the stream it is for; None for all.
        starts: when it begins; None for at once.
        ends: when it is over; None for never.
        variant: one of its kind's `VARIANTS`; empty for all of them.
        delay: seconds, for `slow`.

    Raises:
        FaultError: a value is out of its range.
    """

    kind: Kind
    rate: float = 1.0
    seed: int = 0
    stream: str | None = None
    starts: datetime | None = None
    ends: datetime | None = None
    variant: str = ""
    delay: float = DELAY_SECONDS

    def __post_init__(self) -> None:
        if not 0 <= self.rate <= 1:
            raise FaultError(f"the rate {self.rate} is not a share; give 0 to 1, such as 0.3")
        if self.variant and self.variant not in VARIANTS.get(self.kind, ()):
            allowed = ", ".join(VARIANTS.get(self.kind, ())) or "none"
            raise FaultError(
                f"{self.kind} has no variant {self.variant!r}; give one of these: {allowed}"
            )
        if not 0 <= self.delay <= MAX_DELAY_SECONDS:
            raise FaultError(f"{self.delay} s is no delay; give 0 to {MAX_DELAY_SECONDS:g} seconds")
        if self.starts and self.ends and self.ends <= self.starts:
            raise FaultError("the fault ends before it begins; give a longer duration")

    def concerns(self, stream: str, now: datetime) -> bool:
        """Whether it is on for a stream at a moment."""
        begun = self.starts is None or self.starts <= now
        return begun and not self.over(now) and self.stream in (None, stream)

    def over(self, now: datetime) -> bool:
        """Whether it has ended for good."""
        return self.ends is not None and now >= self.ends

    def strikes(self, chance: int) -> bool:
        """Whether it takes a chance, by its number."""
        return self._share(f"strike {chance}") < self.rate

    def variant_of(self, chance: int) -> str:
        """Return what a strike is: the fault's variant, or one of its kind's by the seed."""
        names = (self.variant,) if self.variant else VARIANTS[self.kind]
        return names[int(self._share(f"variant {chance}") * len(names))]

    def _share(self, what: str) -> float:
        digest = blake2b(f"{self.seed} {self.kind} {what}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) / _UNIT
