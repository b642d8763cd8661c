"""The Lambda step: one batch in, invoked with retries, outputs and failures out (§2)."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from infra.local.firehose import limits
from infra.local.firehose.identifiers import Identifiers
from infra.local.firehose.outcomes import (
    FUNCTION_RAISED,
    Delivered,
    Outcome,
    Rejected,
    judge,
)
from infra.local.firehose.records import Failure, Output, Source, epoch_millis

INVOKE_DENIED = (
    "Lambda.InvokeAccessDenied",
    "Access was denied. Ensure that the access policy allows access to the Lambda function.",
)
Function = Callable[[str], str]
"""A Lambda function: request JSON text to response JSON text; raises on a function error."""


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
    denied: bool = False
    """Whether the stream's role may not invoke it."""

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
        if self.denied:
            return [Rejected(*INVOKE_DENIED)] * len(ids), self.retries + 1
        if self.function is None:
            missing = Rejected("Lambda.ResourceNotFound", "The Lambda function was not found.")
            return [missing] * len(ids), 1
        records = [_event_record(id_, source) for id_, source in zip(ids, batch, strict=True)]
        for attempt in range(1, self.retries + 2):
            response = self._invoke(self.function, records)
            if response is not None:
                return judge(ids, response), attempt
        return [Rejected(*FUNCTION_RAISED)] * len(ids), self.retries + 1

    def _invoke(self, function: Function, records: list[dict[str, object]]) -> str | None:
        """Return the answer, None when the invocation errored or a payload was too large."""
        event = {
            "invocationId": self.identifiers.uuid(),
            "deliveryStreamArn": self.stream_arn,
            "region": self.region,
            "records": records,
        }
        request = orjson.dumps(event)
        if len(request) > limits.MAX_LAMBDA_PAYLOAD_BYTES:
            return None
        try:
            response = function(request.decode())
            size = len(response.encode())
        except Exception:
            return None  # whatever a function raises is its error; the error line says so
        return None if size > limits.MAX_LAMBDA_PAYLOAD_BYTES else response


def _event_record(id_: str, source: Source) -> dict[str, object]:
    return {
        "recordId": id_,
        "approximateArrivalTimestamp": epoch_millis(source.arrival),
        "data": base64.b64encode(source.data).decode(),
    }
