"""Buffers, object keys, partitions and the backup, on a clock that is moved (§4, §5)."""

import gzip
import io
import re
from random import Random

import pyarrow.parquet as pq
import pytest

from infra.local.firehose import Choices, DeliveryError, Faults, LocalFirehose, limits
from infra.local.firehose.identifiers import Identifiers
from infra.local.store import MemoryStore
from schemas.lake import ObjectStore
from tests.infra.firehose.brokenstore import BrokenStore
from tests.infra.firehose.setups import (
    FUNCTION,
    ROLE,
    STREAM,
    TABLE,
    Clock,
    Function,
    World,
    configuration,
    data_of,
    delimiting,
    echo,
    ok,
    plain,
    processing,
)

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def by_first_letter(record: dict[str, str]) -> dict[str, str]:
    """Answer Ok in the partition of the record's first letter."""
    return ok(record, k=data_of(record)[:1].decode())


def bare(**changes: object) -> dict[str, object]:
    """Return a configuration with partitions, without conversion."""
    return configuration(DataFormatConversionConfiguration=None, **changes)


@pytest.mark.fact(
    "object-name",
    "timestamp-is-arrival",
    "custom-time-zone",
    "hour-is-added",
    "extensions",
    "gzip-object",
)
@pytest.mark.parametrize(
    ("changes", "pattern"),
    [
        ({}, rf"main/2026/11/23/10/events-1-2026-11-23-10-30-15-{UUID}"),
        ({"Prefix": "main"}, rf"main2026/11/23/10/events-1-2026-11-23-10-30-15-{UUID}"),
        (
            {"CompressionFormat": "GZIP"},
            rf"main/2026/11/23/10/events-1-2026-11-23-10-30-15-{UUID}\.gz",
        ),
        (
            {"FileExtension": ".log"},
            rf"main/2026/11/23/10/events-1-2026-11-23-10-30-15-{UUID}\.log",
        ),
        (
            {"CustomTimeZone": "Asia/Tokyo"},
            rf"main/2026/11/23/19/events-1-2026-11-23-19-30-15-{UUID}",
        ),
    ],
)
def test_object_keys_follow_the_naming_rules(changes: dict[str, object], pattern: str) -> None:
    """Prefix, stream, version, arrival of the oldest record, uuid, extension."""
    world = World(plain(**changes))
    world.put(b"first")
    world.clock.advance(3600)
    world.put(b"second")
    world.flush()
    (key,) = world.keys("main")
    assert re.fullmatch(pattern, key)


@pytest.mark.fact("extensions", "parquet-object", "error-object-extension")
def test_converted_and_error_objects_have_their_extensions() -> None:
    """Conversion ends in .parquet, errors in nothing."""
    world = World(answer=lambda r: echo(r) if data_of(r) != b"bad" else None)
    world.put(b'{"id":1}', b"bad")
    world.flush()
    main, errors = world.keys("main/"), world.keys("errors/")
    assert re.fullmatch(rf"main/k=a/events-1-2026-11-23-10-30-15-{UUID}\.parquet", main[0])
    assert re.fullmatch(
        rf"errors/processing-failed/dt=2026-11-23/events-1-2026-11-23-10-30-15-{UUID}", errors[0]
    )


@pytest.mark.fact("partition-buffers", "controlled-clock")
def test_each_partition_has_its_own_buffer_and_clock() -> None:
    """A partition is delivered when its own interval has passed."""
    world = World(bare(), answer=by_first_letter)
    world.put(b"a1")
    world.tick(60)
    world.put(b"b1", b"a2")
    world.tick(60)
    assert world.bodies("main/k=a/") == [b"a1a2"]
    assert world.bodies("main/k=b/") == []
    world.tick(60)
    assert world.bodies("main/k=b/") == [b"b1"]
    assert len(world.keys("main/k=a/")) == 1


@pytest.mark.fact("partition-buffers")
def test_a_buffer_goes_when_its_size_is_reached() -> None:
    """A destination's size hint closes an object, whatever the time."""
    world = World(plain(BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 900}))
    for _ in range(6):
        world.put(b"x" * 200_000)
    world.tick(60)
    assert [len(body) for body in world.bodies("main/")] == [1_000_000]
    world.tick(900)
    assert sorted(len(body) for body in world.bodies("main/")) == [200_000, 1_000_000]


@pytest.mark.fact(
    "partition-key-unusable",
    "partition-keys-are-texts",
    "partition-key-code",
    "partition-key-type",
    "conversion-raw-data",
)
@pytest.mark.parametrize("value", [None, "", 7, ["a"], "a/../b", "//x", "x" * 600, "\0"])
def test_a_record_without_a_usable_partition_goes_to_the_error_output(value: object) -> None:
    """A missing, empty, non-text or unstorable key costs its own record only."""
    world = World(
        bare(), answer=lambda r: ok(r, b"out", k=value) if data_of(r) == b"bad" else echo(r)
    )
    world.put(b"bad", b"good")
    world.flush()
    (line,) = world.error_lines("metadata-extraction-failed")
    assert list(line) == [
        "rawData",
        "errorCode",
        "errorMessage",
        "attemptsMade",
        "arrivalTimestamp",
        "attemptEndingTimestamp",
    ]
    assert line["errorCode"] == "DynamicPartitioning.MetadataExtractionFailed"
    assert line["rawData"] == "b3V0"
    assert world.bodies("main/") == [b"good"]


@pytest.mark.fact("active-partitions", "partition-overflow")
def test_partitions_over_the_limit_go_to_the_error_output() -> None:
    """The 501st active partition is refused; delivered ones no longer count."""
    world = World(bare(), answer=lambda r: ok(r, k=data_of(r).decode()))
    numbers = [str(n).encode() for n in range(limits.MAX_ACTIVE_PARTITIONS + 1)]
    world.put(*numbers[:500])
    world.put(*numbers[500:])
    world.flush()
    assert len(world.keys("main/")) == 500
    assert [e["rawData"] for e in world.error_lines("activePartitionExceeded")] == ["NTAw"]
    world.put(*numbers[500:])
    world.flush()
    assert len(world.keys("main/")) == 501


@pytest.mark.fact(
    "backup-keeps-all",
    "backup-concatenates",
    "result-dropped",
    "result-processing-failed",
    "backup-after-processing",
)
def test_the_backup_keeps_every_record_in_its_own_time() -> None:
    """Dropped, failed or fine, all source bytes are kept, without a delimiter."""
    words = {b"o": "Ok", b"d": "Dropped", b"f": "ProcessingFailed"}
    world = World(plain(), answer=lambda r: {**echo(r), "result": words[data_of(r)]})
    world.put(b"o", b"d", b"f")
    world.tick(60)
    world.tick(60)
    assert world.bodies("main/") == [b"o"]
    assert world.keys("raw/") == []
    world.tick(240)
    assert world.bodies("raw/") == [b"odf"]
    assert re.fullmatch(
        rf"raw/dt=2026-11-23/events-1-2026-11-23-10-30-15-{UUID}", world.keys("raw/")[0]
    )


@pytest.mark.fact("backup-interval", "gzip-object")
def test_the_backup_may_be_compressed_beside_conversion() -> None:
    """GZIP is one member with the glued records, and ends in .gz."""
    backup = {
        "BucketARN": "arn:aws:s3:::lake",
        "RoleARN": ROLE,
        "CompressionFormat": "GZIP",
        "Prefix": "raw/",
    }
    world = World(configuration(S3BackupConfiguration=backup))
    world.put(b'{"id":1}', b'{"id":2}')
    world.flush()
    (key,) = world.keys("raw/")
    assert key.endswith(".gz")
    assert gzip.decompress(world.store.get(key)) == b'{"id":1}{"id":2}'


def under(store: MemoryStore, prefix: str) -> list[bytes]:
    """Return the bodies under a prefix."""
    return [store.get(info.key) for info in store.list(prefix)]


@pytest.mark.fact("backup-independent", "lambda-result-is-kept")
@pytest.mark.parametrize("broken", ["main/k=a/", "raw/", "errors/"])
def test_one_destination_down_stops_no_other_and_loses_nothing(broken: str) -> None:
    """What could not be stored is kept, named, and stored once the store is repaired."""
    store = BrokenStore(broken)
    stores: dict[str, ObjectStore] = {"lake": store}
    function = Function(lambda r: by_first_letter(r) if data_of(r) != b"none" else None)
    firehose = LocalFirehose(
        stores=stores,
        functions={FUNCTION: function},
        tables={("db", "rows"): TABLE},
        clock=Clock(),
        random=Random(1),
    )
    firehose.create_delivery_stream(STREAM, bare())
    firehose.put_record_batch(STREAM, [b"a", b"b", b"none"])
    with pytest.raises(DeliveryError, match="its data is kept"):
        firehose.flush(STREAM)
    expected = {"main/k=a/": [b"a"], "main/k=b/": [b"b"], "raw/": [b"abnone"]}
    for prefix, bodies in expected.items():
        assert under(store, prefix) == ([] if prefix == broken else bodies)
    store.broken = None
    firehose.flush(STREAM)
    for prefix, bodies in expected.items():
        assert under(store, prefix) == bodies
    assert len(under(store, "errors/")) == 1
    assert len(function.events) == 1


def test_an_interrupted_invocation_is_begun_again() -> None:
    """Stopping the process's work in the middle of a batch loses no record of it."""
    calls: list[str] = []

    def interrupted(request: str) -> str:
        calls.append(request)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return Function(echo)(request)

    world = World(plain(), function=interrupted)
    world.put(b"x")
    with pytest.raises(KeyboardInterrupt):
        world.flush()
    world.flush()
    assert (world.bodies("main/"), world.bodies("raw/")) == ([b"x"], [b"x"])


@pytest.mark.fact("deliver-twice")
def test_duplicates_on_purpose() -> None:
    """A batch invoked twice doubles main output, an object stored twice doubles everything."""
    world = World(plain(), faults=Faults(duplicate_batches=True))
    world.put(b"x")
    world.flush()
    assert world.bodies("main/") == [b"xx"]
    assert world.bodies("raw/") == [b"x"]
    assert len({event["invocationId"] for event in world.function.events}) == 2
    world.firehose.inject(Faults(duplicate_objects=True))
    world.put(b"y")
    world.flush()
    assert sorted(world.bodies("main/")) == [b"xx", b"y", b"y"]
    assert sorted(world.bodies("raw/")) == [b"x", b"y", b"y"]


@pytest.mark.fact("reorder", "no-order")
def test_disorder_on_purpose() -> None:
    """Reordering changes the order and nothing else."""
    world = World(plain(), faults=Faults(reorder=True))
    letters = [bytes([c]) for c in range(65, 91)]
    world.put(*letters)
    world.flush()
    (body,) = world.bodies("main/")
    assert sorted(body) == list(b"".join(letters))
    assert body != b"".join(letters)


def test_random_things_have_the_services_forms() -> None:
    """Ids are opaque, unique and of a seed."""
    ids, same = Identifiers(Random(3)), Identifiers(Random(3))
    assert re.fullmatch(UUID, ids.uuid())
    assert len(set(ids.record_ids(500))) == 500
    assert same.uuid() != ids.uuid()
    assert Identifiers(Random(3)).put_id() == Identifiers(Random(3)).put_id()


@pytest.mark.fact("order-of-processing", "one-partition-per-record")
def test_a_record_goes_through_lambda_partition_and_conversion_in_this_order() -> None:
    """Partitions come from what the Lambda answers, and are found before anything is converted."""
    rows = b'{"id":1}\n{"id":2}'
    world = World(
        answer=lambda r: ok(r, rows, k="b") if data_of(r) == b"rows" else ok(r, b"not JSON")
    )
    world.put(b"rows", b"lost")
    world.flush()
    (body,) = world.bodies("main/k=b/")
    assert pq.read_table(io.BytesIO(body))["id"].to_pylist() == [1, 2]
    assert world.keys("main/") == world.keys("main/k=b/")
    assert len(world.error_lines("metadata-extraction-failed")) == 1
    assert world.keys("errors/format-conversion-failed/") == []


@pytest.mark.fact("append-delimiter")
def test_a_delimiter_goes_between_the_records_of_the_main_output() -> None:
    """There is none after the last, and none in the backup."""
    both = processing()
    both["Processors"] += delimiting()["Processors"]
    world = World(plain(ProcessingConfiguration=both))
    world.put(b"a", b"b", b"c")
    world.flush()
    assert world.bodies("main/") == [b"a\nb\nc"]
    assert world.bodies("raw/") == [b"abc"]


@pytest.mark.fact("error-without-backup")
def test_errors_are_written_without_a_backup() -> None:
    """The error output does not depend on the backup."""
    world = World(plain(S3BackupMode=None, S3BackupConfiguration=None), lambda r: None)
    world.put(b"x")
    world.flush()
    assert len(world.error_lines("processing-failed")) == 1
    assert len(world.keys()) == 1


@pytest.mark.fact("active-partitions", "partition-overflow-fields", "partition-key-code")
@pytest.mark.fact("partition-key-type", "conversion-raw-data")
def test_partition_errors_can_be_chosen() -> None:
    """The limit is a quota; codes, the type and the raw data are not known."""
    choices = Choices(
        max_active_partitions=1,
        partition_limit_code="Limit",
        partition_key_code="Key",
        partition_key_type="no-key",
        raw_data="source",
    )
    keys = {b"a": {"k": "a"}, b"b": {"k": "b"}, b"-": {}}
    world = World(bare(), lambda r: ok(r, b"out", **keys[data_of(r)]), choices=choices)
    world.put(b"a", b"b", b"-")
    world.flush()
    (limit,) = world.error_lines("activePartitionExceeded")
    (key,) = world.error_lines("no-key")
    assert (limit["errorCode"], limit["rawData"]) == ("Limit", "Yg==")
    assert (key["errorCode"], key["rawData"]) == ("Key", "LQ==")
