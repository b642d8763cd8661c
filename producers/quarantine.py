"""Source rows that could not become events: kept with file, line, reason and original text.

JSON lines under `quarantine/<delivery id>/`, one object for each chunk an ingest read. Writing the
same delivery again writes the same objects again.
"""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal

import orjson

from producers.sources import RejectedRow, Scope
from schemas.amounts import plain_text
from schemas.lake import QUARANTINE, ObjectStore


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """One row as it lies in quarantine, with all that is needed to read it again."""

    delivery_id: str
    ordinal: int
    file: str
    line: int
    reason: str
    detail: str
    text: str
    currency: str | None = None
    billed_cost: str | None = None
    """What could be read of its money, exact decimal text."""
    columns: list[str] = field(default_factory=list)
    """The header it was read under."""
    billing_account_id: str = ""
    billing_period: str = ""

    @property
    def scope(self) -> Scope:
        """The scope of its delivery."""
        return Scope(self.billing_account_id, self.billing_period)


def write(store: ObjectStore, delivery_id: str, number: int, lines: Sequence[bytes]) -> None:
    """Store one chunk of a delivery's rejected rows, in place of an earlier reading's.

    Args:
        store: the lake.
        delivery_id: whose rows they are.
        number: the chunk's number.
        lines: what `as_line` returned, as JSON with a newline.
    """
    if lines:
        store.put(_key(delivery_id, number), b"".join(lines))
    else:
        # What lay there was of an earlier reading of the same delivery.
        store.delete(_key(delivery_id, number))


def forget(store: ObjectStore, delivery_id: str) -> None:
    """Remove what is kept of a delivery that will never be completed."""
    forget_after(store, delivery_id, 0)


def forget_after(store: ObjectStore, delivery_id: str, number: int) -> None:
    """Remove the chunks of a delivery from a number on."""
    first = _key(delivery_id, number)
    for info in list(store.list(f"{QUARANTINE}{delivery_id}/")):
        if info.key >= first:
            store.delete(info.key)


def read(store: ObjectStore) -> Iterator[QuarantinedRow]:
    """Yield every quarantined row, by delivery and ordinal."""
    for key in keys(store):
        yield from read_object(store, key)


def keys(store: ObjectStore) -> list[str]:
    """Return the keys of all objects."""
    return [info.key for info in store.list(QUARANTINE)]


def read_object(store: ObjectStore, key: str) -> list[QuarantinedRow]:
    """Return the rows of one object."""
    return [_row(line) for line in store.get(key).splitlines()]


def replace(store: ObjectStore, key: str, rows: Sequence[QuarantinedRow]) -> None:
    """Keep only these rows of an object; without any, it goes."""
    if rows:
        store.put(key, b"".join(orjson.dumps(_encoded(asdict(r))) + b"\n" for r in rows))
    else:
        store.delete(key)


def as_line(delivery_id: str, row: RejectedRow) -> dict[str, object]:
    """Return a rejected row as its line says it."""
    return _encoded(
        {
            "delivery_id": delivery_id,
            "ordinal": row.ordinal,
            "file": row.file,
            "line": row.line,
            "reason": row.reason,
            "detail": row.detail,
            "text": row.text,
            "currency": row.currency,
            "billed_cost": _money(row.billed_cost),
            "columns": [c.encode("utf-8", "backslashreplace").decode() for c in row.columns],
            "billing_account_id": row.scope.billing_account_id,
            "billing_period": row.scope.billing_period,
        }
    )


def _key(delivery_id: str, number: int) -> str:
    return f"{QUARANTINE}{delivery_id}/{number:05}.jsonl"


def _money(value: Decimal | None) -> str | None:
    return None if value is None else plain_text(value)


def _row(line: bytes) -> QuarantinedRow:
    fields = orjson.loads(line)
    encoded = fields.pop("text_base64", None)
    if encoded is not None:
        fields["text"] = base64.b64decode(encoded).decode("utf-8", "surrogateescape")
    return QuarantinedRow(**fields)


def _encoded(fields: dict[str, object]) -> dict[str, object]:
    text = str(fields["text"])
    try:
        text.encode()
    except UnicodeEncodeError:
        # Not UTF-8: JSON cannot hold it as text, and the original bytes matter.
        original = text.encode("utf-8", "surrogateescape")
        del fields["text"]
        return {**fields, "text_base64": base64.b64encode(original).decode()}
    return fields
