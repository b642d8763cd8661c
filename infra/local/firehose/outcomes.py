"""Judging what a Lambda returned, record by record: the failure table of §2.3, and pure."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from infra.local.firehose.choices import DEFAULT_CHOICES, Choices

FUNCTION_ERROR = "Lambda.FunctionError"
FUNCTION_RAISED = (
    FUNCTION_ERROR,
    "The Lambda function was successfully invoked but it returned an error result.",
)
_BAD_FORMAT = (
    FUNCTION_ERROR,
    "Check your function and make sure the output is in required format. In addition to that, "
    "make sure the processed records contain valid result status of Dropped, Ok, or "
    "ProcessingFailed",
)
_NOT_JSON = (
    "Lambda.JsonProcessingException",
    "There was an error parsing returned records from the Lambda function. Ensure that the "
    "returned records follow the status model required by Firehose.",
)
_MISSING = (
    "Lambda.MissingRecordId",
    "One or more record Ids were not returned. Ensure that the Lambda function returns all "
    "received record Ids.",
)
_DUPLICATE = (
    "Lambda.DuplicatedRecordId",
    "Multiple records were returned with the same record Id. Ensure that the Lambda function "
    "returns a unique record Id for each record.",
)
_FAILED_STATUS = ("Lambda.ProcessingFailedStatus", "ProcessingFailed status set for record")
_NULL_DATA_MESSAGE = (
    "The data field cannot be null when the SourceType is DirectPut or KinesisStreamAsSource and "
    "processing result is Ok. The value field cannot be null when the SourceType is MSKAsSource "
    "and processing result is Ok."
)


@dataclass(frozen=True, slots=True)
class Delivered:
    """`Ok`: the data and the partition keys to go on with."""

    data: bytes
    keys: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Dropped:
    """`Dropped`: the record ends here, by intent."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The record goes to the error output."""

    code: str
    message: str


Outcome = Delivered | Dropped | Rejected


class _WholeBatchError(Exception):
    """The answer is such that every record of the batch fails."""

    def __init__(self, reason: tuple[str, str]) -> None:
        super().__init__(*reason)
        self.reason = reason


def judge(ids: Sequence[str], response: str, choices: Choices = DEFAULT_CHOICES) -> list[Outcome]:
    """Return one outcome for each record id, in their order.

    Args:
        ids: The record ids that were sent.
        response: The function's answer, JSON text.
        choices: What to do where the service's own way is not known.
    """
    try:
        answers = _answers(frozenset(ids), response, choices)
        return [_outcome(answers.get(id_, []), choices) for id_ in ids]
    except _WholeBatchError as error:
        return [Rejected(*error.reason)] * len(ids)


def _answers(
    ids: frozenset[str], response: str, choices: Choices
) -> dict[str, list[dict[str, Any]]]:
    """Group the answers by record id; ids that nobody asked for are ignored."""
    try:
        document = orjson.loads(response)
    except orjson.JSONDecodeError:
        raise _WholeBatchError(_NOT_JSON) from None
    records = document.get("records") if isinstance(document, dict) else None
    if records is None and choices.missing_records == "record":
        return {}
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        raise _WholeBatchError(_BAD_FORMAT)
    answers: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        id_ = record.get("recordId")
        if isinstance(id_, str) and id_ in ids:
            answers.setdefault(id_, []).append(record)
    twice = any(len(same) > 1 for same in answers.values())
    if twice and choices.duplicate_id_scope == "batch":
        raise _WholeBatchError(_DUPLICATE)
    return answers


def _outcome(answers: list[dict[str, Any]], choices: Choices) -> Outcome:
    if not answers:
        return Rejected(*_MISSING)
    if len(answers) > 1:
        return Rejected(*_DUPLICATE)
    answer = answers[0]
    result = answer.get("result")
    if result == "Dropped":
        return Dropped()
    if result == "ProcessingFailed":
        return Rejected(*_FAILED_STATUS)
    if result != "Ok":
        raise _WholeBatchError(_BAD_FORMAT)
    if answer.get("data") is None:
        return Rejected(choices.null_data_code, _NULL_DATA_MESSAGE)
    return Delivered(_decoded(answer["data"]), _keys(answer.get("metadata")))


def _decoded(data: object) -> bytes:
    if not isinstance(data, str):
        raise _WholeBatchError(_BAD_FORMAT)
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise _WholeBatchError(_BAD_FORMAT) from None


def _keys(metadata: object) -> Mapping[str, object]:
    keys = metadata.get("partitionKeys") if isinstance(metadata, dict) else None
    return keys if isinstance(keys, dict) else {}
