"""What is to be seen of a stack, as plain values: the document of `finops monitor --json`."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AlarmState:
    """One alarm."""

    name: str
    state: str
    """`OK`, `ALARM` or `INSUFFICIENT_DATA`."""
    since: datetime | None
    reason: str
    runbook: str
    """Where its runbook entry is; empty where its description names none."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What the stream took in the last five minutes, a second, beside its limit."""

    name: str
    per_second: float
    limit: float | None
    """None where the stream has told no limit lately."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """The newest value of a metric within the last hour; None where it told nothing."""

    value: float | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class StreamState:
    """One delivery stream."""

    name: str
    status: str
    rates: tuple[Rate, ...]
    throttled: float
    """Records refused in the last hour."""
    freshness: Gauge
    """Seconds that the oldest record of the newest object in processed/ or errors/ had waited."""
    backup_freshness: Gauge
    processing_success: float | None
    """Share of invocations in the last hour that succeeded; the same of puts below."""
    delivery_success: float | None
    backup_success: float | None
    waiting_for_backup: float
    """Records taken in the last day and not yet in raw/, as far as metrics say."""
    waiting_for_delivery: float
    """The same for processed/ and errors/."""


@dataclass(frozen=True, slots=True)
class ErrorReason:
    """A reason among the newest failed records of a type."""

    reason: str
    message: str
    records: int


@dataclass(frozen=True, slots=True)
class ErrorState:
    """What lies under errors/ of one type."""

    type: str
    objects: int
    newest: datetime | None
    """When the newest of the records that were read reached the stream."""
    reasons: tuple[ErrorReason, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery that is not whole."""

    delivery_id: str
    status: str
    detail: str


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Where deliveries stood at the last settle, under the active evaluation."""

    by_status: dict[str, int]
    waiting: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True)
class SpoolState:
    """Records of the scheduled ingest that the stream has not taken yet."""

    objects: int
    bytes: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class AuditState:
    """The last audit that was written down."""

    at: str
    clean: bool
    events: int
    gaps: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A stack at a moment."""

    at: datetime
    stack: str
    lake: str
    evaluated: bool
    """Whether anybody evaluates the alarms: AWS does, and a local server that stays."""
    alarms: tuple[AlarmState, ...]
    stream: StreamState
    deliveries: Deliveries
    errors: tuple[ErrorState, ...]
    spool: SpoolState
    audit: AuditState | None
    """None where no audit was written down."""

    @property
    def firing(self) -> tuple[AlarmState, ...]:
        """The alarms that are in ALARM, the newest first."""
        found = [alarm for alarm in self.alarms if alarm.state == "ALARM"]
        return tuple(sorted(found, key=lambda a: a.since or self.at, reverse=True))
