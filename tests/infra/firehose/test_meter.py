"""What AWS would bill: rounding, rates, and counts that survive a restart."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.firehose import Faults
from infra.local.firehose.diagnostics import ObjectKind
from infra.local.firehose.meter import Counts, Meter
from infra.local.firehose.prices import GB, TB, Usage, bill, rounded, total
from tests.infra.firehose.setups import START, Clock, World, configuration, plain

ARN = "arn:aws:firehose:us-east-1:000000000000:deliverystream/events"


@pytest.mark.fact("price-ingestion")
@pytest.mark.parametrize(
    ("size", "billed"), [(0, 5120), (1, 5120), (5120, 5120), (5121, 10240), (1_024_000, 1_024_000)]
)
def test_a_record_is_rounded_up_on_its_own(size: int, billed: int) -> None:
    """To a multiple of 5 KiB."""
    assert rounded(size) == billed


@pytest.mark.fact("price-ingestion", "price-conversion", "price-partitioning")
def test_a_batch_is_rounded_record_by_record() -> None:
    """Two records of a KB are two steps, not one; what is refused costs nothing."""
    world = World(configuration(), faults=Faults(refuses=lambda ordinal, _: ordinal == 2))
    world.put(b"x" * 1024, b"y" * 1024, b"z")
    (counts,) = world.firehose.telemetry.meter.counts().values()
    assert (counts.records, counts.bytes, counts.ingested) == (2, 2048, 10240)
    assert (counts.converted, counts.partitioned) == (10240, 10240)


def test_only_what_a_stream_does_is_billed() -> None:
    """Without conversion and partitions their meters stand still."""
    world = World(plain())
    world.put(b"x")
    world.flush()
    (counts,) = world.firehose.telemetry.meter.counts().values()
    assert (counts.ingested, counts.converted, counts.partitioned) == (5120, 0, 0)
    assert (counts.main_objects, counts.partition_objects, counts.backup_objects) == (1, 0, 1)


@pytest.mark.fact("price-partitioning")
def test_objects_are_counted_by_what_they_are() -> None:
    """A record without its id in the answer is an error object; a copy is an object, too."""
    world = World(configuration(), faults=Faults(duplicate_objects=True))
    world.put(b'{"id":1}')
    world.flush()
    world.function.answer = lambda record: None
    world.put(b'{"id":2}')
    world.flush()
    (counts,) = world.firehose.telemetry.meter.counts().values()
    assert (counts.main_objects, counts.partition_objects) == (2, 2)
    assert (counts.error_objects, counts.backup_objects) == (2, 4)


@pytest.mark.fact("price-ingestion", "price-conversion", "price-partitioning")
def test_a_gigabyte_costs_what_the_price_list_says() -> None:
    """Exactly, each meter on its own."""
    amounts = bill(Usage(ingested=GB, converted=GB, partitioned=GB, objects=1000))
    expected = {
        "ingestion": Decimal("0.029"),
        "conversion": Decimal("0.018"),
        "partitioning": Decimal("0.020"),
        "objects": Decimal("0.005"),
    }
    assert amounts == expected
    assert total(amounts) == Decimal("0.072")


def test_large_volumes_get_cheaper() -> None:
    """500 TB at the first rate, 1.5 PB at the second, the rest at the third."""
    assert bill(Usage(ingested=500 * TB))["ingestion"] == 512_000 * Decimal("0.029")
    step = bill(Usage(ingested=500 * TB + GB))["ingestion"] - 512_000 * Decimal("0.029")
    assert step == Decimal("0.025")
    most = 512_000 * Decimal("0.029") + 1_536_000 * Decimal("0.025") + Decimal("0.020")
    assert bill(Usage(ingested=2000 * TB + GB))["ingestion"] == most


@given(st.integers(0, 10**18))
def test_no_digit_is_lost(size: int) -> None:
    """A single byte shows, however far behind the point."""
    amount = bill(Usage(converted=size))["conversion"]
    assert Fraction(amount) == Fraction(size, GB) * Fraction(18, 1000)


def test_counts_survive_a_restart(tmp_path: Path) -> None:
    """With the moment since when they count; what was not saved is not there."""
    clock = Clock()
    meter = Meter(clock, tmp_path / "meter.json", pytest.fail)
    meter.accepted(ARN, [1, 6000], converts=True, partitions=False)
    meter.stored(ARN, ObjectKind.MAIN, partitions=True)
    meter.save()
    meter.accepted(ARN, [1], converts=True, partitions=False)
    clock.advance(3600)
    again = Meter(clock, tmp_path / "meter.json", pytest.fail)
    assert again.since == START
    assert again.counts() == {
        ARN: Counts(
            *(2, 6001, 15360, 15360),
            main_objects=1,
            partition_objects=1,
        )
    }
    assert Meter(clock, tmp_path / "other.json").since == START + timedelta(hours=1)


def test_a_file_that_cannot_be_read_is_kept_aside(tmp_path: Path) -> None:
    """Counting begins anew, and says so."""
    file = tmp_path / "meter.json"
    said: list[str] = []
    for text in ("{", "[]", '{"since": "2026-01-01", "streams": {"a": {"records": 1, "z": 2}}}'):
        file.write_text(text)
        meter = Meter(Clock(), file, said.append)
        assert (meter.since, meter.counts()) == (START, {})
        assert (tmp_path / "meter.damaged").read_text() == text
    assert len(said) == 3
    assert "begins anew" in said[0]


def test_a_file_that_cannot_be_written_is_told_and_tried_again(tmp_path: Path) -> None:
    """The counts stay in memory until there is room."""
    folder = tmp_path / "later"
    said: list[str] = []
    meter = Meter(Clock(), folder / "meter.json", said.append)
    meter.accepted(ARN, [1], converts=False, partitions=False)
    meter.save()
    assert "make room" in said[0]
    folder.mkdir()
    meter.save()
    assert Meter(Clock(), folder / "meter.json").counts()[ARN].records == 1
    assert len(said) == 1
