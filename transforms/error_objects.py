"""Firehose's error objects read back: which records failed, why, and what they held.

Lines are JSON, sometimes glued without a newline, and field names differ between years and
services (`lambdaARN`, `lambdaArn`; `errorCode`, `lastErrorCode`), so they are read by name in any
case. Firehose's code says who failed; our own reason is found again by decoding the original.
"""

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from schemas import codec
from schemas.codec import Batch, Unreadable
from schemas.lake import ERRORS, ObjectStore


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """One failed record: where its line lies, what Firehose said, and the original bytes."""

    key: str
    number: int
    """The line's number in its object, from 1."""
    type: str
    """Firehose's error output type, such as `processing-failed`."""
    code: str
    message: str
    arrival_millis: int
    raw: bytes

    @property
    def id(self) -> str:
        """A name for this record that `quarantine show` takes."""
        return f"{self.key.rsplit('/', 1)[-1]}:{self.number}"

    def content(self) -> "Batch | Unreadable | list[dict[str, Any]]":
        """Decode the original: a batch, rows (where Firehose kept our answer), or a reason."""
        batch = codec.decode(self.raw)
        if isinstance(batch, Unreadable):
            rows = _json_rows(self.raw)
            return batch if rows is None else rows
        return batch

    def reason(self) -> str:
        """Return our reason code: why these bytes could not become rows in the lake."""
        content = self.content()
        return content.reason.value if isinstance(content, Unreadable) else self.type


def read_error_lines(store: ObjectStore) -> Iterator[ErrorLine]:
    """Yield every failed record under `errors/`, object by object."""
    for info in store.list(ERRORS):
        yield from error_lines(info.key, store.get(info.key))


def error_lines(key: str, body: bytes) -> Iterator[ErrorLine]:
    """Yield the failed records of one object of `errors/`."""
    for number, fields in enumerate(_documents(body), start=1):
        yield ErrorLine(
            key=key,
            number=number,
            type=error_type(key),
            code=str(_first(fields, "errorcode", "lasterrorcode")),
            message=str(_first(fields, "errormessage", "lasterrormessage")),
            arrival_millis=_millis(_first(fields, "arrivaltimestamp")),
            raw=_bytes(str(_first(fields, "rawdata"))),
        )


def error_type(key: str) -> str:
    """Return Firehose's error output type, the first folder below `errors/`."""
    return key[len(ERRORS) :].split("/", 1)[0]


def _documents(body: bytes) -> Iterator[dict[str, Any]]:
    text = body.decode("utf-8", "replace")
    decoder = json.JSONDecoder()
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        try:
            document, position = decoder.raw_decode(text, position)
        except json.JSONDecodeError:
            # Not ours to lose: a damaged line is shown as a record nobody can decode.
            end = text.find("\n", position)
            end = len(text) if end < 0 else end
            damaged = base64.b64encode(text[position:end].encode()).decode()
            document = {"rawdata": damaged, "errorcode": "unreadable error line"}
            position = end
        if isinstance(document, dict):
            yield {str(key).lower(): value for key, value in document.items()}


def _first(fields: dict[str, Any], *names: str) -> Any:
    return next((fields[name] for name in names if fields.get(name) is not None), "")


def _millis(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0  # As documented it is text, and as captured a number; a damaged one says nothing.


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return text.encode()


def _json_rows(raw: bytes) -> list[dict[str, Any]] | None:
    try:
        rows = [json.loads(line) for line in raw.splitlines() if line.strip()]
    except ValueError:
        return None
    return rows if rows and all(map(_is_ours, rows)) else None


def _is_ours(row: Any) -> bool:
    return (
        isinstance(row, dict)
        and isinstance(row.get("delivery_id"), str)
        and isinstance(row.get("ordinal"), int)
    )
