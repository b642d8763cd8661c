"""What remembers accepted records until they are delivered: the port, and one that forgets."""

from collections.abc import Callable, Sequence
from typing import Protocol

from infra.local.firehose.records import Source


class Journal(Protocol):
    """The memory of one stream that outlives its process.

    The stream calls it from one thread at a time, and numbers records in the order of their
    acceptance: what is appended comes after all that was recovered or appended before.
    """

    def recover(self) -> list[Source]:
        """Return, in order, what an earlier process may not have delivered; called once, first.

        Raises:
            OSError: it cannot be read.
            JournalError: it can be read by another version only.
        """
        ...

    def append(self, sources: Sequence[Source]) -> None:
        """Remember records, all of one put or none; they outlive the process from now on.

        Raises:
            OSError: they cannot be remembered, so they must not be acknowledged.
        """
        ...

    def release(self, before: int) -> None:
        """Allow to forget the records whose sequence is below `before`: they are delivered."""
        ...

    def discard(self) -> None:
        """Forget everything at once, and remember nothing from now on.

        Raises:
            OSError: something could not be removed.
        """
        ...

    def close(self) -> None:
        """Let go of files, and remember nothing from now on; what is remembered stays."""
        ...


Journals = Callable[[str], Journal]
"""Opens the journal of a stream, by the stream's name."""


class NoJournal:
    """Remembers nothing: what is buffered lives as long as the process."""

    def recover(self) -> list[Source]:
        """Return nothing."""
        return []

    def append(self, sources: Sequence[Source]) -> None:
        """Do nothing."""

    def release(self, before: int) -> None:
        """Do nothing."""

    def discard(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


def no_journal(stream: str) -> Journal:
    """Return a journal that remembers nothing, for any stream."""
    return NoJournal()
