"""The API calls: limits, answers, refusals (§1)."""

from random import Random

import pytest

from infra.local.firehose import Faults, FirehoseError, LocalFirehose, some
from infra.local.store import MemoryStore
from tests.infra.firehose.setups import FUNCTION, STREAM, TABLE, World, configuration, plain


@pytest.mark.fact("responses-positional", "response-entry", "failed-put-count")
def test_the_answer_has_the_apis_shape() -> None:
    """One entry for each record, each with an id of its own."""
    answer = World().put(b"a", b"", b"c")
    assert list(answer) == ["FailedPutCount", "Encrypted", "RequestResponses"]
    assert (answer["FailedPutCount"], answer["Encrypted"]) == (0, False)
    assert [list(entry) for entry in answer["RequestResponses"]] == [["RecordId"]] * 3
    assert len({entry["RecordId"] for entry in answer["RequestResponses"]}) == 3


@pytest.mark.fact("record-empty", "record-largest", "batch-records")
@pytest.mark.parametrize(
    "records",
    [[b""], [b"x" * 1_024_000], [b"x"] * 500],
    ids=["empty", "largest", "most"],
)
def test_the_limits_are_inside(records: list[bytes]) -> None:
    """What the service takes at its limits is taken."""
    assert World().put(*records)["FailedPutCount"] == 0


@pytest.mark.fact("batch-bytes")
def test_four_mebibytes_are_accepted_and_one_byte_more_is_not() -> None:
    """The size of a batch is counted in raw bytes, with an error other than the shape checks'."""
    world = World()
    full = [b"x" * 1_000_000] * 4 + [b"x" * (4 * 1024 * 1024 - 4_000_000)]
    assert world.put(*full)["FailedPutCount"] == 0
    with pytest.raises(FirehoseError) as refusal:
        world.put(*full, b"x")
    assert refusal.value.code == "InvalidArgumentException"
    assert refusal.value.message == "Records size exceeds 4 MB limit"


@pytest.mark.fact("record-largest", "batch-records")
@pytest.mark.parametrize(
    "records", [[], [b"x"] * 501, [b"ok", b"x" * 1_024_001]], ids=["none", "many", "large"]
)
def test_requests_out_of_shape_are_refused_whole(records: list[bytes]) -> None:
    """Nothing of a refused request is accepted."""
    world = World()
    with pytest.raises(FirehoseError) as refusal:
        world.put(*records)
    assert refusal.value.code == "ValidationException"
    world.flush()
    assert world.keys() == []


def test_put_record_is_a_batch_of_one() -> None:
    """The single call answers with the id and goes the same way."""
    world = World(plain())
    answer = world.firehose.put_record(STREAM, b"one")
    assert set(answer) == {"RecordId", "Encrypted"}
    world.flush()
    assert world.bodies("main/") == [b"one"]
    with pytest.raises(FirehoseError):
        world.firehose.put_record(STREAM, b"x" * 1_024_001)


@pytest.mark.fact(
    "service-unavailable",
    "response-entry",
    "failed-put-count",
    "later-records-go-on",
    "injected-failures",
)
def test_a_refused_record_can_be_resent_by_its_position() -> None:
    """A scripted refusal hits exactly its record, in a call that succeeds otherwise."""
    world = World(plain(), faults=Faults(refuses=lambda ordinal, _: ordinal == 1))
    answer = world.put(b"0", b"1", b"2")
    assert answer["FailedPutCount"] == 1
    assert answer["RequestResponses"][1] == {
        "ErrorCode": "ServiceUnavailableException",
        "ErrorMessage": "Slow down.",
    }
    world.put(b"1")
    world.flush()
    assert world.bodies("main/") == [b"021"]


@pytest.mark.fact("service-unavailable")
def test_a_refused_single_record_is_an_error() -> None:
    """PutRecord has no partial answer."""
    world = World(faults=Faults(refuses=some(1.0)))
    with pytest.raises(FirehoseError) as refusal:
        world.firehose.put_record(STREAM, b"x")
    assert refusal.value.code == "ServiceUnavailableException"


def test_refusals_follow_the_seed() -> None:
    """The same seed refuses the same records, and faults can be injected at any time."""
    answers = []
    for _ in range(2):
        world = World(seed=7)
        world.firehose.inject(Faults(refuses=some(0.5)))
        answers.append(world.put(*[b"x"] * 50))
    assert answers[0] == answers[1]
    assert 10 < answers[0]["FailedPutCount"] < 40


@pytest.mark.fact("stream-name", "stream-not-found")
def test_streams_are_told_apart() -> None:
    """An unknown stream, a taken or bad name, and a missing bucket are refused."""
    world = World()
    assert world.arn == "arn:aws:firehose:us-east-1:000000000000:deliverystream/events"
    create = world.firehose.create_delivery_stream
    for name, settings, code in (
        (STREAM, configuration(), "ResourceInUseException"),
        ("a b", configuration(), "ValidationException"),
        ("x" * 65, configuration(), "ValidationException"),
        ("new", configuration(BucketARN="arn:aws:s3:::none"), "InvalidArgumentException"),
        ("new", plain(Prefix="/main/"), "InvalidArgumentException"),
        ("new", plain(Prefix="x" * 600), "InvalidArgumentException"),
    ):
        with pytest.raises(FirehoseError) as refusal:
            create(name, settings)
        assert refusal.value.code == code
    with pytest.raises(FirehoseError) as refusal:
        world.firehose.put_record_batch("none", [b"x"])
    assert refusal.value.code == "ResourceNotFoundException"


@pytest.mark.fact("encrypted-answer")
def test_encryption_shows_in_the_answers() -> None:
    """A stream with server-side encryption says so."""
    firehose = LocalFirehose(
        stores={"lake": MemoryStore()},
        functions={FUNCTION: lambda request: request},
        tables={("db", "rows"): TABLE},
        clock=World().clock,
        random=Random(1),
    )
    firehose.create_delivery_stream("s", configuration(), encrypted=True)
    assert firehose.put_record_batch("s", [b"x"])["Encrypted"] is True
    assert firehose.put_record("s", b"x")["Encrypted"] is True


@pytest.mark.fact("put-id-is-not-lambda-id")
def test_the_producer_and_the_function_see_other_ids() -> None:
    """Nobody can follow a record from its put to its Lambda by an id of the service."""
    world = World(plain())
    answered = {entry["RecordId"] for entry in world.put(b"a", b"b")["RequestResponses"]}
    world.flush()
    (event,) = world.function.events
    assert answered.isdisjoint(record["recordId"] for record in event["records"])
