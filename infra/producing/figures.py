"""The numbers that a running producer shows: one list, for Prometheus and for CloudWatch."""

from collections.abc import Callable
from dataclasses import dataclass

from producers.writer import WriterReport


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a report.

    Attributes:
        name: in snake case, without prefix and suffix.
        unit: as CloudWatch calls it.
        counts: whether it only grows while the process lives.
        means: what a person has to know of it.
        of: reads it.
    """

    name: str
    unit: str
    counts: bool
    means: str
    of: Callable[[WriterReport], float]

    @property
    def in_camel_case(self) -> str:
        """Return the name as CloudWatch's own metrics are spelled."""
        return "".join(word.capitalize() for word in self.name.split("_"))


def _counter(
    name: str, means: str, of: Callable[[WriterReport], float], unit: str = "Count"
) -> Figure:
    return Figure(name, unit, True, means, of)


def _gauge(
    name: str, means: str, of: Callable[[WriterReport], float], unit: str = "Count"
) -> Figure:
    return Figure(name, unit, False, means, of)


FIGURES = (
    _counter("events_put", "Events that were taken.", lambda r: r.put),
    _counter("events_acknowledged", "Events that are on disk: safe.", lambda r: r.acknowledged),
    _counter("events_accepted", "Events that the stream accepted.", lambda r: r.sent.events),
    _counter("rows_rejected", "Rows that cannot be events; in quarantine.", lambda r: r.rejected),
    _counter("records_accepted", "Records that the stream accepted.", lambda r: r.sent.records),
    _counter("records_retried", "Records sent again, each time.", lambda r: r.sent.retried),
    _counter("records_unknown", "Records of failed calls: perhaps twice in the stream.",
             lambda r: r.sent.unknown),
    _counter("wire_bytes", "Bytes of accepted records.", lambda r: r.sent.wire_bytes, "Bytes"),
    _counter("billed_bytes", "The same as Firehose bills it.",
             lambda r: r.sent.billed_bytes, "Bytes"),
    _gauge("events_pending", "Events that were taken and are not safe yet.", lambda r: r.pending),
    _gauge("records_in_flight", "Records of the call under way.", lambda r: r.in_flight),
    _gauge("spool_records", "Records that wait for the stream.", lambda r: r.waiting_records),
    _gauge("spool_events", "Events that wait for the stream.", lambda r: r.waiting_events),
    _gauge("spool_bytes", "Bytes of the spool on disk.", lambda r: r.spool_bytes, "Bytes"),
    _gauge("spool_damaged_bytes", "Acknowledged bytes that cannot be read any more.",
           lambda r: r.damaged_bytes, "Bytes"),
    _gauge("oldest_waiting_seconds", "How long the oldest entry of the spool has waited.",
           lambda r: r.oldest_waiting, "Seconds"),
    _gauge("problem", "1 while something keeps events from the disk or records from the stream.",
           lambda r: 1 if r.problem else 0),
)  # fmt: skip
