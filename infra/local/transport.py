"""The producers' transport over the in-process Firehose: the API's answer, record by record."""

from collections.abc import Sequence

from infra.local.firehose.errors import ServiceUnavailableError
from infra.local.firehose.service import LocalFirehose
from producers.errors import TransportError


class LocalTransport:
    """Sends to one stream of a `LocalFirehose`."""

    def __init__(self, firehose: LocalFirehose, stream: str) -> None:
        self._firehose = firehose
        self._stream = stream

    def put_record_batch(self, records: Sequence[bytes]) -> list[str | None]:
        """Put a batch; the answer has one entry a record, None where it was taken."""
        try:
            answer = self._firehose.put_record_batch(self._stream, records)
        except ServiceUnavailableError as error:
            raise TransportError(str(error)) from error
        return [entry.get("ErrorCode") for entry in answer["RequestResponses"]]
