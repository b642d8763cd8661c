"""How a server's own failures look over HTTP: a status of 5xx, or no answer at all."""

import json
from collections.abc import Callable
from contextvars import ContextVar

from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import ActionResult

INTERNAL_FAILURE = "InternalFailure"
"""Common to all AWS APIs, and so in no service's model: moto cannot render it."""
SERVICE_FAULTS = frozenset({"ServiceUnavailableException"})
"""Firehose's errors that are its own fault (`fault` in its model)."""
STATUS = 500
"""What an AWS model means by `fault` without a status; SDKs try again."""

_dropping: ContextVar[bool] = ContextVar("dropping", default=False)


class NoAnswerError(ConnectionError):
    """The connection ends without an answer; the server knows what to do with its kind."""


def render(answer: ActionResult, usual: Callable[[ActionResult], TYPE_RESPONSE]) -> TYPE_RESPONSE:
    """Render an answer, `usual` where it is not the service's own fault."""
    code = getattr(answer.result, "code", None) if isinstance(answer.result, Exception) else None
    if code == INTERNAL_FAILURE:
        document = {"__type": code, "message": getattr(answer.result, "message", "")}
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amzn-Errortype": code}
        return STATUS, headers, json.dumps(document)
    status, headers, body = usual(answer)
    return STATUS if code in SERVICE_FAULTS else status, headers, body


def drop_connection() -> None:
    """Let the call that this thread answers end without an answer."""
    _dropping.set(True)


def raise_if_dropped() -> None:
    """End a call here, once it is known that nothing is to be sent.

    Raises:
        NoAnswerError: `drop_connection` was called since the last time.
    """
    if _dropping.get():
        _dropping.set(False)
        raise NoAnswerError
