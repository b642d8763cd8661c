"""Rows from a stream into a writer: at a rate, until told to stop, and none twice."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from producers.errors import SpoolFullError
from producers.sources import ChargeRow, RejectedRow
from producers.streams import Stream
from producers.writer import DeliveryWriter

_IDLE_SECONDS = 0.2
_FULL_SECONDS = 1.0
_LOOK_ROWS = 64
_BURST_SECONDS = 0.1
"""A rate is kept over this long: waiting for every single row would cost more than the row."""


@dataclass(slots=True)
class Pumped:
    """What one run took from its stream."""

    rows: int = 0
    ended: bool = False
    """Whether the stream ended by itself, or the number of rows was reached."""


class Rate:
    """Keeps to so many rows a second, in small bursts.

    Args:
        a_second: how many; None as fast as it goes.
        monotonic: seconds on a clock that never goes back.
        wait: waits so many seconds, or until told to stop.
    """

    def __init__(
        self,
        a_second: float | None,
        monotonic: Callable[[], float],
        wait: Callable[[float], object],
    ) -> None:
        self._each = 0.0 if a_second is None else 1 / a_second
        self._monotonic = monotonic
        self._wait = wait
        self._due = monotonic()

    def keep(self) -> None:
        """Wait until the next row may be taken; a pause is not made up for."""
        if self._each:
            now = self._monotonic()
            self._due = max(self._due + self._each, now - _BURST_SECONDS)
            if self._due - now > _BURST_SECONDS:
                self._wait(self._due - now)


def pump(
    stream: Stream,
    writer: DeliveryWriter,
    stop: Event,
    *,
    rate: Rate,
    most: int | None = None,
    waits: bool = True,
    look: Callable[[Pumped], None] = lambda pumped: None,
) -> Pumped:
    """Put every row behind the writer's position, until the stream ends or `stop` is set.

    Args:
        stream: where rows come from.
        writer: where they go.
        stop: set to end.
        rate: how fast.
        most: the most rows to take.
        waits: whether to wait for more where there is nothing for now.
        look: called now and then.

    Raises:
        SourceError: the stream cannot be read; what was read before is in the writer.
    """
    pumped = Pumped()
    for item in stream.items(writer.position):
        if stop.is_set():
            return pumped
        if item is None:
            if not waits:
                break
            look(pumped)
            stop.wait(_IDLE_SECONDS)
            continue
        while not _put(writer, item.row, item.position):
            # Nothing is read on while nothing is safe: the source, or its pipe, waits.
            look(pumped)
            if stop.wait(_FULL_SECONDS):
                return pumped
        pumped.rows += 1
        if pumped.rows == most:
            break
        if pumped.rows % _LOOK_ROWS == 0:
            look(pumped)
        rate.keep()
    pumped.ended = True
    return pumped


def _put(writer: DeliveryWriter, row: ChargeRow | RejectedRow, position: object) -> bool:
    try:
        writer.put_row(row, position)
    except SpoolFullError:
        return False
    return True
