"""Ending a query that runs, from another thread."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from infra.local.athena.errors import AthenaError


class StoppedError(AthenaError):
    """The query was stopped before it had an answer."""

    code = "USER_CANCELED"


class Stop:
    """Lets a query run until it is asked to end, which it then does at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._connection: Any = None
        self._asked = False

    @property
    def asked(self) -> bool:
        """Whether it was asked to end."""
        return self._asked

    def ask(self) -> None:
        """End the query that runs, or the one that will."""
        with self._lock:
            self._asked = True
            if self._connection is not None:
                self._connection.interrupt()

    @contextmanager
    def of(self, connection: Any) -> Iterator[None]:
        """Be what stops this connection meanwhile.

        Raises:
            StoppedError: it was asked to end before or meanwhile.
        """
        self.check()
        with self._lock:
            self._connection = connection
        try:
            yield
        finally:
            with self._lock:
                self._connection = None
            self.check()

    def check(self) -> None:
        """Raise where it was asked to end.

        Raises:
            StoppedError: it was.
        """
        if self._asked:
            raise StoppedError("Query was canceled by the user", "Start it again.")
