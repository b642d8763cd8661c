"""The bytes of a journal segment: a header with the version, then one entry for each put.

An entry is its payload's length and CRC, a CRC of these two, and the payload: the number of
records, for each record its sequence, its arrival in microseconds since 1970 and its length, and at
last the data of all of them. Numbers are big-endian. The second CRC tells an entry that was cut
off, which nobody was promised, from one whose length is no longer what was written.
"""

import struct
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from zlib import crc32

from infra.local.firehose.records import Source

HEADER = b"firehose-journal 1\n"
_ANY_VERSION = b"firehose-journal "

_ENTRY = struct.Struct(">II")
_CHECK = struct.Struct(">I")
_COUNT = struct.Struct(">I")
_RECORD = struct.Struct(">QqI")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class OtherVersionError(Exception):
    """The segment says that it is of a version that this one cannot read."""


def encode(sources: Sequence[Source]) -> list[bytes]:
    """Return the records of one put as one entry, in pieces: large data is not copied."""
    records = [_COUNT.pack(len(sources))]
    for source in sources:
        arrival = (source.arrival - _EPOCH) // _MICROSECOND
        records.append(_RECORD.pack(source.sequence, arrival, len(source.data)))
    pieces = [b"".join(records), *(source.data for source in sources)]
    check = 0
    for piece in pieces:
        check = crc32(piece, check)
    start = _ENTRY.pack(sum(map(len, pieces)), check)
    return [start + _CHECK.pack(crc32(start)), *pieces]


def decode(segment: bytes) -> tuple[list[Source], str]:
    """Return the records of a segment, and what is damaged in it, empty if nothing is.

    An entry or a header that the end of the segment cuts off is no damage: its writer was killed
    before the put was acknowledged. Behind a damage nothing is read.

    Raises:
        OtherVersionError: the segment is of another version.
    """
    if not segment.startswith(HEADER):
        if HEADER.startswith(segment):
            return [], ""
        if segment.startswith(_ANY_VERSION):
            raise OtherVersionError
        return [], "its header is not a journal's"
    sources: list[Source] = []
    position = len(HEADER)
    while True:
        begin = position + _ENTRY.size + _CHECK.size
        if begin > len(segment):
            return sources, ""
        size, check = _ENTRY.unpack_from(segment, position)
        if _CHECK.unpack_from(segment, position + _ENTRY.size) != (
            crc32(segment[position : position + _ENTRY.size]),
        ):
            return sources, f"the entry at byte {position} has a wrong length or CRC"
        end = begin + size
        if end > len(segment):
            return sources, ""
        payload = segment[begin:end]
        if crc32(payload) != check:
            return sources, f"the entry at byte {position} does not have its CRC"
        sources += _records(payload)
        position = end


def _records(payload: bytes) -> Iterator[Source]:
    (count,) = _COUNT.unpack_from(payload)
    position = _COUNT.size + count * _RECORD.size
    for sequence, arrival, size in _RECORD.iter_unpack(payload[_COUNT.size : position]):
        data = payload[position : position + size]
        yield Source(data, _EPOCH + arrival * _MICROSECOND, sequence)
        position += size
