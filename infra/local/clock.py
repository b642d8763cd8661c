"""Time as an argument: the machine's own, or one that moves only when told."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the local services know of time."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return when `seconds` have passed on this clock."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back, for telling how long something took."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present moment, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 the one clock that asks the machine

    def sleep(self, seconds: float) -> None:
        """Wait for `seconds`."""
        time.sleep(max(seconds, 0.0))

    def monotonic(self) -> float:
        """Return the machine's monotonic seconds."""
        return time.monotonic()


class ShiftedClock(SystemClock):
    """The machine's clock, so much ahead or behind: that of a server whose clock is another.

    Args:
        ahead: how far it is ahead.
    """

    def __init__(self, ahead: timedelta) -> None:
        self._ahead = ahead

    def now(self) -> datetime:
        """Return the moment there."""
        return super().now() + self._ahead


class ManualClock:
    """A clock that moves only when told, so a month of schedules takes seconds.

    Who sleeps on it moves it: nobody else would. Safe to share between threads.

    Args:
        start: the first moment, aware.
    """

    def __init__(self, start: datetime) -> None:
        self._now = _utc(start)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Return the moment the clock was last moved to, in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Return the clock's own moment in seconds; it moves only when told."""
        return self._now.timestamp()

    def sleep(self, seconds: float) -> None:
        """Move the clock by `seconds` and return at once."""
        self.advance(by=timedelta(seconds=max(seconds, 0.0)))

    def advance(self, *, to: datetime | None = None, by: timedelta | None = None) -> datetime:
        """Move the clock and return the new moment.

        Args:
            to: the moment to move to.
            by: how far to move, where `to` is not given.

        Raises:
            ValueError: neither or both are given, or the clock would go backwards.
        """
        if (to is None) == (by is None):
            raise ValueError("give either the moment or the distance")
        with self._lock:
            moment = _utc(to) if to is not None else self._now + (by or timedelta())
            if moment < self._now:
                raise ValueError(f"a clock does not go back, from {self._now} to {moment}")
            self._now = moment
            return moment


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"a moment without a time zone: {moment}")
    return moment.astimezone(UTC)
