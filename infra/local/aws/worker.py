"""The process that a Lambda function runs in; reads invocations, writes answers, until told to end.

A frame is one line of JSON and then as many bytes of payload as its `size` says. This file imports
nothing of the project, so that the function finds only what its own code brings.
"""

import gc
import importlib
import io
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, BinaryIO

Handler = Callable[[Any, Any], Any]


class Printed(io.TextIOBase):
    """Stands for standard output and error, and keeps what was written until it is taken."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def write(self, text: str) -> int:
        """Keep a text."""
        self._parts.append(text)
        return len(text)

    def take(self) -> str:
        """Return what was written since the last call."""
        text = "".join(self._parts)
        self._parts.clear()
        return text


def main() -> None:
    """Serve one function: the process's entry point."""
    # Rows are short-lived and hardly ever a cycle; collecting rarely is worth a tenth here.
    gc.set_threshold(200_000, 50, 50)
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # A function that writes to the descriptor must not write into the answers.
    os.dup2(2, 1)
    printed = Printed()
    sys.stdout = sys.stderr = printed
    environment = dict(os.environ)  # noqa: TID251 a function's configuration is its environment
    function: Handler | None = None
    while header := requests.readline():
        request = json.loads(header)
        payload = requests.read(request["size"])
        try:
            # The first invocation loads the function, as a cold start does.
            function = function or load(environment["_HANDLER"])
            context = _context(request, environment)
            answer, failed = json.dumps(function(json.loads(payload), context)), False
        except Exception as error:
            answer, failed = json.dumps(describe(error)), True
        _send(answers, answer.encode(), {"failed": failed, "log": printed.take()})


def load(name: str) -> Handler:
    """Return the function of a handler's name, `package.module.function`.

    Raises:
        ImportError: there is no such module, or it cannot be imported.
        AttributeError: the module has no such function.
    """
    module, _, attribute = name.rpartition(".")
    function: Handler = getattr(importlib.import_module(module), attribute)
    return function


def describe(error: BaseException) -> dict[str, Any]:
    """Return an error as the Python runtime answers it."""
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": "",
        "stackTrace": traceback.format_tb(error.__traceback__)[1:],
    }


def _context(request: dict[str, Any], environment: dict[str, str]) -> SimpleNamespace:
    """Return the second argument of a handler (Lambda guide, "Python context object")."""
    deadline = time.monotonic() + float(request["timeout"])
    return SimpleNamespace(
        aws_request_id=request["request_id"],
        invoked_function_arn=request["arn"],
        function_name=environment["AWS_LAMBDA_FUNCTION_NAME"],
        function_version=environment["AWS_LAMBDA_FUNCTION_VERSION"],
        memory_limit_in_mb=environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
        log_group_name=environment["AWS_LAMBDA_LOG_GROUP_NAME"],
        log_stream_name=environment["AWS_LAMBDA_LOG_STREAM_NAME"],
        identity=None,
        client_context=None,
        get_remaining_time_in_millis=lambda: max(0, int(1000 * (deadline - time.monotonic()))),
    )


def _send(answers: BinaryIO, payload: bytes, header: dict[str, Any]) -> None:
    answers.write(json.dumps({**header, "size": len(payload)}).encode() + b"\n" + payload)
    answers.flush()


if __name__ == "__main__":
    main()
