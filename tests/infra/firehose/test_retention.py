"""How long records wait for a destination that cannot be written (§1.1, §3.4, §4.1)."""

import pytest

from infra.local.firehose import Choices, DeliveryError
from tests.infra.firehose.brokenstore import BrokenStore
from tests.infra.firehose.setups import TABLE, World, configuration, echo, plain

HOUR = 3600
BARE = configuration(DataFormatConversionConfiguration=None)


@pytest.mark.fact("retention")
def test_records_wait_for_a_day_and_no_longer() -> None:
    """A day after its arrival a record that cannot be stored is gone, and no other one."""
    store = BrokenStore("main/")
    world = World(plain(), store=store)
    world.put(b"old")
    with pytest.raises(DeliveryError, match="its data is kept"):
        world.flush()
    world.clock.advance(12 * HOUR)
    world.put(b"new")
    with pytest.raises(DeliveryError, match="its data is kept"):
        world.flush()
    world.clock.advance(12 * HOUR)
    with pytest.raises(DeliveryError, match="1 of its records waited for longer") as caught:
        world.flush()
    assert caught.value.lost == 1
    store.broken = None
    world.flush()
    assert world.bodies("main/") == [b"new"]
    assert b"".join(world.bodies("raw/")) == b"oldnew"


@pytest.mark.fact("retention")
def test_the_retention_can_be_chosen() -> None:
    """Whoever wants to lose nothing locally asks for more hours."""
    store = BrokenStore("main/")
    world = World(plain(), store=store, choices=Choices(retention_hours=100))
    world.put(b"x")
    world.clock.advance(99 * HOUR)
    with pytest.raises(DeliveryError, match="its data is kept"):
        world.flush()
    store.broken = None
    world.flush()
    assert world.bodies("main/") == [b"x"]


@pytest.mark.fact("conversion-error-blocks")
def test_failures_of_a_conversion_block_for_ever() -> None:
    """What cannot be reported is not given up; the good rows beside it wait with it."""
    store = BrokenStore("errors/")
    world = World(store=store)
    world.put(b'{"id":1}', b"bad")
    for _ in range(3):
        world.clock.advance(30 * HOUR)
        with pytest.raises(DeliveryError, match="its data is kept"):
            world.flush()
    assert world.keys("main/") == []
    store.broken = None
    world.flush()
    assert len(world.keys("main/")) == 1
    assert len(world.error_lines("format-conversion-failed")) == 1


@pytest.mark.fact("partition-retry-expiry")
@pytest.mark.parametrize("choice", ["keep", "discard"])
def test_the_end_of_a_partitions_retries_can_be_chosen(choice: str) -> None:
    """It is not known what becomes of the data; here it waits on, unless losing it is chosen."""
    store = BrokenStore("main/")
    choices = Choices(after_partition_retry="discard") if choice == "discard" else Choices()
    world = World(BARE, store=store, choices=choices)
    world.put(b"x")
    for seconds in (0, 299, 1):
        world.clock.advance(seconds)
        with pytest.raises(DeliveryError):
            world.flush()
    store.broken = None
    world.flush()
    assert world.bodies("main/") == ([] if choice == "discard" else [b"x"])
    assert world.bodies("raw/") == [b"x"]


@pytest.mark.fact("undeliverable-stays-active")
def test_a_partition_that_cannot_be_stored_stays_active() -> None:
    """It counts against the limit of active partitions until it is delivered."""
    store = BrokenStore("main/")
    world = World(
        BARE, lambda r: {**echo(r)}, store=store, choices=Choices(max_active_partitions=1)
    )
    world.put(b"x")
    with pytest.raises(DeliveryError):
        world.flush()
    world.function.answer = lambda r: {
        **echo(r),
        "metadata": {"partitionKeys": {"k": "other"}},
    }
    world.put(b"y")
    with pytest.raises(DeliveryError):
        world.flush()
    (line,) = world.error_lines("activePartitionExceeded")
    assert line["errorMessage"] == "More than 1 active partitions"
    store.broken = None
    world.flush()
    world.put(b"z")
    world.flush()
    assert world.bodies("main/k=other/") == [b"z"]


def test_records_wait_for_a_table_that_is_gone() -> None:
    """What the service does then is not known; here they are kept until the table is there."""
    tables = {("db", "rows"): TABLE}
    world = World(tables=tables)
    world.put(b'{"id":1}')
    del tables["db", "rows"]
    with pytest.raises(DeliveryError, match=r"EntityNotFoundException.*its data is kept"):
        world.flush()
    assert world.keys("main/") == []
    tables["db", "rows"] = TABLE
    world.flush()
    assert len(world.keys("main/")) == 1
