"""Source rows that could not become events: kept with file, line, reason and original text.

One object of JSON lines a delivery, under `quarantine/`. Writing the same delivery again writes
the same object again.
"""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import orjson

from producers.sources import RejectedRow
from schemas.lake import QUARANTINE, ObjectStore


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """One row as it lies in quarantine."""

    delivery_id: str
    ordinal: int
    file: str
    line: int
    reason: str
    detail: str
    text: str


def write(store: ObjectStore, delivery_id: str, rows: Sequence[RejectedRow]) -> None:
    """Store the rejected rows of a delivery; nothing to store writes nothing."""
    if rows:
        body = b"".join(orjson.dumps(_line(delivery_id, r)) + b"\n" for r in rows)
        store.put(f"{QUARANTINE}{delivery_id}.jsonl", body)


def read(store: ObjectStore) -> Iterator[QuarantinedRow]:
    """Yield every quarantined row, by delivery and ordinal."""
    for info in store.list(QUARANTINE):
        for line in store.get(info.key).splitlines():
            fields = orjson.loads(line)
            encoded = fields.pop("text_base64", None)
            if encoded is not None:
                fields["text"] = base64.b64decode(encoded).decode("utf-8", "surrogateescape")
            yield QuarantinedRow(**fields)


def _line(delivery_id: str, row: RejectedRow) -> dict[str, object]:
    fields: dict[str, object] = {
        "delivery_id": delivery_id,
        "ordinal": row.ordinal,
        "file": row.file,
        "line": row.line,
        "reason": row.reason,
        "detail": row.detail,
    }
    try:
        row.text.encode()
    except UnicodeEncodeError:
        # Not UTF-8: JSON cannot hold it as text, and the original bytes matter.
        original = row.text.encode("utf-8", "surrogateescape")
        return {**fields, "text_base64": base64.b64encode(original).decode()}
    return {**fields, "text": row.text}
