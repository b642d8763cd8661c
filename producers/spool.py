"""Where an ingest keeps what it has read and not yet sent: one folder of objects an ingest.

    spool/ingest/<id>/checkpoint.json   where it stands; written last, so what it names is there
    spool/ingest/<id>/records-…         packed records, as they will be put
    spool/ingest/<id>/rejected-…        rows that cannot become events

A record chunk is one line of JSON (what each record is) and then the records, glued. A chunk's name
says which rows it was made from: two processes that run the same ingest at once never write
different things under one name.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import orjson

from producers.errors import SpoolLostError
from producers.packing import Record
from producers.quarantine import as_line
from producers.sources import RejectedRow
from schemas.lake import SPOOL, ObjectStore

CHECKPOINT = "checkpoint.json"


class Spool(Protocol):
    """A folder of its own for one ingest."""

    def put(self, name: str, body: bytes) -> None:
        """Keep an object, whole or not at all."""
        ...

    def get(self, name: str) -> bytes:
        """Return an object; raise `KeyError` when there is none."""
        ...

    def clear(self) -> None:
        """Remove everything, the checkpoint last."""
        ...


class StoreSpool:
    """A spool in the lake's store: it outlives the process.

    Args:
        store: the lake.
        ingest_id: which ingest it belongs to.
    """

    def __init__(self, store: ObjectStore, ingest_id: str) -> None:
        self._store = store
        self._prefix = f"{SPOOL}ingest/{ingest_id}/"

    def put(self, name: str, body: bytes) -> None:
        """Keep an object."""
        self._store.put(self._prefix + name, body)

    def get(self, name: str) -> bytes:
        """Return an object; raise `KeyError` when there is none."""
        return self._store.get(self._prefix + name)

    def clear(self) -> None:
        """Remove everything, the checkpoint last: without it the rest would be orphans."""
        for info in list(self._store.list(self._prefix)):
            if not info.key.endswith("/" + CHECKPOINT):
                self._store.delete(info.key)
        self._store.delete(self._prefix + CHECKPOINT)


class MemorySpool:
    """A spool for what is small and can be read again at once, such as one simulated hour."""

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}

    def put(self, name: str, body: bytes) -> None:
        """Keep an object."""
        self._objects[name] = body

    def get(self, name: str) -> bytes:
        """Return an object; raise `KeyError` when there is none."""
        return self._objects[name]

    def clear(self) -> None:
        """Remove everything."""
        self._objects.clear()


def put_records(spool: Spool, name: str, records: Sequence[Record]) -> None:
    """Keep one chunk of records."""
    index = [(r.delivery_id, r.partition, r.events, r.json_bytes, len(r.data)) for r in records]
    spool.put(name, orjson.dumps(index) + b"\n" + b"".join(r.data for r in records))


def get_records(spool: Spool, name: str) -> Iterator[Record]:
    """Yield the records of one chunk.

    Raises:
        SpoolLostError: the chunk is gone; another process cleared it.
    """
    line, _, data = _get(spool, name).partition(b"\n")
    position = 0
    for delivery_id, partition, events, json_bytes, size in orjson.loads(line):
        end = position + size
        yield Record(data[position:end], partition, events, json_bytes, delivery_id)
        position = end


def put_rejected(spool: Spool, name: str, rows: Sequence[tuple[str, RejectedRow]]) -> None:
    """Keep one chunk of rejected rows, each with the id of its delivery."""
    lines = (orjson.dumps(as_line(delivery_id, row)) + b"\n" for delivery_id, row in rows)
    spool.put(name, b"".join(lines))


def get_rejected(spool: Spool, name: str) -> Iterator[tuple[str, bytes]]:
    """Yield the rejected rows of one chunk as quarantine keeps them: delivery id and JSON line.

    Raises:
        SpoolLostError: the chunk is gone; another process cleared it.
    """
    for line in _get(spool, name).splitlines(keepends=True):
        yield orjson.loads(line)["delivery_id"], line


def _get(spool: Spool, name: str) -> bytes:
    try:
        return spool.get(name)
    except KeyError:
        raise SpoolLostError(
            f"spool object {name} is gone, another process may have finished this ingest; "
            "run the same command again"
        ) from None
