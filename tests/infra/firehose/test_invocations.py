"""What an invocation fails with, and which codes the error lines have then (§2.3)."""

import json

import pytest

from infra.local.firehose import (
    AccessDeniedError,
    Choices,
    FunctionTimedOutError,
    ThrottledError,
)
from infra.local.firehose.choices import parse_choices
from infra.local.firehose.outcomes import Rejected, judge
from tests.infra.firehose.setups import World, echo, plain


def failed(world: World) -> list[tuple[str, str, int]]:
    """Put one record, deliver, and return code, message and attempts of the error lines."""
    world.put(b"x")
    world.flush()
    lines = world.error_lines("processing-failed")
    return [(e["errorCode"], e["errorMessage"], e["attemptsMade"]) for e in lines]


def raising(error: type[Exception], choices: Choices | None = None) -> World:
    """Return a world whose function's invocations fail."""

    def function(request: str) -> str:
        raise error

    return World(plain(), function=function, choices=choices or Choices())


TIMED_OUT = (
    "The Lambda function invocation timed out. Increase the Timeout setting in the Lambda function."
)
RAISED = "The Lambda function was successfully invoked but it returned an error result."
DENIED = "Access was denied. Ensure that the access policy allows access to the Lambda function."


@pytest.mark.fact("lambda-timeout", "lambda-timeout-code")
def test_a_functions_own_timeout_is_retried() -> None:
    """Both codes were seen; the later capture is the default."""
    assert failed(raising(FunctionTimedOutError)) == [("Lambda.FunctionError", RAISED, 3)]
    other = Choices(timeout_code="Lambda.FunctionTimedOut")
    assert failed(raising(FunctionTimedOutError, other)) == [
        ("Lambda.FunctionTimedOut", TIMED_OUT, 3)
    ]


@pytest.mark.fact("lambda-throttled")
def test_a_throttled_invocation_is_retried() -> None:
    """The code tells it from the function's own errors."""
    ((code, _, attempts),) = failed(raising(ThrottledError))
    assert (code, attempts) == ("Lambda.InvokeLimitExceeded", 3)


@pytest.mark.fact("lambda-access-denied")
def test_a_role_may_be_repaired() -> None:
    """Records that arrive after the repair succeed; those before stay failed."""
    denied = True

    def function(request: str) -> str:
        if denied:
            raise AccessDeniedError
        return json.dumps({"records": [echo(r) for r in json.loads(request)["records"]]})

    world = World(plain(), function=function)
    assert failed(world) == [("Lambda.InvokeAccessDenied", DENIED, 3)]
    denied = False
    world.put(b"later")
    world.flush()
    assert world.bodies("main/") == [b"later"]
    assert len(world.error_lines("processing-failed")) == 1


@pytest.mark.fact("lambda-five-minutes", "lambda-five-minutes-code")
@pytest.mark.parametrize(
    ("seconds", "code"), [(300, None), (300.1, "Lambda.FunctionTimedOut"), (900, "Mine")]
)
def test_the_service_waits_for_five_minutes(seconds: float, code: str | None) -> None:
    """A function may take five minutes of the clock, however long its own timeout is."""
    choices = Choices(long_invocation_code="Mine") if code == "Mine" else Choices()
    slow: list[World] = []

    def function(request: str) -> str:
        slow[0].clock.advance(seconds)
        return json.dumps({"records": [echo(r) for r in json.loads(request)["records"]]})

    slow.append(World(plain(), function=function, choices=choices))
    assert [(c, attempts) for c, _, attempts in failed(slow[0])] == ([(code, 3)] if code else [])


@pytest.mark.fact("lambda-no-records", "lambda-duplicate-scope", "lambda-null-data-code")
def test_what_is_unknown_can_be_chosen() -> None:
    """The other reading of each source is a setting away."""
    twice = json.dumps({"records": [{"recordId": "a", "result": "Dropped"}] * 2})
    null = json.dumps({"records": [{"recordId": "a", "result": "Ok"}]})

    def codes(response: str, choices: Choices) -> list[str | None]:
        outcomes = judge(["a", "b"], response, choices)
        return [o.code if isinstance(o, Rejected) else None for o in outcomes]

    assert codes("{}", Choices(missing_records="batch")) == ["Lambda.FunctionError"] * 2
    assert codes(twice, Choices(duplicate_id_scope="record")) == [
        "Lambda.DuplicatedRecordId",
        "Lambda.MissingRecordId",
    ]
    assert codes(null, Choices(null_data_code="Mine"))[0] == "Mine"


def test_choices_come_from_texts() -> None:
    """The command line gives names and values; what it does not name is the default."""
    texts = ["max_active_partitions=3", "raw_data=source", "null_data_code=Mine"]
    assert parse_choices(texts) == Choices(
        max_active_partitions=3, raw_data="source", null_data_code="Mine"
    )
    assert parse_choices([]) == Choices()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("raw_data", "is not NAME=VALUE"),
        ("rawdata=source", "one of the names duplicate_id_scope"),
        ("raw_data=both", "raw_data is one of output, source, not 'both'"),
        ("retention_hours=0", "a whole number from 1 on"),
        ("retention_hours=day", "a whole number from 1 on"),
    ],
)
def test_what_is_no_choice_is_refused(text: str, message: str) -> None:
    """A typing error is not taken for the default."""
    with pytest.raises(ValueError, match=message):
        parse_choices([text])
