"""The Lambda step: one batch in, invoked with retries, outputs and failures out (§2)."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from infra.local.firehose import limits
from infra.local.firehose.fault_errors import InvokeLimitError
from infra.local.firehose.identifiers import Identifiers
from infra.local.firehose.outcomes import (
    FUNCTION_RAISED,
    Delivered,
    Outcome,
    Rejected,
    judge,
)
from infra.local.firehose.records import Failure, Output, Source, epoch_millis

Function = Callable[[str], str]
"""A Lambda function: request JSON text to response JSON text; raises on a function error."""

_RAISED = Rejected(*FUNCTION_RAISED)
_THROTTLED = Rejected(
    "Lambda.InvokeLimitExceeded",
    "The Lambda concurrent execution limit is exceeded. Increase the concurrent execution limit.",
)


@dataclass(frozen=True, slots=True)
class Invoker:
    """What it takes to invoke the function of one stream."""

    function: Function | None
    """None when there is no function of that ARN; the service finds out only now, too."""
    retries: int
    stream_arn: str
    region: str
    identifiers: Identifiers
    clock: Callable[[], datetime]

    def process(self, batch: Sequence[Source]) -> tuple[list[Output], list[Failure]]:
        """Invoke the function for one batch and sort its records; `Dropped` ones are in neither.

        An invocation that errors is retried at once, with the same records under a new invocation
        id; an answer that came back is final, however wrong.
        """
        ids = self.identifiers.record_ids(len(batch))
        outcomes, attempts = self._outcomes(ids, batch)
        ended = self.clock()
        outputs: list[Output] = []
        failures: list[Failure] = []
        for source, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Delivered):
                outputs.append(Output(source, outcome.data, outcome.keys))
            elif isinstance(outcome, Rejected):
                failures.append(
                    Failure(source, outcome.code, outcome.message, source.data, attempts, ended)
                )
        return outputs, failures

    def _outcomes(self, ids: list[str], batch: Sequence[Source]) -> tuple[list[Outcome], int]:
        if self.function is None:
            missing = Rejected("Lambda.ResourceNotFound", "The Lambda function was not found.")
            return [missing] * len(ids), 1
        records = [_event_record(id_, source) for id_, source in zip(ids, batch, strict=True)]
        failure = _RAISED
        for attempt in range(1, self.retries + 2):
            response = self._invoke(self.function, records)
            if isinstance(response, str):
                return judge(ids, response), attempt
            failure = response
        return [failure] * len(ids), self.retries + 1

    def _invoke(self, function: Function, records: list[dict[str, object]]) -> str | Rejected:
        """Return the answer, or why there is none: an error, or a payload too large."""
        event = {
            "invocationId": self.identifiers.uuid(),
            "deliveryStreamArn": self.stream_arn,
            "region": self.region,
            "records": records,
        }
        request = orjson.dumps(event)
        if len(request) > limits.MAX_LAMBDA_PAYLOAD_BYTES:
            return _RAISED
        try:
            response = function(request.decode())
            size = len(response.encode())
        except InvokeLimitError:
            return _THROTTLED
        except Exception:
            return _RAISED  # whatever a function raises is its error; the error line says so
        return _RAISED if size > limits.MAX_LAMBDA_PAYLOAD_BYTES else response


def _event_record(id_: str, source: Source) -> dict[str, object]:
    return {
        "recordId": id_,
        "approximateArrivalTimestamp": epoch_millis(source.arrival),
        "data": base64.b64encode(source.data).decode(),
    }
