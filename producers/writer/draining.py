"""From the spool to the stream, oldest first: each step sends what fits one call."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from producers.limits import BUFFER_SECONDS, MAX_PARTITIONS_PER_INTERVAL
from producers.packing import Record
from producers.sending import Sender
from producers.spool_entry import Entry
from producers.writer.spool import FileSpool


class Keeper(Protocol):
    """What else has to be kept once an entry's records are accepted; each may be asked twice."""

    def rejected(self, delivery_id: str, number: int, lines: list[bytes]) -> None:
        """Keep rows that could not become events; the same number again replaces them."""
        ...

    def completed(self, end: Mapping[str, Any]) -> None:
        """Remember that a delivery was closed and its completion accepted."""
        ...


class NothingKept:
    """For a writer that refuses bad events itself, and whose account has no bucket of ours."""

    def rejected(self, delivery_id: str, number: int, lines: list[bytes]) -> None:
        """Do nothing: such a writer's events are refused when they are put."""

    def completed(self, end: Mapping[str, Any]) -> None:
        """Do nothing."""


class PartitionBudget:
    """How many partitions may still be begun: Firehose keeps a buffer for each, up to a limit."""

    def __init__(
        self, most: int = MAX_PARTITIONS_PER_INTERVAL, interval: float = BUFFER_SECONDS
    ) -> None:
        self._most = most
        self._interval = interval
        self._begun: dict[str, float] = {}

    def admits(self, partition: str, now: float) -> bool:
        """Tell whether a record of a partition may be sent now, and count it if so."""
        if partition not in self._begun:
            if len(self._begun) >= self._most:
                self._forget(now)
            if len(self._begun) >= self._most:
                return False
            self._begun[partition] = now
        return True

    def wait(self, now: float) -> float:
        """Return how many seconds until another partition may be begun."""
        if len(self._begun) < self._most:
            return 0.0
        return max(0.0, min(self._begun.values()) + self._interval - now)

    def _forget(self, now: float) -> None:
        until = now - self._interval
        self._begun = {p: at for p, at in self._begun.items() if at > until}


class Drain:
    """Sends what the spool holds.

    Args:
        spool: where records wait.
        sender: the way to the stream.
        keeper: told of what is left of an entry when its records are accepted.
        monotonic: seconds on a clock that never goes back.
        reached: called before a call, and between the stream's answer and the mark.
    """

    def __init__(
        self,
        spool: FileSpool,
        sender: Sender,
        keeper: Keeper,
        monotonic: Callable[[], float],
        reached: Callable[[str], None] = lambda step: None,
    ) -> None:
        self._spool = spool
        self._sender = sender
        self._keeper = keeper
        self._monotonic = monotonic
        self._reached = reached
        self._budget = PartitionBudget()
        self.in_flight = 0
        """Records of the call under way."""

    def step(self) -> str:
        """Send one call's worth.

        Returns:
            Why some of it was not accepted after all attempts; empty when all is well.

        Raises:
            DeliveryError: the service refuses the call for good; nothing is lost.
        """
        window = self._spool.window(self._sender.max_records, self._sender.max_bytes)
        now = self._monotonic()
        admitted = []
        for number, i, record in window:
            if not self._budget.admits(record.partition, now):
                break
            admitted.append((number, i, record))
        if admitted:
            error = self._send(admitted)
            if error:
                return error
        elif window:
            return "waits for Firehose to deliver older partitions"
        self._finish()
        return ""

    def wait(self) -> float:
        """Return how many seconds to wait before another partition may be begun."""
        return self._budget.wait(self._monotonic())

    @property
    def oldest_at(self) -> int | None:
        """When the oldest entry that waits was written, microseconds since 1970 UTC; None: none."""
        entry = self._spool.oldest()
        return None if entry is None else int(entry.meta["at"])

    def close(self) -> None:
        """Let go of the spool."""
        self._spool.close()

    def _send(self, window: list[tuple[int, int, Record]]) -> str:
        def accepted(indexes: Sequence[int]) -> None:
            self._reached("accepted")
            self._spool.accept([window[i][:2] for i in indexes])
            while (entry := self._spool.finished()) is not None and not _has_more(entry):
                self._spool.done(entry)
            self._spool.save_mark()

        self.in_flight = len(window)
        self._reached("send")
        try:
            outcome = self._sender.send([record for _, _, record in window], accepted)
        finally:
            self.in_flight = 0
        return outcome.error if outcome.failed else ""

    def _finish(self) -> None:
        """Do what else the entries say whose records are accepted, in order."""
        while (entry := self._spool.finished()) is not None:
            by_delivery: dict[str, list[bytes]] = {}
            for delivery_id, line in entry.meta["rejected"]:
                by_delivery.setdefault(delivery_id, []).append(line.encode() + b"\n")
            for delivery_id, lines in by_delivery.items():
                self._keeper.rejected(delivery_id, entry.meta["first"], lines)
            if entry.meta["ends"] is not None:
                self._keeper.completed(entry.meta["ends"])
            self._spool.done(entry)
            self._spool.save_mark()


def _has_more(entry: Entry) -> bool:
    """Tell whether something is left to do about an entry whose records are accepted."""
    return bool(entry.meta["rejected"]) or entry.meta["ends"] is not None
