"""One entry of the spool as bytes: framed, checksummed, and found again behind damage. Pure.

    segment  = the line "FINOPS SPOOL 1" | entry*
    entry    = F1 53 50 4C | u32 meta bytes | u32 body bytes | u32 crc | meta | body
    meta     = JSON, what the entry says          body = the records, glued

Big-endian; the CRC-32 covers both lengths, the meta and the body. An entry is whole or it is not
there: what ends a segment without a whole entry behind it is a torn write, anything else is damage.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Any

import orjson

from producers.packing import Record

HEADER = b"FINOPS SPOOL 1\n"
"""Begins every segment; the number is the format's version."""
_MARKER = b"\xf1SPL"
_FRAME = Struct(">4sIII")
_LENGTHS = Struct(">II")


@dataclass(frozen=True, slots=True)
class Entry:
    """One durable step of a producer: what it says, and the records it holds."""

    number: int
    """Counted over the whole spool, from 1."""
    meta: dict[str, Any]
    records: list[Record]


@dataclass(frozen=True, slots=True)
class Damaged:
    """Bytes of a segment that are no entry."""

    offset: int
    size: int
    is_tail: bool
    """Whether no whole entry follows in the segment: then it may be a write that was torn."""


def encode(number: int, meta: dict[str, Any], records: Sequence[Record]) -> tuple[bytes, bytes]:
    """Return an entry in two pieces, to be written one after the other."""
    index = [(r.delivery_id, r.partition, r.events, r.json_bytes, len(r.data)) for r in records]
    said = orjson.dumps({**meta, "number": number, "records": index})
    body = b"".join(record.data for record in records)
    crc = zlib.crc32(body, zlib.crc32(said, zlib.crc32(_LENGTHS.pack(len(said), len(body)))))
    return _FRAME.pack(_MARKER, len(said), len(body), crc) + said, body


FRAME_BYTES = _FRAME.size


def entry_size(frame: bytes) -> int | None:
    """Return how large the entry is that a frame begins; None where it is no frame."""
    if len(frame) < FRAME_BYTES:
        return None
    marker, meta_size, body_size, _ = _FRAME.unpack_from(frame)
    return FRAME_BYTES + meta_size + body_size if marker == _MARKER else None


def read_entry(data: bytes, offset: int) -> tuple[Entry, int] | None:
    """Return the entry at an offset and where the next one begins; None when none is there."""
    frame = data[offset : offset + _FRAME.size]
    if len(frame) < _FRAME.size:
        return None
    marker, meta_size, body_size, crc = _FRAME.unpack(frame)
    start = offset + _FRAME.size
    middle, end = start + meta_size, start + meta_size + body_size
    if marker != _MARKER or end > len(data):
        return None
    view = memoryview(data)
    found = zlib.crc32(view[start:end], zlib.crc32(_LENGTHS.pack(meta_size, body_size)))
    if found != crc:
        return None
    meta = orjson.loads(view[start:middle])
    records = list(_records(meta.pop("records"), data, middle))
    return Entry(meta.pop("number"), meta, records), end


def read_segment(data: bytes) -> Iterator[tuple[int, Entry] | Damaged]:
    """Yield each entry with its offset, and what lies between and behind them."""
    position = len(HEADER)
    while position < len(data):
        found = read_entry(data, position)
        if found is not None:
            entry, end = found
            yield position, entry
            position = end
            continue
        following = next_entry(data, position + 1)
        end = len(data) if following is None else following
        yield Damaged(position, end - position, is_tail=following is None)
        position = end


def next_entry(data: bytes, start: int) -> int | None:
    """Return where the next whole entry begins."""
    position = data.find(_MARKER, start)
    while position >= 0:
        if read_entry(data, position) is not None:
            return position
        position = data.find(_MARKER, position + 1)
    return None


def _records(index: list[list[Any]], data: bytes, position: int) -> Iterator[Record]:
    for delivery_id, partition, events, json_bytes, size in index:
        yield Record(data[position : position + size], partition, events, json_bytes, delivery_id)
        position += size
