"""Lambda functions run, warm, in processes of their own."""

import base64
import io
import json
import zipfile
from typing import Any

import pytest

from infra.local.aws.functions import FunctionError
from infra.local.aws.server import LocalAws
from tests.infra.local_aws.functions import make_function


def invoke(aws: LocalAws, name: str, payload: Any = None, **more: Any) -> Any:
    return aws.client("lambda").invoke(
        FunctionName=name, Payload=json.dumps(payload).encode(), **more
    )


def answer(response: Any) -> Any:
    return json.loads(response["Payload"].read())


def test_a_function_gets_its_event_and_its_own_environment(aws: LocalAws) -> None:
    """It sees its variables and this endpoint, and nothing of our environment."""
    make_function(aws, "echo", Environment={"Variables": {"SETTING": "on"}})
    response = invoke(aws, "echo", {"a": [1, "é"]})
    said = answer(response)
    assert "FunctionError" not in response
    assert said["event"] == {"a": [1, "é"]}
    assert (said["setting"], said["endpoint"]) == ("on", aws.endpoint_url)
    assert (said["name"], said["path"]) == ("echo", None)


def test_invocations_share_a_warm_process(aws: LocalAws) -> None:
    """The cold start is paid once, by HTTP and from inside alike; a new setting is a new one."""
    arn = make_function(aws, "echo")
    first = answer(invoke(aws, "echo"))["process"]
    assert json.loads(aws.services.functions[arn]("{}"))["process"] == first
    aws.client("lambda").update_function_configuration(
        FunctionName="echo", Environment={"Variables": {"SETTING": "new"}}
    )
    changed = answer(invoke(aws, "echo"))
    assert changed["setting"] == "new"
    assert changed["process"] != first


def test_a_large_event_goes_through(aws: LocalAws) -> None:
    """Megabytes in and out do not jam the pipes."""
    arn = make_function(aws, "echo")
    text = json.dumps({"data": "x" * 4_000_000})
    assert len(aws.services.functions[arn](text)) > 4_000_000


def test_an_error_is_answered_as_lambda_answers_it(aws: LocalAws) -> None:
    """A raised error is Unhandled, with message, type and trace, and the process lives on."""
    arn = make_function(aws, "fail")
    response = invoke(aws, "fail")
    error = answer(response)
    assert response["FunctionError"] == "Unhandled"
    assert (error["errorMessage"], error["errorType"]) == ("no good", "ValueError")
    assert "handlers.py" in error["stackTrace"][0]
    with pytest.raises(FunctionError, match="no good"):
        aws.services.functions[arn]("{}")


@pytest.mark.parametrize(
    ("handler", "kind", "message"),
    [
        ("leave", "Runtime.ExitError", "exit status 3"),
        ("hang", "Sandbox.Timedout", "Task timed out after 1.00 seconds"),
        ("absent", "AttributeError", "absent"),
    ],
)
def test_a_function_that_ends_or_hangs_is_an_error(
    aws: LocalAws, handler: str, kind: str, message: str
) -> None:
    """Whatever happens to its process, the caller gets the error that Lambda gives."""
    make_function(aws, handler, Timeout=1)
    response = invoke(aws, handler)
    error = answer(response)
    assert response["FunctionError"] == "Unhandled"
    assert error["errorType"] == kind
    assert message in error["errorMessage"]


def test_a_function_whose_process_ended_gets_a_new_one(aws: LocalAws) -> None:
    """A crash costs one invocation."""
    make_function(aws, "leave_at_one")
    assert answer(invoke(aws, "leave_at_one", 0)) == 0
    assert "FunctionError" in invoke(aws, "leave_at_one", 1)
    assert answer(invoke(aws, "leave_at_one", 0)) == 0


def test_what_a_function_prints_is_in_its_log_group(aws: LocalAws) -> None:
    """Both outputs are kept, in the group that the function names, and the tail is answered."""
    make_function(aws, "speak", LoggingConfig={"LogGroup": "/mine"})
    tail = invoke(aws, "speak", LogType="Tail")["LogResult"]
    logs = aws.client("logs")
    (stream,) = logs.describe_log_streams(logGroupName="/mine")["logStreams"]
    events = logs.get_log_events(logGroupName="/mine", logStreamName=stream["logStreamName"])
    lines = [event["message"] for event in events["events"]]
    assert lines == ["to standard output", "to standard error"]
    assert base64.b64decode(tail).decode().splitlines() == lines


def test_code_that_came_as_a_zip_runs(aws: LocalAws) -> None:
    """A function that somebody makes with the CLI runs its own code."""
    make_function(aws, "echo")  # makes the role
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", "def main(event, context):\n    return event['n'] + 1\n")
    aws.client("lambda").create_function(
        FunctionName="zipped",
        Runtime="python3.13",
        Role="arn:aws:iam::123456789012:role/runner",
        Handler="app.main",
        Code={"ZipFile": content.getvalue()},
    )
    assert answer(invoke(aws, "zipped", {"n": 1})) == 2


def test_an_event_that_keeps_failing_is_told_to_its_destination(aws: LocalAws) -> None:
    """An asynchronous invocation is retried, and then a queue gets it with the error."""
    url = aws.client("sqs").create_queue(QueueName="failed")["QueueUrl"]
    make_function(aws, "fail")
    aws.client("lambda").put_function_event_invoke_config(
        FunctionName="fail",
        MaximumRetryAttempts=1,
        DestinationConfig={
            "OnFailure": {"Destination": "arn:aws:sqs:us-east-1:123456789012:failed"}
        },
    )
    response = invoke(aws, "fail", {"hour": 3}, InvocationType="Event")
    assert response["StatusCode"] == 202
    (message,) = aws.client("sqs").receive_message(QueueUrl=url)["Messages"]
    record = json.loads(message["Body"])
    assert record["requestPayload"] == {"hour": 3}
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert record["responsePayload"]["errorType"] == "ValueError"


def test_functions_are_found_by_any_of_their_arns(aws: LocalAws) -> None:
    """The stream calls an alias; an unknown function is a KeyError."""
    arn = make_function(aws, "echo")
    client = aws.client("lambda")
    version = client.publish_version(FunctionName="echo")["Version"]
    client.create_alias(FunctionName="echo", Name="live", FunctionVersion=version)
    functions = aws.services.functions
    assert json.loads(functions[f"{arn}:live"]("1"))["event"] == 1
    assert list(functions) == [arn]
    for unknown in (f"{arn}:none", arn.replace("echo", "none")):
        with pytest.raises(KeyError):
            functions[unknown]
