"""A Lambda function as the faults let it be: it fails, or its answer does."""

import orjson

from infra.local.firehose import limits
from infra.local.firehose.fault import Kind
from infra.local.firehose.fault_board import FaultBoard
from infra.local.firehose.invocation_errors import FunctionTimedOutError, ThrottledError
from infra.local.firehose.processing import Function

_FAILURES = (Kind.LAMBDA_ERROR, Kind.LAMBDA_TIMEOUT, Kind.LAMBDA_THROTTLED)


def faulty(function: Function | None, faults: FaultBoard, stream: str) -> Function | None:
    """Return the function with the faults of one stream around it."""
    if function is None:
        return None
    sound = function

    def call(request: str) -> str:
        match faults.invocation(stream, *_FAILURES):
            case Kind.LAMBDA_ERROR:
                raise RuntimeError("an injected error")
            case Kind.LAMBDA_TIMEOUT:
                raise FunctionTimedOutError
            case Kind.LAMBDA_THROTTLED:
                raise ThrottledError
        response = _without_some(sound(request), faults, stream)
        if faults.invocation(stream, Kind.OVERSIZED_REPLY):
            # Spaces: the same answer, and only its size is wrong.
            return response.ljust(limits.MAX_LAMBDA_PAYLOAD_BYTES + 1)
        return response

    return call


def _without_some(response: str, faults: FaultBoard, stream: str) -> str:
    if not faults.has(Kind.MISSING_IDS):
        return response
    try:
        answer = orjson.loads(response)
    except orjson.JSONDecodeError:
        return response  # wrong in a way of its own, which is not to be hidden
    if isinstance(answer, dict) and isinstance(answer.get("records"), list):
        answer["records"] = [r for r in answer["records"] if not faults.loses_id(stream)]
    return orjson.dumps(answer).decode()
