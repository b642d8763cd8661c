"""Continuous delivery: events in one by one, from any thread, and none that was taken is lost.

    put ──► Intake (packs) ──► Spool (durable: here the event is acknowledged) ──► Drain ──► stream

Everything is written ahead: an event is acknowledged when its record and its ordinal are on disk,
and only then is the record sent (ADR 15). So the spool is not where records go when the stream is
down; it is the way that all of them take, and it grows while the stream is down.
"""

from producers.writer.report import WriterReport
from producers.writer.settings import WriterSettings
from producers.writer.writer import DeliveryWriter

__all__ = ["DeliveryWriter", "WriterReport", "WriterSettings"]
