"""The wire form: one gzip member around one Avro single-object message holding a batch of events.

    gzip( C3 01 | 8-byte fingerprint | Avro datum: envelope, then the array of events )

Bad bytes are a value (`Unreadable`, with a reason code), never an exception: whoever reads the
stream decides what a bad record costs. gzip's CRC protects the payload, Avro itself does not.
"""

import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from typing import Any

from fastavro import schemaless_reader, schemaless_writer
from fastavro.schema import parse_schema

from schemas.compiled import Reader, Run, Start, compile_reader
from schemas.compiled_writer import compile_writer, long
from schemas.events import ChargeEnvelope, ChargeRecorded, DeliveryCompleted, Envelope
from schemas.registry import CHARGE_RECORDED, DELIVERY_COMPLETED, Schema, latest, schemas
from schemas.upcast import upcast

MARKER = b"\xc3\x01"
"""Avro single-object encoding, https://avro.apache.org/docs/1.12.0/specification/."""
HEADER_BYTES = 10
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
"""A record never decompresses to more; a bound on what a hostile record may cost."""

_GZIP_MAGIC = b"\x1f\x8b\x08"
_FEXTRA = 4
_EXTRA_ID = b"FF"
_MAX_EXTRA = 65_535
_PIECE = 65_536
_RUNS = (
    Run("sub_account_name", "billing_period_end", ("sub_account_id",)),
    Run("service_category", "availability_zone", ("charge_description", "sub_account_id")),
    Run("resource_name", "commitment_discount_status", ("resource_id", "charge_description")),
    Run("allocated_method_id", "tags", ("resource_id", "charge_description")),
)
"""Amounts divide the columns of a charge that repeat."""


class Reason(StrEnum):
    """Why bytes could not be read, or rows could not be answered."""

    BAD_GZIP = "bad-gzip"
    NOT_AVRO = "not-avro-message"
    UNKNOWN_SCHEMA = "unknown-schema"
    BAD_DATUM = "bad-datum"
    BAD_AMOUNT = "bad-amount"
    BAD_PARTITION = "bad-partition"
    TOO_LARGE = "too-large"
    RESPONSE_TOO_LARGE = "response-too-large"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Bytes that are not a record of ours, and why; nothing of them is lost."""

    reason: Reason
    detail: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """One decoded record: which schema, the envelope, the events, and the bytes it came from."""

    schema: Schema
    envelope: dict[str, Any]
    events: list[dict[str, Any]]
    body: bytes

    @property
    def delivery_id(self) -> str:
        """The delivery that all events belong to."""
        return str(self.envelope["delivery_id"])

    @property
    def is_charges(self) -> bool:
        """Whether the events are ChargeRecorded (otherwise DeliveryCompleted)."""
        return self.schema.name == CHARGE_RECORDED


class ChargeEncoder:
    """Encodes charges one by one and joins them into messages, without encoding any twice."""

    def __init__(self) -> None:
        self._schema = latest(CHARGE_RECORDED)
        self._write = compile_writer(_event_schema(self._schema)["fields"])

    def event(self, charge: ChargeRecorded) -> bytes:
        """Encode one event as it will stand in the batch's array."""
        return self._write(charge)

    @staticmethod
    def content(encoded: bytes) -> bytes:
        """Return an encoded event without its ordinal, the first field: what it says, not where."""
        end = 0
        while encoded[end] & 0x80:
            end += 1
        return encoded[end + 1 :]

    def message(self, envelope: ChargeEnvelope, events: Sequence[bytes]) -> bytes:
        """Join encoded events into one single-object message (not yet compressed)."""
        head = io.BytesIO()
        schemaless_writer(head, self._schema.parsed, {**envelope, "events": []})
        # An empty Avro array is one zero byte; `events` is the last field. Replace it by a block.
        block = long(len(events)) + b"".join(events) if events else b""
        return b"".join((MARKER, self._schema.fingerprint, head.getvalue()[:-1], block, b"\x00"))


def encode_completed(envelope: Envelope, completed: DeliveryCompleted) -> bytes:
    """Encode a DeliveryCompleted event as one single-object message."""
    schema = latest(DELIVERY_COMPLETED)
    buffer = io.BytesIO()
    schemaless_writer(buffer, schema.parsed, {**envelope, "events": [completed]})
    return MARKER + schema.fingerprint + buffer.getvalue()


def compress(message: bytes, at_least: int = 0) -> bytes:
    """Wrap a message into one gzip member of at least `at_least` bytes.

    A member that is too small for its answer (see `producers.packing`) is made larger by an extra
    header field (RFC 1952, 2.3.1.1), which every gzip reader skips. Same input, same bytes.
    """
    deflate = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS, 9)
    body = deflate.compress(message) + deflate.flush()
    tail = zlib.crc32(message).to_bytes(4, "little") + len(message).to_bytes(4, "little")
    missing = at_least - (10 + len(body) + len(tail))
    if missing <= 0:
        return _gzip_header(0) + body + tail
    extra = min(max(missing - 2, 4), _MAX_EXTRA)
    field = _EXTRA_ID + (extra - 4).to_bytes(2, "little") + bytes(extra - 4)
    return _gzip_header(_FEXTRA) + extra.to_bytes(2, "little") + field + body + tail


def decode(record: bytes, start: Start | None = None) -> Batch | Unreadable:
    """Decode one Firehose record: exactly one gzip member holding one message.

    Args:
        record: the bytes of the record.
        start: what each charge begins as, from the batch's envelope; a column that is null is
            left as it begins. Without it, every column is there, and null where it is null.
    """
    member = _inflate(record, 0)
    if isinstance(member, _Broken):
        return Unreadable(member.reason, member.detail, record)
    if member.end != len(record):
        extra = len(record) - member.end
        return Unreadable(Reason.BAD_GZIP, f"{extra} bytes after the gzip member", record)
    return _decode_message(member.message, record, start)


def read_members(data: bytes) -> Iterator[Batch | Unreadable]:
    """Read a backup object: records glued together without delimiter.

    A damaged record costs itself only: reading goes on at the next member that can be read.
    Every byte of `data` is in exactly one of the results, in order.
    """
    for member in split_members(data):
        if isinstance(member, Unreadable):
            yield member
        else:
            yield decode_message(member)


@dataclass(frozen=True, slots=True)
class Member:
    """One record of a backup object, inflated and not yet decoded."""

    message: bytes
    """What the gzip member holds: one single-object message, if it is ours."""
    body: bytes
    """The record as it was put."""


def split_members(data: bytes) -> Iterator[Member | Unreadable]:
    """Split a backup object into its records, as `read_members` does, without decoding them."""
    position = damaged_from = 0
    while position < len(data):
        member = _inflate(data, position)
        if isinstance(member, _Broken):
            following = data.find(_GZIP_MAGIC, position + 1)
            position = following if following >= 0 else len(data)
            continue
        if damaged_from < position:
            yield _damaged(data[damaged_from:position])
        yield Member(member.message, data[position : member.end])
        position = damaged_from = member.end
    if damaged_from < len(data):
        yield _damaged(data[damaged_from:])


def decode_message(member: Member, start: Start | None = None) -> Batch | Unreadable:
    """Decode an inflated record; see `decode`."""
    return _decode_message(member.message, member.body, start)


def envelope_of(member: Member) -> tuple[Schema, dict[str, Any]] | Unreadable:
    """Read only the envelope of a record: its schema, and what all of its events share.

    The events behind it are not looked at: they may still be unreadable.
    """
    message = member.message
    schema = schemas().get(message[len(MARKER) : HEADER_BYTES])
    if not message.startswith(MARKER) or schema is None:
        refused = decode_message(member)
        assert isinstance(refused, Unreadable)
        return refused
    buffer = io.BytesIO(message)
    buffer.seek(HEADER_BYTES)
    try:
        envelope: Any = schemaless_reader(buffer, _envelope_schema(schema.fingerprint), None)
    # As in `_decode_message`: whatever it raises, the bytes are bad.
    except Exception as error:
        return Unreadable(Reason.BAD_DATUM, f"{type(error).__name__}: {error}", member.body)
    return schema, envelope


@dataclass(frozen=True, slots=True)
class _Member:
    message: bytes
    end: int


@dataclass(frozen=True, slots=True)
class _Broken:
    reason: Reason
    detail: str


def _damaged(body: bytes) -> Unreadable:
    broken = _inflate(body, 0)
    if isinstance(broken, _Broken):
        return Unreadable(broken.reason, broken.detail, body)
    return Unreadable(Reason.BAD_GZIP, "bytes between records", body)


def _inflate(data: bytes, start: int) -> _Member | _Broken:
    """Inflate the member that begins at `start`, feeding it piecewise: objects are large."""
    inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    parts: list[bytes] = []
    room = MAX_MESSAGE_BYTES
    fed = start
    try:
        while not inflate.eof and fed < len(data):
            piece = data[fed : fed + _PIECE]
            fed += len(piece)
            parts.append(inflate.decompress(piece, room + 1))
            room -= len(parts[-1])
            if room < 0:
                return _Broken(Reason.TOO_LARGE, f"inflates to over {MAX_MESSAGE_BYTES} bytes")
    except zlib.error as error:
        return _Broken(Reason.BAD_GZIP, str(error))
    if not inflate.eof:
        return _Broken(Reason.BAD_GZIP, "the gzip member ends early")
    return _Member(b"".join(parts), fed - len(inflate.unused_data))


def _decode_message(
    message: bytes, record: bytes, start: Start | None = None
) -> Batch | Unreadable:
    if not message.startswith(MARKER):
        return Unreadable(Reason.NOT_AVRO, "no Avro single-object marker", record)
    schema = schemas().get(message[2:HEADER_BYTES])
    if schema is None:
        known = message[2:HEADER_BYTES].hex()
        return Unreadable(Reason.UNKNOWN_SCHEMA, f"fingerprint {known} is not released", record)
    try:
        envelope, events, end = _reader(schema.fingerprint)(message, HEADER_BYTES, start)
    # fastavro raises a dozen unrelated types on bad bytes; all mean the same thing here.
    except Exception as error:
        return Unreadable(Reason.BAD_DATUM, f"{type(error).__name__}: {error}", record)
    if end != len(message):
        return Unreadable(Reason.BAD_DATUM, f"{len(message) - end} bytes after the datum", record)
    return Batch(schema, envelope, events, record)


@cache
def _reader(fingerprint: bytes) -> Reader:
    """Return the reader of a schema: charges come by the million, so theirs is compiled."""
    schema = schemas()[fingerprint]
    if schema.name == CHARGE_RECORDED:
        return compile_reader(schema.parsed, _RUNS)
    return partial(_read, schema)


def _read(
    schema: Schema, message: bytes, at: int, _: Start | None
) -> tuple[dict[str, Any], list[dict[str, Any]], int]:
    buffer = io.BytesIO(message)
    buffer.seek(at)
    datum: Any = schemaless_reader(buffer, schema.reading, None)
    events = upcast(schema.name, schema.version, datum.pop("events"))
    return datum, events, buffer.tell()


@cache
def _envelope_schema(fingerprint: bytes) -> Any:
    """Return the batch schema without its last field, the array of events."""
    reading: Any = schemas()[fingerprint].reading
    fields = [field for field in reading["fields"] if field["name"] != "events"]
    return parse_schema({"type": "record", "name": f"{reading['name']}.Envelope", "fields": fields})


def _event_schema(schema: Schema) -> dict[str, Any]:
    fields = {field["name"]: field for field in schema.parsed["fields"]}
    parsed = parse_schema(fields["events"]["type"]["items"])
    assert isinstance(parsed, dict)
    return parsed


def _gzip_header(flags: int) -> bytes:
    # No time stamp and no file name: the same events give the same bytes. OS 255 is "unknown".
    return _GZIP_MAGIC + bytes((flags, 0, 0, 0, 0, 0, 255))
