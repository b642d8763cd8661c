"""The Lambda step: what the function is sent, and what becomes of its answers (§2)."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from infra.local.firehose import limits
from infra.local.firehose.outcomes import Delivered, Dropped, Outcome, Rejected, judge
from tests.infra.firehose.setups import (
    FUNCTION,
    STREAM,
    World,
    data_of,
    echo,
    ok,
    plain,
    processing,
)

ARRIVAL = 1_795_429_815_250  # setups.START in epoch milliseconds
DATA = base64.b64encode(b"new").decode()
GOOD = {"recordId": "b", "result": "Ok", "data": DATA}
FINE = Delivered(b"new", {})


def answer(*records: object) -> str:
    """Return a response with these records."""
    return json.dumps({"records": records})


def codes(outcomes: list[Outcome]) -> list[object]:
    """Return each outcome, rejections as their code only."""
    return [o.code if isinstance(o, Rejected) else o for o in outcomes]


BAD = "Lambda.FunctionError"
MISSING = "Lambda.MissingRecordId"

TABLE_OF_FAILURES = {
    "id not returned": (answer(GOOD), [MISSING, FINE]),
    "no records member": ("{}", [MISSING, MISSING]),
    "not an object": ("[]", [MISSING, MISSING]),
    "unknown id": (answer(GOOD, {"recordId": "z", "result": "?"}), [MISSING, FINE]),
    "unknown id twice": (answer(GOOD, *[{"recordId": "z"}] * 2), [MISSING, FINE]),
    "id twice": (answer(GOOD, GOOD), ["Lambda.DuplicatedRecordId"] * 2),
    "bad result word": (answer(GOOD, {"recordId": "a", "result": "OK"}), [BAD, BAD]),
    "no result": (answer(GOOD, {"recordId": "a"}), [BAD, BAD]),
    "null data": (
        answer(GOOD, {"recordId": "a", "result": "Ok", "data": None}),
        ["Lambda.InvalidReturnFormat", FINE],
    ),
    "no data": (
        answer(GOOD, {"recordId": "a", "result": "Ok"}),
        ["Lambda.InvalidReturnFormat", FINE],
    ),
    "bad base64": (answer(GOOD, {"recordId": "a", "result": "Ok", "data": "?"}), [BAD, BAD]),
    "base64 not ASCII": (answer(GOOD, {"recordId": "a", "result": "Ok", "data": "é"}), [BAD, BAD]),
    "data not text": (answer(GOOD, {"recordId": "a", "result": "Ok", "data": 1}), [BAD, BAD]),
    "record not an object": (answer(GOOD, "a"), [BAD, BAD]),
    "records not a list": ('{"records":{}}', [BAD, BAD]),
    "not JSON": ("nonsense", ["Lambda.JsonProcessingException"] * 2),
    "failed": (
        answer(GOOD, {"recordId": "a", "result": "ProcessingFailed", "data": "?"}),
        ["Lambda.ProcessingFailedStatus", FINE],
    ),
    "dropped": (answer(GOOD, {"recordId": "a", "result": "Dropped"}), [Dropped(), FINE]),
    "empty data": (
        answer(GOOD, {"recordId": "a", "result": "Ok", "data": ""}),
        [Delivered(b"", {}), FINE],
    ),
    "keys": (
        answer({**GOOD, "metadata": {"partitionKeys": {"k": "v"}}}),
        [MISSING, Delivered(b"new", {"k": "v"})],
    ),
    "keys of another shape": (
        answer({**GOOD, "metadata": {"partitionKeys": ["v"]}}),
        [MISSING, FINE],
    ),
}


@pytest.mark.fact(
    "lambda-missing-id",
    "lambda-no-records",
    "lambda-unknown-id",
    "lambda-duplicate-id",
    "lambda-duplicate-scope",
    "lambda-bad-result",
    "lambda-null-data",
    "lambda-null-data-code",
    "lambda-bad-base64",
    "lambda-not-json",
    "lambda-failed-status",
    "result-dropped",
)
@pytest.mark.parametrize(
    ("response", "expected"), TABLE_OF_FAILURES.values(), ids=TABLE_OF_FAILURES
)
def test_the_failure_table(response: str, expected: list[object]) -> None:
    """Each row of the table has its code and its scope, one record or the whole batch."""
    assert codes(judge(["a", "b"], response)) == expected


@pytest.mark.fact(
    "event-shape", "event-arrival", "event-empty-data", "event-record-ids", "event-direct-put"
)
def test_the_event_is_the_services() -> None:
    """The function sees exactly the members that Direct PUT has."""
    world = World()
    world.put(b"\xc3\x01", b"")
    world.flush()
    (event,) = world.function.events
    assert list(event) == ["invocationId", "deliveryStreamArn", "region", "records"]
    assert event["deliveryStreamArn"] == world.arn
    assert event["region"] == "us-east-1"
    first, second = event["records"]
    assert list(first) == ["recordId", "approximateArrivalTimestamp", "data"]
    assert first["approximateArrivalTimestamp"] == ARRIVAL
    assert (first["data"], second["data"]) == ("wwE=", "")
    assert first["recordId"] != second["recordId"]


@pytest.mark.fact("retry-invocation-id", "lambda-answer-is-final")
def test_an_error_is_retried_with_a_new_invocation_id() -> None:
    """Retries send the same records, and the last one may still succeed."""
    calls: list[dict[str, Any]] = []

    def flaky(request: str) -> str:
        calls.append(json.loads(request))
        if len(calls) < 3:
            raise RuntimeError("no")
        return json.dumps({"records": [echo(r) for r in calls[-1]["records"]]})

    world = World(plain(), function=flaky)
    world.put(b"x")
    world.flush()
    assert world.bodies("main/") == [b"x"]
    assert len({call["invocationId"] for call in calls}) == 3
    assert calls[0]["records"] == calls[1]["records"] == calls[2]["records"]


@pytest.mark.fact("lambda-answer-is-final")
def test_an_answer_is_final_however_wrong() -> None:
    """Nothing that came back is asked for again."""
    world = World(plain(), answer=lambda record: None)
    world.put(b"x")
    world.flush()
    assert len(world.function.events) == 1
    assert [e["errorCode"] for e in world.error_lines("processing-failed")] == [MISSING]


def _raise(request: str) -> str:
    raise RuntimeError("no")


@pytest.mark.fact("lambda-raises", "lambda-large-answer")
@pytest.mark.parametrize(
    "function",
    [_raise, lambda request: " " * (limits.MAX_LAMBDA_PAYLOAD_BYTES + 1), lambda request: "\ud800"],
    ids=["raises", "answers too much", "answers no text"],
)
def test_a_function_error_fails_the_batch_after_all_attempts(
    function: Callable[[str], str],
) -> None:
    """Attempts are the retries and one, and every record keeps its original in the error line."""
    world = World(plain(), function=function)
    world.put(b"x", b"y")
    world.flush()
    lines = world.error_lines("processing-failed")
    assert [(e["errorCode"], e["attemptsMade"], e["rawData"]) for e in lines] == [
        ("Lambda.FunctionError", 3, "eA=="),
        ("Lambda.FunctionError", 3, "eQ=="),
    ]
    assert b"".join(world.bodies("raw/")) == b"xy"


@pytest.mark.fact("lambda-large-request")
def test_a_request_over_the_limit_is_never_sent() -> None:
    """Records without bytes fill no buffer, but do fill a request."""
    world = World(plain())
    for _ in range(100):
        world.put(*[b""] * 500)
    world.flush()
    assert world.function.events == []
    assert len(world.error_lines("processing-failed")) == 50_000


@pytest.mark.fact("lambda-not-found")
def test_a_missing_function_is_found_out_at_delivery() -> None:
    """Creating the stream succeeds, as on AWS; the records fail."""
    world = World(plain(ProcessingConfiguration=processing(LambdaArn=FUNCTION + "2")))
    world.put(b"x")
    world.flush()
    lines = world.error_lines("processing-failed")
    assert [(e["errorCode"], e["attemptsMade"]) for e in lines] == [("Lambda.ResourceNotFound", 3)]


@pytest.mark.fact("error-line-format", "error-line-fields", "error-line-raw-data")
def test_the_error_object_is_the_captured_one() -> None:
    """Field order, case and types of the line, and its end, are the service's."""
    world = World(
        plain(),
        answer=lambda r: {"recordId": r["recordId"], "result": "ProcessingFailed", "data": None},
    )
    world.put(b"x")
    world.clock.advance(61.279)
    world.flush()
    (body,) = world.bodies("errors/")
    assert body == (
        b'{"rawData":"eA==","errorCode":"Lambda.ProcessingFailedStatus",'
        b'"errorMessage":"ProcessingFailed status set for record","attemptsMade":1,'
        b'"arrivalTimestamp":1795429815250,"attemptEndingTimestamp":1795429876529,'
        b'"lambdaARN":"' + FUNCTION.encode() + b'"}\n'
    )


def test_a_batch_closes_before_a_record_would_push_it_over() -> None:
    """Only a record alone may be larger than the hint of 0.2 MB."""
    world = World(plain())
    size = int(0.2 * limits.MIB)
    for record in (b"a" * 100_000, b"b" * 100_000, b"c" * 100_000, b"d" * (size + 1), b"e"):
        world.put(record)
    world.flush()
    sent = [
        "".join(data_of(r)[:1].decode() for r in event["records"])
        for event in world.function.events
    ]
    assert sent == ["ab", "c", "d", "e"]


def test_a_full_batch_goes_at_the_next_tick_and_another_after_its_interval() -> None:
    """Size or time, whichever comes first; a put itself never runs the function."""
    world = World(plain())
    world.put(b"a" * 200_000)
    world.put(b"b" * 200_000)
    assert world.function.events == []
    world.tick()
    assert len(world.function.events) == 1
    world.tick(59)
    assert len(world.function.events) == 1
    world.tick(1)
    assert len(world.function.events) == 2


@pytest.mark.fact("result-ok", "backup-keeps-all")
def test_output_replaces_the_record_and_the_backup_keeps_it() -> None:
    """Main output is what the function made, backup is what was put."""
    world = World(plain(), answer=lambda r: ok(r, data_of(r).upper()))
    world.put(b"abc", b"def")
    world.flush()
    assert world.bodies("main/") == [b"ABCDEF"]
    assert world.bodies("raw/") == [b"abcdef"]
    assert STREAM in world.keys("main/")[0]
