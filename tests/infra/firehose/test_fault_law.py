"""The law under any schedule of faults: what was accepted is in the backup, and in main or errors.

A put whose answer was lost counts as accepted, because it was.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.firehose import DeliveryError, Fault, FirehoseError, Kind, NoJournal
from infra.local.firehose.fault_errors import DroppedConnectionError
from infra.local.firehose.records import Source
from tests.infra.firehose.setups import START, World, configuration
from tests.infra.firehose.test_law import (
    BATCHES,
    error_ids,
    lambda_of_fates,
    main_ids,
    number_of,
)

SECONDS = st.integers(0, 900)


@st.composite
def a_fault(draw: st.DrawFn) -> Fault:
    """Return any fault that a process without a server can have; it ends within an hour."""
    kinds = [kind for kind in Kind if kind not in (Kind.SLOW, Kind.CRASH)]
    begins = draw(SECONDS)
    return Fault(
        kind=draw(st.sampled_from(kinds)),
        rate=draw(st.sampled_from([0.1, 0.5, 1.0])),
        seed=draw(st.integers(0, 99)),
        stream=draw(st.sampled_from([None, "events", "another"])),
        starts=START + timedelta(seconds=begins),
        ends=START + timedelta(seconds=begins + 1 + draw(st.integers(0, 2700))),
    )


SCHEDULES = st.lists(a_fault(), max_size=5)


class Remembering(NoJournal):
    """A journal that knows what was accepted, whatever the producer was told."""

    def __init__(self) -> None:
        self.accepted: list[bytes] = []

    def append(self, sources: Sequence[Source]) -> None:
        """Remember records."""
        self.accepted += [source.data for source in sources]


def put(world: World, records: list[bytes]) -> list[bytes]:
    """Put a batch, after what was due, and return what was acknowledged."""
    with suppress(DeliveryError):
        world.firehose.tick()
    try:
        answers = world.put(*records)["RequestResponses"]
    except (FirehoseError, DroppedConnectionError):
        return []
    return [r for r, a in zip(records, answers, strict=True) if "RecordId" in a]


@settings(deadline=None, max_examples=150)
@given(SCHEDULES, BATCHES, st.lists(SECONDS, min_size=6, max_size=6), st.booleans())
def test_no_schedule_of_faults_loses_an_accepted_record(
    schedule: list[Fault], batches: list[list[str]], seconds: list[int], backup: bool
) -> None:
    """In the backup, and in main or error output unless the function dropped it; never invented."""
    none = {} if backup else {"S3BackupMode": None, "S3BackupConfiguration": None}
    journal = Remembering()
    world = World(configuration(**none), function=lambda_of_fates, journals=lambda stream: journal)
    for fault in schedule:
        world.firehose.faults.add(fault)
    acknowledged: list[bytes] = []
    number = 0
    for fates, pause in zip(batches, seconds, strict=False):
        records = [b"%d:%s;" % (number + n, fate.encode()) for n, fate in enumerate(fates)]
        number += len(records)
        acknowledged += put(world, records)
        world.clock.advance(pause)
    with suppress(DeliveryError):
        world.flush()
    world.clock.advance(4000)
    world.flush()

    accepted = set(journal.accepted)
    assert set(acknowledged) <= accepted
    if backup:
        assert {*b"".join(world.bodies("raw/")).split(b";"), b""} == {
            *(record[:-1] for record in accepted),
            b"",
        }
    seen = {*main_ids(world), *error_ids(world)}
    assert seen <= {number_of(record) for record in accepted}
    for record in accepted:
        assert number_of(record) in seen or record.endswith(b":dropped;")

    before = world.keys()
    world.tick(10_000)
    assert world.keys() == before
