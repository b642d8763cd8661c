"""What an entry of the spool says beside its records, and what a producer reads back from it. Pure.

One entry says everything a producer goes on from: whose delivery is open, the next ordinal, what
was counted, and where the source stood. The first of a segment repeats what the older segments
said, which may be gone one day.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from producers.packing import Record
from producers.writer.books import Books, Origin, as_documents
from producers.writer.intake import Batch
from schemas import codec


def entry_meta(
    batch: Batch,
    books: Books,
    *,
    at: int,
    position: Any,
    begins: bool,
    ends: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return what an entry says.

    Args:
        batch: what it holds; counted in the books already.
        books: the open delivery.
        at: when it is written, microseconds since 1970 UTC.
        position: where the source stands after it.
        begins: whether it is the first of its segment.
        ends: what it closes, as `closing` returns it.
    """
    return {
        "at": at,
        "origin": books.origin.as_document(),
        "carried": as_documents(books.scopes) if begins else [],
        "counted": [] if begins else batch.counted,
        "first": batch.first,
        "ordinals": batch.ordinals,
        "position": position,
        "rejected": batch.rejected,
        "ends": ends,
    }


def closing(books: Books, asserted_at: int) -> tuple[Batch, dict[str, Any]]:
    """Return what closes a delivery: a completion a scope as records, and what receipts need.

    Args:
        books: the delivery.
        asserted_at: microseconds since 1970 UTC.
    """
    completions = books.completions(asserted_at)
    records = []
    for scope, completed in completions:
        message = codec.encode_completed(books.envelope(scope), completed)
        records.append(Record(codec.compress(message), "deliveries", events=0, json_bytes=0))
    ends = {
        "ingest_id": books.origin.ingest_id,
        "deliveries": [[books.delivery_id(scope), completed] for scope, completed in completions],
        "kind": books.origin.kind,
        "mapper_version": books.origin.mapper_version,
    }
    last = books.ordinals
    return Batch(records, [], [], events=0, ordinals=last, first=last, position=None), ends


def reopened(metas: Sequence[Mapping[str, Any]]) -> Books | None:
    """Return the delivery that entries leave open; None where they leave none.

    Args:
        metas: what the entries of the newest segment say, the first of them everything.
    """
    books: Books | None = None
    for meta in metas:
        origin = Origin(**meta["origin"])
        if books is None or books.origin != origin:
            books = Books(origin)
        books.absorb(meta["carried"])
        books.absorb(meta["counted"])
        books.ordinals = meta["ordinals"]
        if meta["ends"] is not None:
            books = None
    return books
