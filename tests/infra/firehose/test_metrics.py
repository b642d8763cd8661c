"""The metrics of a stream, with the service's meaning (§6)."""

import json
from datetime import timedelta

import pytest

from infra.local.firehose import DeliveryError, Fault, Faults, FirehoseError, Kind, limits, some
from infra.local.firehose.metrics import UNITS, Metrics, Samples
from infra.local.firehose.quotas import Quota, quota
from tests.infra.firehose.setups import (
    START,
    STREAM,
    Clock,
    World,
    configuration,
    data_of,
    echo,
    ok,
    plain,
)

MINUTE = START.replace(second=0, microsecond=0)


def metrics(world: World) -> dict[str, Samples]:
    """Return each metric of the world's stream, all minutes together."""
    found: dict[str, Samples] = {}
    for datum in world.firehose.telemetry.metrics.data():
        assert datum.arn == world.arn
        assert datum.name in UNITS
        one, more = found.get(datum.name), datum.samples
        found[datum.name] = (
            more
            if one is None
            else Samples(
                total=one.total + more.total,
                least=min(one.least, more.least),
                most=max(one.most, more.most),
                count=one.count + more.count,
            )
        )
    return found


def total(world: World, name: str) -> float:
    return metrics(world)[name].total


@pytest.mark.fact("metrics-incoming", "metrics-throttled", "metrics-put")
def test_incoming_counts_what_was_accepted() -> None:
    """One sample for each call; refused records are throttled, and not incoming."""
    world = World(plain(), faults=Faults(refuses=lambda ordinal, _: ordinal == 1))
    world.put(b"aaa", b"b", b"cc")
    world.firehose.put_record(STREAM, b"dddd")
    found = metrics(world)
    assert found["IncomingRecords"] == Samples(3, 1, 2, 2)
    assert found["IncomingBytes"] == Samples(9, 4, 5, 2)
    assert found["IncomingPutRequests"].total == 2
    assert found["ThrottledRecords"] == Samples(1, 0, 1, 2)
    assert found["PutRecordBatch.Records"].total == 2
    assert (found["PutRecordBatch.Bytes"].total, found["PutRecord.Bytes"].total) == (5, 4)
    assert (found["PutRecordBatch.Requests"].total, found["PutRecord.Requests"].total) == (1, 1)
    assert found["BytesPerSecondLimit"].most == 5 * limits.MIB
    assert found["RecordsPerSecondLimit"].most == 500_000
    assert found["PutRequestsPerSecondLimit"].most == 2_000


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("us-west-2", Quota(records=500_000, requests=2_000, bytes=5 * limits.MIB)),
        ("eu-central-1", Quota(records=100_000, requests=1_000, bytes=limits.MIB)),
    ],
)
def test_quotas_are_those_of_the_region(region: str, expected: Quota) -> None:
    """Three large Regions take five times the records and bytes, and twice the requests."""
    assert quota(region) == expected


@pytest.mark.fact("metrics-throttled")
def test_a_call_without_an_accepted_record_is_not_incoming() -> None:
    """Everything was throttled."""
    world = World(plain(), faults=Faults(refuses=some(1.0)))
    world.put(b"a", b"b")
    with pytest.raises(FirehoseError):
        world.firehose.put_record(STREAM, b"c")
    assert total(world, "ThrottledRecords") == 3
    assert not [name for name in metrics(world) if name.startswith("Incoming")]


@pytest.mark.fact("metrics-delivery", "metrics-backup", "metrics-freshness", "metrics-processing")
def test_delivery_counts_error_objects_too_in_original_size() -> None:
    """Of 51 bytes Ok and 53 bytes failed, two records and 104 bytes are delivered, as captured."""

    def answer(record: dict[str, str]) -> dict[str, object]:
        if len(data_of(record)) == 51:
            return ok(record, b"another size")
        return {"recordId": record["recordId"], "result": "ProcessingFailed"}

    world = World(plain(), answer)
    world.put(b"x" * 51, b"y" * 53)
    world.clock.advance(90)
    world.flush()
    found = metrics(world)
    assert (found["DeliveryToS3.Records"].total, found["DeliveryToS3.Bytes"].total) == (2, 104)
    assert (found["BackupToS3.Records"].total, found["BackupToS3.Bytes"].total) == (2, 104)
    assert found["SucceedProcessing.Records"].total == 1
    assert found["SucceedProcessing.Bytes"].total == 51
    assert found["DeliveryToS3.Success"] == Samples(2, 1, 1, 2)
    assert found["DeliveryToS3.DataFreshness"] == Samples(180, 90, 90, 2)
    assert found["BackupToS3.DataFreshness"].most == 90
    assert "DeliveryToS3.ObjectCount" not in found, "without partitions there is none"
    assert "PartitionCount" not in found


@pytest.mark.fact("metrics-processing", "metrics-backup")
def test_dropped_records_did_not_succeed() -> None:
    """They are in the backup only."""
    world = World(plain(), lambda record: {"recordId": record["recordId"], "result": "Dropped"})
    world.put(b"x")
    world.flush()
    assert total(world, "SucceedProcessing.Records") == 0
    assert total(world, "BackupToS3.Records") == 1
    assert "DeliveryToS3.Records" not in metrics(world)


@pytest.mark.fact("metrics-processing")
def test_each_invocation_is_a_sample_and_errors_lower_the_ratio() -> None:
    """Two of three attempts failed: with an error, and with too large an answer."""
    calls: list[int] = []

    def function(request: str) -> str:
        calls.append(1)
        world.clock.advance(2)
        if len(calls) == 1:
            raise RuntimeError
        answer = json.dumps({"records": [echo(r) for r in json.loads(request)["records"]]})
        return answer.ljust(limits.MAX_LAMBDA_PAYLOAD_BYTES + 1) if len(calls) == 2 else answer

    world = World(plain(), function=function)
    world.put(b"x")
    world.flush()
    assert metrics(world)["ExecuteProcessing.Success"] == Samples(1, 0, 1, 3)
    assert metrics(world)["ExecuteProcessing.Duration"] == Samples(6000, 2000, 2000, 3)


@pytest.mark.fact("metrics-conversion")
def test_partitions_and_conversion_are_counted() -> None:
    """A record that does not convert is a failed one, and an error object of its own."""

    def answer(record: dict[str, str]) -> dict[str, object]:
        data = data_of(record)
        return ok(record, b'{"id":%s}' % data, k=data[:1].decode())

    world = World(configuration(), answer)
    world.put(b"1", b'"x"', b"22")
    world.flush()
    found = metrics(world)
    assert found["SucceedConversion.Records"].total == 2
    assert found["SucceedConversion.Bytes"].total == 3
    assert found["FailedConversion.Records"].total == 1
    assert found["FailedConversion.Bytes"].total == 3
    assert found["PartitionCount"].most == 3
    assert found["PartitionCountExceeded"].most == 0
    assert found["DeliveryToS3.ObjectCount"].total == 3, "two partitions, and the error object"
    assert (found["DeliveryToS3.Records"].total, found["DeliveryToS3.Bytes"].total) == (3, 6)


def test_too_many_partitions_show() -> None:
    """501 active partitions are one too many; later there are few again."""
    world = World(
        configuration(), lambda record: ok(record, b'{"id":1}', k=data_of(record).decode())
    )
    for first in (0, 300):
        world.put(*[b"%d" % n for n in range(first, min(first + 300, 501))])
    world.flush()
    assert metrics(world)["PartitionCountExceeded"] == Samples(1, 1, 1, 1)
    assert metrics(world)["PartitionCount"].most == 500
    world.put(b"1")
    world.flush()
    assert metrics(world)["PartitionCountExceeded"] == Samples(1, 0, 1, 2)


@pytest.mark.fact("metrics-delivery", "metrics-freshness")
def test_a_destination_that_is_down_lowers_the_ratio_and_delivers_nothing() -> None:
    """The freshness is not emitted while nothing is delivered."""
    world = World(plain())
    world.firehose.faults.add(Fault(Kind.S3_DOWN, ends=START + timedelta(seconds=300)))
    world.put(b"x")
    with pytest.raises(DeliveryError):
        world.flush()
    for what in ("Success", "Records", "Bytes"):
        assert metrics(world)[f"DeliveryToS3.{what}"] == Samples(0, 0, 0, 1)
    assert "DeliveryToS3.DataFreshness" not in metrics(world)
    world.clock.advance(300)
    world.flush()
    assert metrics(world)["DeliveryToS3.Success"] == Samples(1, 0, 1, 2)
    assert metrics(world)["DeliveryToS3.Bytes"] == Samples(1, 0, 1, 2)
    assert metrics(world)["DeliveryToS3.DataFreshness"].most == 300


def test_values_are_kept_by_the_minute_and_only_so_many() -> None:
    """The oldest minute of a metric goes first, and each metric has its own."""
    clock = Clock()
    kept = Metrics(clock, kept=3)
    for n in range(5):
        kept.record("a", [("IncomingRecords", n), ("IncomingRecords", n)])
        if n == 0:
            kept.record("a", [("IncomingBytes", 7)])
        clock.advance(60)
    minutes = [d for d in kept.data() if d.name == "IncomingRecords"]
    assert [d.minute for d in minutes] == [MINUTE + timedelta(minutes=n) for n in (2, 3, 4)]
    assert minutes[0].samples == Samples(4, 2, 2, 2)
    assert [d.minute for d in kept.data() if d.name == "IncomingBytes"] == [MINUTE]
