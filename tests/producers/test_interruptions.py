"""An ingest that is stopped anywhere and continued delivers what an undisturbed one does."""

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.store import MemoryStore
from producers.delivery import Delivery
from producers.ingest import Ingest
from producers.reading import LOOK_ROWS, Limits
from producers.sources import Mapped, Source
from producers.sources.csv_file import CsvRow
from producers.sources.focus import FocusMapper
from producers.spool import MemorySpool
from producers.transport import ScriptedTransport
from schemas.codec import Batch, decode
from schemas.events import DeliveryMode
from tests.exports import charge

NOW = 1_790_000_000_000_000
COLUMNS = list(charge("2026-09-01", "1"))


class Died(Exception):  # noqa: N818 what a killed process does, not an error
    """The process is gone."""


class MemoryPart:
    """Rows in memory; it counts how often each was read."""

    def __init__(self, name: str, rows: Sequence[dict[str, str]], reads: list[int]) -> None:
        self.name = name
        self.size = len(rows)
        self.bytes_read = 0
        self._rows = rows
        self._reads = reads

    def rows(self, first_ordinal: int, skip: int = 0) -> Iterator[Mapped]:
        """Yield the rows after the skipped ones."""
        mapper = FocusMapper(self.name, COLUMNS)
        for number, row in enumerate(self._rows):
            if number >= skip:
                self._reads.append(first_ordinal + number)
                values = list(row.values())
                yield mapper.map(first_ordinal + number, CsvRow(number + 2, values, "text"))


class MemorySource:
    """A source of three parts."""

    kind = "focus"
    mode: DeliveryMode = "overwrite"
    name = "bill"
    dataset_instance = "export:bill"
    mapper_version = "1"
    fingerprint = "f" * 64
    asserted_at = NOW

    def __init__(self, counts: Sequence[int]) -> None:
        self.settings: dict[str, str] = {}
        self.reads: list[int] = []
        self.parts = [
            MemoryPart(f"part-{p}", [_row(p, n) for n in range(count)], self.reads)
            for p, count in enumerate(counts)
        ]

    def check(self) -> None:
        """Do nothing: it does not change."""


def _row(part: int, number: int) -> dict[str, str]:
    cost = "x" if number % 97 == 5 else f"{number}.{part}"
    return charge(f"2026-09-{number % 5 + 1:02}", cost, ResourceId=f"r-{part}-{number}")


class Lake:
    """What outlives the processes: the spool, the store, and what the stream took."""

    def __init__(self) -> None:
        self.spool = MemorySpool()
        self.store = MemoryStore()
        self.transport = ScriptedTransport()

    def ingest(
        self, source: Source, limits: Limits, reached: Callable[[str], None] = lambda step: None
    ) -> bool:
        """Run one process; tell whether it came to the end."""
        delivery = Delivery(self.transport, lambda s: None, Random(1), lambda: None)
        ingest = Ingest(source, delivery, self.store, self.spool, lambda: NOW, reached=reached)
        return ingest.run(limits) is not None

    def delivered(self) -> dict[str, Any]:
        """Return what arrived: events by ordinal, completions, and rejected rows."""
        events: dict[int, dict[str, Any]] = {}
        completions: list[dict[str, Any]] = []
        for record in self.transport.accepted:
            batch = decode(record)
            assert isinstance(batch, Batch)
            if batch.is_charges:
                for event in batch.events:
                    assert events.setdefault(event["ordinal"], event) == event
            else:
                completions += batch.events
        kept = {
            info.key: self.store.get(info.key).count(b"\n")
            for info in self.store.list("quarantine/")
        }
        return {"events": events, "completions": completions, "kept": sum(kept.values())}


COUNTS = (1_400, 3, 700)


def undisturbed() -> dict[str, Any]:
    lake = Lake()
    assert lake.ingest(MemorySource(COUNTS), Limits())
    return lake.delivered()


@given(st.lists(st.sampled_from(["time", "safe-point", "send", "sent-chunk", "run"]), max_size=8))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_stops_and_deaths_change_nothing(stops: list[str]) -> None:
    """Time budgets, part by part, and deaths between and within steps."""
    lake = Lake()
    for stop in [*stops, "run"]:
        limits = Limits(lambda: True, parts=1) if stop == "time" else Limits()
        source = MemorySource(COUNTS)

        def reached(step: str, stop: str = stop) -> None:
            if step == stop:
                raise Died

        try:
            if lake.ingest(source, limits, reached):
                break
        except Died:
            pass
    else:
        raise AssertionError("the last run comes to its end")
    assert lake.delivered() == undisturbed()


def test_what_was_read_before_a_safe_point_is_not_read_again() -> None:
    """A continued ingest begins at the row after it; nothing is skipped either."""
    lake = Lake()
    first = MemorySource(COUNTS)
    assert not lake.ingest(first, Limits(lambda: True))
    assert first.reads == list(range(LOOK_ROWS))
    second = MemorySource(COUNTS)
    assert lake.ingest(second, Limits())
    assert second.reads == list(range(LOOK_ROWS, sum(COUNTS)))
