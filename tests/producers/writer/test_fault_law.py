"""The law of the way to the stream: whatever fails and however often, nothing safe is lost."""

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from producers.errors import TransportError
from producers.writer import DeliveryWriter, WriterSettings
from tests.producers.writer.events import batches, event
from tests.producers.writer.mortal import Hasty
from tests.producers.writer.on_disk import on_disk

FAILS, LOST, TAKEN = "fails", "lost", "taken"
"""Before the stream saw the call; after it took everything; neither."""
CALLS = st.lists(
    st.tuples(st.sampled_from((FAILS, LOST, TAKEN)), st.frozensets(st.integers(0, 7), max_size=5)),
    max_size=24,
)
"""What becomes of each call, and which of its records are refused, counted modulo eight."""
ROUNDS = st.lists(st.integers(0, 9), min_size=1, max_size=4)
"""How many events each writer of the name puts."""


class Scheduled:
    """A stream that fails as planned, and then no more; it knows who may send what again."""

    def __init__(self, schedule: Sequence[tuple[str, frozenset[int]]]) -> None:
        self._schedule = list(schedule)
        self.accepted: list[bytes] = []
        self.sent_though_accepted: list[bytes] = []
        self._said: set[bytes] = set()

    def faults_end(self) -> None:
        """Take everything from now on."""
        self._schedule.clear()

    def put_record_batch(self, records: Sequence[bytes]) -> list[str | None]:
        """Do what is next on the plan."""
        self.sent_though_accepted += [record for record in records if record in self._said]
        fate, refused = self._schedule.pop(0) if self._schedule else (TAKEN, frozenset())
        if fate == FAILS:
            raise TransportError("no connection; try again")
        answers = [
            "ServiceUnavailableException" if i % 8 in refused else None for i in range(len(records))
        ]
        taken = [r for r, error in zip(records, answers, strict=True) if error is None]
        self.accepted += taken
        if fate == LOST:
            raise TransportError("no answer; try again")
        self._said.update(taken)
        return answers


def numbers(records: Sequence[bytes]) -> dict[tuple[str, int], int]:
    """Return the events of records: id to number."""
    return {
        (batch.delivery_id, charge["ordinal"]): int(charge["charge_description"])
        for batch in batches(records)
        if batch.is_charges
        for charge in batch.events
    }


@given(CALLS, ROUNDS, st.integers(0, 2**32), st.booleans())
@example([(FAILS, frozenset())] * 9, [3], 1, False)
@example([(LOST, frozenset({0, 1}))] * 9, [4, 0, 2], 1, True)
@settings(max_examples=40, deadline=None)
def test_what_is_safe_is_accepted_or_waits_and_arrives_in_the_end(
    calls: list[tuple[str, frozenset[int]]], rounds: list[int], seed: int, hurried: bool
) -> None:
    """Several writers, one after the other, over one stream; the last one meets no faults."""
    stream = Scheduled(calls)
    # In a hurry a writer is closed while its records are on their way.
    some = WriterSettings(linger=60.0, batch_bytes=1, deadline=0.0 if hurried else 0.05)
    put = 0
    with tempfile.TemporaryDirectory() as folder:
        for count in rounds:
            with DeliveryWriter("p", stream, Path(folder), some, chance=Hasty(seed)) as writer:
                assert writer.position == (put - 1 if put else None)
                for number in range(put, put + count):
                    writer.put(event(number, 1 + number % 4, ChargeDescription=str(number)), number)
                put += count
                assert writer.flush().acknowledged == count
            kept = on_disk(Path(folder) / "p")
            assert {*numbers([*stream.accepted, *kept.waiting]).values()} == {*range(put)}
        stream.faults_end()
        calm = WriterSettings(deadline=60.0)
        DeliveryWriter("p", stream, Path(folder), calm, chance=Hasty(seed)).close()
        assert not on_disk(Path(folder) / "p").waiting
    assert Counter(numbers(stream.accepted).values()) == Counter(range(put))
    assert not stream.sent_though_accepted
