"""Firehose's request and reply for data transformation: shapes, base64, and the reply's size.

Shapes: https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-status-model.html
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.codec import Reason
from transforms.core import Failed, Ok

MAX_REPLY_BYTES = 6_000_000
"""Lambda's synchronous reply holds 6 MB; below its 6,291,556 bytes, to leave no doubt."""
_BESIDE_DATA = 400
"""Bytes of a reply's record beside its data: id, result and partition keys, generously."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one record, for logs and metrics."""

    record_id: str
    result: Ok | Failed


def answer(
    event: Mapping[str, Any], transform: Callable[[bytes], Ok | Failed]
) -> tuple[dict[str, Any], list[Outcome]]:
    """Transform each record of a request and build the reply, every record id in it once."""
    outcomes = list(_outcomes(event, transform))
    return {"records": [_reply(o) for o in outcomes]}, outcomes


def answer_bytes(outcomes: Iterable[Outcome]) -> int:
    """Return the size of an answer, by the same measure that `MAX_REPLY_BYTES` bounds."""
    return sum(
        _BESIDE_DATA + (_base64_size(o.result.data) if isinstance(o.result, Ok) else 0)
        for o in outcomes
    )


def _base64_size(data: bytes) -> int:
    return -(-len(data) // 3) * 4


def _outcomes(
    event: Mapping[str, Any], transform: Callable[[bytes], Ok | Failed]
) -> Iterator[Outcome]:
    room = MAX_REPLY_BYTES - _BESIDE_DATA * len(event["records"])
    for record in event["records"]:
        try:
            result = transform(b64decode(record["data"], validate=True))
        except binascii.Error as error:
            result = Failed(Reason.BAD_GZIP, f"data is not base64: {error}")
        if isinstance(result, Ok):
            size = _base64_size(result.data)
            if size > room:
                detail = f"{size} bytes of answer, {room} left of {MAX_REPLY_BYTES}"
                result = Failed(Reason.RESPONSE_TOO_LARGE, detail)
            else:
                room -= size
        yield Outcome(record["recordId"], result)


def _reply(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome.result, Failed):
        return {"recordId": outcome.record_id, "result": "ProcessingFailed", "data": ""}
    return {
        "recordId": outcome.record_id,
        "result": "Ok",
        "data": b64encode(outcome.result.data).decode(),
        "metadata": {"partitionKeys": outcome.result.partition_keys},
    }
