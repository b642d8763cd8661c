"""The writer's thread that drains the spool, resting after trouble, until it is told to stop."""

import random
from collections.abc import Callable
from threading import Condition, Event, Thread

from producers.errors import DeliveryError
from producers.writer.draining import Drain
from producers.writer.settings import REST_SECONDS

_LOOK_SECONDS = 1.0
_HURRIED_REST_SECONDS = 1.0
_JOIN_SECONDS = 2.0
"""How long `stop` waits for a call that is under way."""


class DrainLoop:
    """Drains on a thread of its own.

    Args:
        drain: sends one call's worth a step.
        changed: the writer's lock; notified when nothing waits any more.
        chance: makes rests.
        stopping: set by `stop`; the sender gives up by it, too.

    Attributes:
        idle: whether nothing waits. Read it and `oldest_at` and `problem` with the lock held.
        oldest_at: when the oldest entry that waits was written, microseconds since 1970 UTC.
        problem: what keeps records from the stream now; empty when nothing does.
    """

    def __init__(
        self, drain: Drain, changed: Condition, chance: random.Random, stopping: Event
    ) -> None:
        self._drain = drain
        self._changed = changed
        self._chance = chance
        self._stopping = stopping
        self._hurry = Event()
        self._thread: Thread | None = None
        self._abandoned = False
        self.idle = False
        self.oldest_at: int | None = None
        self.problem = ""

    def start(self, name: str) -> None:
        """Begin, under a thread's name."""
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def more(self) -> None:
        """Note that the spool got an entry; with the lock held."""
        self.idle = False
        self._changed.notify_all()

    def hurry(self) -> None:
        """Rest no longer than a second from now on; with the lock held."""
        self._hurry.set()
        self._changed.notify_all()

    def stop(self) -> None:
        """End it, and let go of the spool.

        A call that hangs keeps the spool until it ends: its answer may still be noted.
        """
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        assert self._thread is not None, "it was started"
        self._thread.join(_JOIN_SECONDS)
        with self._changed:
            self._abandoned = self._thread.is_alive()
            if not self._abandoned:
                self._drain.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            problem = _problem_of(self._drain.step)
            with self._changed:
                self.problem = problem = problem or _problem_of(self._look)
                if problem:
                    self.idle = False
                elif self.idle:
                    self._changed.notify_all()
                    if not self._stopping.is_set():
                        self._changed.wait(_LOOK_SECONDS)
            if problem:
                self._rest()
        with self._changed:
            if self._abandoned:
                self._drain.close()

    def _look(self) -> str:
        """See what waits; it never is a problem by itself."""
        self.oldest_at = self._drain.oldest_at
        self.idle = self.oldest_at is None
        return ""

    def _rest(self) -> None:
        rest = self._drain.wait() or self._chance.uniform(0, REST_SECONDS)
        if self._hurry.is_set():
            self._stopping.wait(min(rest, _HURRIED_REST_SECONDS))
        else:
            self._hurry.wait(rest)


def _problem_of(work: Callable[[], str]) -> str:
    """Return what went wrong: the thread goes on, whatever that is."""
    try:
        return work()
    except DeliveryError as error:
        return str(error)
    except Exception as error:
        # The disk, or the bucket for quarantine and receipts: all of it can be repeated.
        return f"{type(error).__name__}: {error}"
