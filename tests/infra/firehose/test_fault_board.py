"""What each fault does to a stream in this process, and how faults come and go."""

from collections import Counter
from datetime import timedelta

import pytest

from infra.local.firehose import (
    DeliveryError,
    Fault,
    FaultBoard,
    FaultError,
    Faults,
    FirehoseError,
    Kind,
)
from infra.local.firehose.fault_errors import DroppedConnectionError
from tests.infra.firehose.setups import START, STREAM, World, configuration, plain


def broken(*faults: Fault) -> World:
    """Return a world in which these faults are on."""
    world = World(plain())
    for fault in faults:
        world.firehose.faults.add(fault)
    return world


def codes(world: World, *records: bytes) -> list[str | None]:
    """Put a batch and return the error codes of its records."""
    return [answer.get("ErrorCode") for answer in world.put(*records)["RequestResponses"]]


@pytest.mark.fact("injected-failures", "service-unavailable")
def test_a_throttle_refuses_its_share_at_their_places() -> None:
    """The refused records can be sent again, and the same seed refuses the same ones."""
    fault = Fault(Kind.THROTTLE, rate=0.5, seed=3)
    refused = [fault.strikes(n) for n in range(20)]
    world = broken(fault)
    records = [b"%d;" % n for n in range(20)]
    assert [code == "ServiceUnavailableException" for code in codes(world, *records)] == refused
    assert 0 < sum(refused) < 20
    world.firehose.faults.clear()
    world.put(*[record for record, bad in zip(records, refused, strict=True) if bad])
    world.flush()
    (body,) = world.bodies("raw/")
    assert Counter(body.split(b";")) == Counter([*(b"%d" % n for n in range(20)), b""])


def test_a_failed_call_accepts_nothing() -> None:
    """Neither does a dropped connection."""
    world = broken(Fault(Kind.FAIL_CALL))
    with pytest.raises(FirehoseError) as failed:
        world.put(b"x")
    assert failed.value.code == "ServiceUnavailableException"
    world.firehose.faults.clear()
    world.firehose.faults.add(Fault(Kind.DROP_CONNECTION))
    with pytest.raises(DroppedConnectionError):
        world.firehose.put_record(STREAM, b"y")
    world.flush()
    assert world.keys() == []


@pytest.mark.parametrize(
    ("variant", "error"), [("error", FirehoseError), ("drop", DroppedConnectionError)]
)
def test_a_put_that_fails_after_it_was_accepted_is_delivered(
    variant: str, error: type[Exception]
) -> None:
    """The producer is told nothing good, and everything is there."""
    world = broken(Fault(Kind.FAIL_AFTER_ACCEPT, variant=variant))
    with pytest.raises(error):
        world.put(b"a", b"b")
    with pytest.raises(error):
        world.firehose.put_record(STREAM, b"c")
    world.flush()
    assert world.bodies("main/") == world.bodies("raw/") == [b"abc"]


@pytest.mark.fact("lambda-raises", "lambda-throttled", "lambda-timeout", "lambda-large-answer")
@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (Kind.LAMBDA_ERROR, "Lambda.FunctionError"),
        (Kind.LAMBDA_TIMEOUT, "Lambda.FunctionError"),
        (Kind.LAMBDA_THROTTLED, "Lambda.InvokeLimitExceeded"),
        (Kind.OVERSIZED_REPLY, "Lambda.FunctionError"),
    ],
)
def test_an_invocation_that_fails_is_tried_again_and_given_up(kind: Kind, code: str) -> None:
    """The batch is in the error output after all retries, and in the backup."""
    world = broken(Fault(kind))
    world.put(b"a", b"b")
    world.flush()
    lines = world.error_lines("processing-failed")
    assert [(line["errorCode"], line["attemptsMade"]) for line in lines] == [(code, 3)] * 2
    assert world.bodies("raw/") == [b"ab"]
    assert world.keys("main/") == []


@pytest.mark.fact("retry-invocation-id")
def test_an_invocation_that_fails_once_succeeds_the_next_time() -> None:
    """A fault with a rate leaves the retries their chance, under a new invocation id."""
    seed = next(
        seed
        for seed in range(100)
        if [Fault(Kind.OVERSIZED_REPLY, 0.5, seed).strikes(n) for n in range(2)] == [True, False]
    )
    world = broken(Fault(Kind.OVERSIZED_REPLY, 0.5, seed))
    world.put(b"a")
    world.flush()
    assert world.bodies("main/") == [b"a"]
    assert len({event["invocationId"] for event in world.function.events}) == 2


@pytest.mark.fact("lambda-missing-id")
def test_records_left_out_of_an_answer_fail_alone() -> None:
    """At once, and only they."""
    fault = Fault(Kind.MISSING_IDS, rate=0.4, seed=2)
    lost = [fault.strikes(n) for n in range(10)]
    assert 0 < sum(lost) < 10
    world = broken(fault)
    world.put(*[b"%d" % n for n in range(10)])
    world.flush()
    lines = world.error_lines("processing-failed")
    assert {line["errorCode"] for line in lines} == {"Lambda.MissingRecordId"}
    assert {line["attemptsMade"] for line in lines} == {1}
    assert len(lines) == sum(lost)
    (body,) = world.bodies("main/")
    assert body == b"".join(b"%d" % n for n, bad in enumerate(lost) if not bad)


@pytest.mark.fact("lambda-not-json")
def test_an_answer_that_is_no_json_is_told_as_such() -> None:
    """A fault that leaves records out does not hide what is wrong with the answer itself."""
    world = World(plain(), function=lambda request: "no JSON")
    world.firehose.faults.add(Fault(Kind.MISSING_IDS))
    world.put(b"a")
    world.flush()
    (line,) = world.error_lines("processing-failed")
    assert (line["errorCode"], line["attemptsMade"]) == ("Lambda.JsonProcessingException", 1)


def test_while_s3_is_down_everything_waits() -> None:
    """Main output, errors and backup are stored once it is up again, and each once."""
    world = World(configuration(), answer=lambda record: None)
    ends = START + timedelta(seconds=600)
    world.firehose.faults.add(Fault(Kind.S3_DOWN, ends=ends))
    world.put(b"x")
    for _ in range(3):
        with pytest.raises(DeliveryError, match="S3 is down"):
            world.flush()
    assert world.keys() == []
    world.clock.advance(600)
    world.flush()
    assert len(world.keys("errors/processing-failed/")) == len(world.keys("raw/")) == 1
    assert world.firehose.faults.on() == ()


@pytest.mark.fact("deliver-twice")
@pytest.mark.parametrize(("variant", "objects", "rows"), [("batches", 1, 2), ("objects", 2, 2)])
def test_a_duplicate_is_of_a_batch_or_of_an_object(variant: str, objects: int, rows: int) -> None:
    """One object with everything twice, or two objects."""
    world = broken(Fault(Kind.DUPLICATE, variant=variant))
    world.put(b"a")
    world.flush()
    assert len(world.keys("main/")) == objects
    assert b"".join(world.bodies("main/")) == b"a" * rows


@pytest.mark.fact("reorder")
def test_a_reordered_batch_has_the_same_records() -> None:
    """In another order than they were put in."""
    world = broken(Fault(Kind.REORDER))
    records = [b"%02d" % n for n in range(30)]
    world.put(*records)
    world.flush()
    (body,) = world.bodies("main/")
    assert body != b"".join(records)
    assert sorted(body[i : i + 2] for i in range(0, len(body), 2)) == records


def test_a_slow_answer_waits_after_the_records_are_accepted() -> None:
    """What sleeps is told how long; where nothing can, the fault is refused."""
    slept: list[float] = []
    world = World(plain())
    board = FaultBoard(world.clock, sleep=slept.append)
    board.add(Fault(Kind.SLOW, delay=30))
    board.after_put(STREAM)
    assert slept == [30]
    with pytest.raises(FaultError, match="finops local up"):
        world.firehose.faults.add(Fault(Kind.SLOW))


def test_a_process_that_must_not_end_refuses_to_crash() -> None:
    """A crash is for a server of its own."""
    world = World(plain())
    with pytest.raises(FaultError, match="finops local up"):
        world.firehose.faults.add(Fault(Kind.CRASH))
    crashed: list[str] = []
    board = FaultBoard(world.clock, crash=lambda: crashed.append("now"))
    board.add(Fault(Kind.CRASH))
    board.before_put(STREAM)
    assert crashed == []
    board.after_put(STREAM)
    assert crashed == ["now"]


def test_faults_are_for_a_stream_and_for_a_time() -> None:
    """Another stream goes on, and so does this one when the fault is over."""
    world = broken(Fault(Kind.FAIL_CALL, stream=STREAM, ends=START + timedelta(seconds=60)))
    world.firehose.create_delivery_stream("other", plain())
    assert world.firehose.put_record_batch("other", [b"x"])["FailedPutCount"] == 0
    with pytest.raises(FirehoseError):
        world.put(b"x")
    world.clock.advance(60)
    assert world.put(b"x")["FailedPutCount"] == 0


def test_faults_are_listed_with_what_they_did_and_cleared_by_their_number() -> None:
    """The others stay; numbers are not used twice."""
    world = broken(Fault(Kind.THROTTLE, rate=0), Fault(Kind.FAIL_CALL, rate=0))
    world.put(b"x", b"y")
    board = world.firehose.faults
    assert [(a.id, a.chances, a.strikes) for a in board.on()] == [(1, 2, 0), (2, 1, 0)]
    assert [active.id for active in board.clear(1)] == [1]
    assert [active.id for active in board.on()] == [2]
    with pytest.raises(FaultError, match="finops local fault list"):
        board.clear(1)
    assert board.add(Fault(Kind.REORDER)).id == 3
    assert len(board.clear()) == 2
    assert board.clear() == []


def test_two_faults_of_a_kind_do_not_disturb_each_other() -> None:
    """Each counts every chance, so that its seed decides alone."""
    one, two = (Fault(Kind.THROTTLE, rate=0.3, seed=seed) for seed in (1, 2))
    world = broken(one, two)
    expected = [one.strikes(n) or two.strikes(n) for n in range(50)]
    assert [code is not None for code in codes(world, *[b"x"] * 50)] == expected


def test_faults_without_an_end_stay_beside_the_board() -> None:
    """`inject` replaces what it injected before, and nothing else."""
    world = broken(Fault(Kind.DUPLICATE, variant="objects"))
    world.firehose.inject(Faults(duplicate_batches=True))
    world.put(b"a")
    world.flush()
    assert world.bodies("main/") == [b"aa", b"aa"]
    world.firehose.inject(Faults())
    world.put(b"b")
    world.flush()
    assert world.bodies("main/").count(b"b") == 2
