"""The Lambda step: one batch in, invoked with retries, outputs and failures out (§2)."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from infra.local.firehose import limits
from infra.local.firehose.choices import Choices
from infra.local.firehose.identifiers import Identifiers
from infra.local.firehose.invocation_errors import (
    FunctionNotFoundError,
    FunctionTimedOutError,
    InvocationError,
    InvocationTooLongError,
)
from infra.local.firehose.outcomes import (
    FUNCTION_ERROR,
    FUNCTION_RAISED,
    Delivered,
    Outcome,
    Rejected,
    judge,
)
from infra.local.firehose.records import Failure, Output, Source, epoch_millis

Function = Callable[[str], str]
"""A Lambda function: request JSON text to response JSON text.

It raises on a function error, and an `InvocationError` where the service tells the reason apart.
"""


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
    choices: Choices

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
                outputs.append(Output.of(source, outcome.data, outcome.keys))
            elif isinstance(outcome, Rejected):
                failures.append(
                    Failure(source, outcome.code, outcome.message, source.data, attempts, ended)
                )
        return outputs, failures

    def _outcomes(self, ids: list[str], batch: Sequence[Source]) -> tuple[list[Outcome], int]:
        records = [_event_record(id_, source) for id_, source in zip(ids, batch, strict=True)]
        problem = Rejected(*FUNCTION_RAISED)
        for attempt in range(1, self.retries + 2):
            try:
                return judge(ids, self._invoke(records), self.choices), attempt
            except InvocationError as error:
                problem = self._rejected(error)
            except Exception:  # whatever a function raises is its error; the error line says so
                problem = Rejected(*FUNCTION_RAISED)
        return [problem] * len(ids), self.retries + 1

    def _invoke(self, records: list[dict[str, object]]) -> str:
        """Return the answer; raise when the invocation errored or a payload was too large."""
        if self.function is None:
            raise FunctionNotFoundError
        event = {
            "invocationId": self.identifiers.uuid(),
            "deliveryStreamArn": self.stream_arn,
            "region": self.region,
            "records": records,
        }
        request = orjson.dumps(event)
        _check_size(request)
        begun = self.clock()
        response = self.function(request.decode())
        if self.clock() - begun > limits.MAX_INVOCATION:
            raise InvocationTooLongError
        _check_size(response.encode())
        return response

    def _rejected(self, error: InvocationError) -> Rejected:
        if isinstance(error, FunctionTimedOutError) and self.choices.timeout_code == FUNCTION_ERROR:
            return Rejected(*FUNCTION_RAISED)  # then it is told as any other error of the function
        if isinstance(error, InvocationTooLongError):
            return Rejected(self.choices.long_invocation_code, error.message)
        return Rejected(error.code, error.message)


def _check_size(payload: bytes) -> None:
    if len(payload) > limits.MAX_LAMBDA_PAYLOAD_BYTES:
        raise ValueError("larger than a Lambda payload may be")


def _event_record(id_: str, source: Source) -> dict[str, object]:
    return {
        "recordId": id_,
        "approximateArrivalTimestamp": epoch_millis(source.arrival),
        "data": base64.b64encode(source.data).decode(),
    }
