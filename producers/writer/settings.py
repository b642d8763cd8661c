"""What a continuous producer may be told: how long events wait for company, and how much of it."""

from dataclasses import dataclass

from producers.limits import LARGE_REGION_QUOTA, PACE, Quota

LINGER_SECONDS = 5.0
"""How long an event waits for others by default. Firehose itself buffers for 300 s, so a few
seconds cost a reader nothing; records of more events cost less (docs/explanation/producing.md)."""
BATCH_BYTES = 4 * 1024 * 1024
"""Avro bytes that make a batch due before its time: some six thousand events, forty records."""
CLOSE_SECONDS = 3_600.0
"""How often a delivery is closed and the next one begun: what was promised can then be audited."""
DEADLINE_SECONDS = 30.0
"""How long `close` tries to send; what is left stays in the spool. Kubernetes and systemd wait for
30 and 90 seconds before they kill."""
DEFAULT_QUOTA = LARGE_REGION_QUOTA.times(PACE)
REST_SECONDS = 30.0
"""How long the drain rests at most after its attempts are used up; full jitter."""


@dataclass(frozen=True, slots=True)
class WriterSettings:
    """Latency against cost, and how fast to send. Times in seconds, sizes in bytes.

    Attributes:
        linger: an event is acknowledged after at most so long; longer makes fuller records.
        batch_bytes: a batch of so many Avro bytes does not wait any longer.
        close_every: a delivery is closed after so long; None only when the writer closes.
        quota: the most to send in a second.
        deadline: how long `close` tries to send what waits.
    """

    linger: float = LINGER_SECONDS
    batch_bytes: int = BATCH_BYTES
    close_every: float | None = CLOSE_SECONDS
    quota: Quota = DEFAULT_QUOTA
    deadline: float = DEADLINE_SECONDS
