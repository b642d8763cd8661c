"""What a writer did so far, in numbers that add up."""

from dataclasses import dataclass, replace

from producers.sending import Sent


@dataclass(frozen=True, slots=True)
class WriterReport:
    """One look at a writer.

    Of this process's events: put = acknowledged + pending. Of the spool: waiting is what is
    acknowledged, by this process or an earlier one, and not accepted by the stream.
    """

    delivery: str
    """The open delivery's id over all its scopes."""
    put: int
    """Events that `put` took."""
    acknowledged: int
    """Of those, the ones that are on disk: they are safe."""
    rejected: int
    """Rows that cannot become events, kept for quarantine."""
    sent: Sent
    """What the stream accepted, with retries and billed bytes."""
    in_flight: int
    """Records of the call under way."""
    waiting_records: int
    waiting_events: int
    spool_bytes: int
    """Bytes on disk, what is accepted and not yet removed included."""
    oldest_waiting: float
    """How long the oldest entry has waited, in seconds."""
    found_events: int
    """Events that an earlier process had acknowledged and that were still waiting."""
    cut_bytes: int
    """A torn write that was cut off at the start; nothing of it had been acknowledged."""
    damaged_bytes: int
    """Acknowledged bytes that cannot be read any more; kept in the spool's `damaged` folder."""
    problem: str
    """What keeps events from the disk or records from the stream now; empty when nothing does."""

    @property
    def pending(self) -> int:
        """Events that were put and are not safe yet."""
        return self.put - self.acknowledged

    def __post_init__(self) -> None:
        # A look, not a window: it does not change afterwards.
        object.__setattr__(self, "sent", replace(self.sent))
