"""The producers' transport over Firehose's API; AWS errors are mapped here and nowhere else.

The client is an argument, so that nothing here imports an SDK.
"""

from collections.abc import Sequence
from typing import Any

from producers.errors import DeliveryError, TransportError

_REFUSALS = {
    "ResourceNotFoundException": "check the stream's name and that the stack is deployed",
    "InvalidArgumentException": "the stream does not take such records; report it",
    "ValidationException": "the stream does not take such records; report it",
    "AccessDeniedException": "allow firehose:PutRecordBatch on the stream",
    "InvalidKMSResourceException": "check the stream's key",
}
"""Errors that the same call would meet again; every other one is worth another attempt."""


class BotoTransport:
    """Sends to one delivery stream.

    Args:
        client: a boto3 Firehose client.
        stream: the stream's name.
    """

    def __init__(self, client: Any, stream: str) -> None:
        self._client = client
        self._stream = stream

    def put_record_batch(self, records: Sequence[bytes]) -> list[str | None]:
        """Put a batch; the answer has one entry a record, None where it was taken.

        Raises:
            TransportError: the call failed and may succeed when repeated.
            DeliveryError: the service refuses the call for good.
        """
        try:
            answer = self._client.put_record_batch(
                DeliveryStreamName=self._stream, Records=[{"Data": data} for data in records]
            )
        # botocore's errors share no base class we could name without importing it.
        except Exception as error:
            # None where the connection broke: then there is no answer that could have a code.
            response = getattr(error, "response", None) or {}
            code = response.get("Error", {}).get("Code", "")
            if code in _REFUSALS:
                raise DeliveryError(f"{error}; {_REFUSALS[code]}") from error
            raise TransportError(f"{type(error).__name__}: {error}; try again") from error
        entries = answer.get("RequestResponses", ())
        if len(entries) != len(records):
            # A connection that broke within the answer: botocore returns what it could read.
            raise TransportError("the answer says nothing of some records; try again")
        return [entry.get("ErrorCode") for entry in entries]
