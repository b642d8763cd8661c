"""Lambda functions for the tests of Lambda execution."""

import base64
import json
import os
import sys
import time
from typing import Any


def echo(event: Any, context: Any) -> Any:
    """Return the event and what the function knows of itself."""
    return {
        "event": event,
        "setting": os.environ.get("SETTING"),  # noqa: TID251 a function's configuration
        "endpoint": os.environ["AWS_ENDPOINT_URL"],  # noqa: TID251
        "path": os.environ.get("VIRTUAL_ENV"),  # noqa: TID251
        "name": context.function_name,
        "process": os.getpid(),
    }


def speak(event: Any, context: Any) -> int:
    """Print to both outputs, and to the descriptor itself."""
    print("to standard output")
    print("to standard error", file=sys.stderr)
    os.write(1, b"past Python\n")
    return 1


def fail(event: Any, context: Any) -> None:
    """Raise."""
    raise ValueError("no good")


def leave(event: Any, context: Any) -> None:
    """End the process."""
    os._exit(3)


def leave_at_one(event: Any, context: Any) -> Any:
    """End the process where the event is 1."""
    if event == 1:
        os._exit(3)
    return event


def hang(event: Any, context: Any) -> None:
    """Take longer than allowed."""
    time.sleep(60)


def pass_on(event: Any, context: Any) -> Any:
    """Answer a Firehose transformation: each record as it came, partitioned by its color."""
    answers = []
    for record in event["records"]:
        color = json.loads(base64.b64decode(record["data"]))["color"]
        answers.append(
            {
                "recordId": record["recordId"],
                "result": "Ok",
                "data": record["data"],
                "metadata": {"partitionKeys": {"color": color}},
            }
        )
    return {"records": answers}


def put_now(event: Any, context: Any) -> None:
    """Put one record into the stream that the function is configured with."""
    import boto3

    record = {"color": "red", "name": event["scheduled_time"]}
    boto3.client("firehose").put_record(
        DeliveryStreamName=os.environ["STREAM"],  # noqa: TID251 a function's configuration
        Record={"Data": json.dumps(record).encode()},
    )
