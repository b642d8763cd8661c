"""How a producer is doing, on one line: rewritten on a terminal, now and then in a log."""

import sys
from collections.abc import Callable

from infra.producing.pump import Pumped
from producers.writer import DeliveryWriter, WriterReport

_TERMINAL_SECONDS = 0.5
_LOG_SECONDS = 60.0


class Live:
    """Shows a writer's report every so often.

    Args:
        writer: whose.
        monotonic: seconds on a clock that never goes back.
        every_minute: called with each minute's report, such as for metrics on a log line.
    """

    def __init__(
        self,
        writer: DeliveryWriter,
        monotonic: Callable[[], float],
        every_minute: Callable[[WriterReport], None] = lambda report: None,
    ) -> None:
        self._writer = writer
        self._monotonic = monotonic
        self._every_minute = every_minute
        self._terminal = sys.stderr.isatty()
        self._rows, self._at = 0, monotonic()
        self._minute = self._at
        self._rate = 0.0

    def __call__(self, pumped: Pumped) -> None:
        """Show it, when it is time again."""
        now = self._monotonic()
        if now - self._minute >= _LOG_SECONDS:
            self._minute = now
            self._every_minute(self._writer.report())
        passed = now - self._at
        if passed >= (_TERMINAL_SECONDS if self._terminal else _LOG_SECONDS):
            self._rate = (pumped.rows - self._rows) / passed
            self._rows, self._at = pumped.rows, now
            line = self.line(self._writer.report(), pumped)
            sys.stderr.write(f"\r\x1b[K{line}" if self._terminal else line + "\n")
            sys.stderr.flush()

    def clear(self) -> None:
        """Leave the line to what comes after."""
        if self._terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def line(self, report: WriterReport, pumped: Pumped) -> str:
        """Return the line."""
        parts = [
            f"{pumped.rows:,} rows, {self._rate:,.0f}/s",
            f"{report.in_flight} in flight",
            f"{report.sent.retried:,} retries",
            f"{report.waiting_records:,} spooled",
            f"{report.sent.billed_bytes:,} B billed",
        ]
        if report.rejected:
            parts.append(f"{report.rejected:,} rejected")
        if report.problem:
            parts.append(report.problem)
        return "  " + " | ".join(parts)
