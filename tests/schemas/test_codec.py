"""The wire form: what is written is read back, and damage costs only itself."""

import gzip
import io
import zlib
from typing import Any

from fastavro import schemaless_reader
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import codec
from schemas.codec import Batch, Reason, Unreadable
from schemas.registry import CHARGE_RECORDED, DELIVERY_COMPLETED, latest
from tests.strategies import charge_envelopes, charges, completions, envelopes


def message_of(envelope: Any, events: Any) -> bytes:
    encoder = codec.ChargeEncoder()
    return encoder.message(envelope, [encoder.event(e) for e in events])


@given(charge_envelopes(), st.lists(charges(), max_size=5))
@settings(max_examples=60, deadline=None)
def test_a_batch_is_read_back_as_it_was_written(envelope: Any, events: Any) -> None:
    """Round trip: envelope and events, in order, value for value."""
    read = codec.decode(codec.compress(message_of(envelope, events)))
    assert isinstance(read, Batch)
    assert read.schema.name == CHARGE_RECORDED
    assert (read.envelope, read.events) == (envelope, events)


@given(charge_envelopes(), st.lists(charges(), max_size=5))
@settings(max_examples=40, deadline=None)
def test_the_message_is_standard_avro(envelope: Any, events: Any) -> None:
    """Gzip and any Avro reader with the released file read it, without our code."""
    message = gzip.decompress(codec.compress(message_of(envelope, events)))
    schema = latest(CHARGE_RECORDED)
    assert message[:10] == b"\xc3\x01" + schema.fingerprint
    datum = schemaless_reader(io.BytesIO(message[10:]), schema.reading, None)
    assert datum == {**envelope, "events": events}


@given(envelopes(), completions())
@settings(max_examples=40, deadline=None)
def test_a_completion_is_read_back_as_it_was_written(envelope: Any, completed: Any) -> None:
    """Round trip of DeliveryCompleted."""
    read = codec.decode(codec.compress(codec.encode_completed(envelope, completed)))
    assert isinstance(read, Batch)
    assert read.schema.name == DELIVERY_COMPLETED
    assert (read.envelope, read.events) == (envelope, [completed])


@given(st.binary(max_size=3_000), st.integers(0, 80_000))
@settings(max_examples=60, deadline=None)
def test_padding_changes_the_size_and_nothing_else(message: bytes, at_least: int) -> None:
    """A padded member is at least as large as asked (up to gzip's bound) and inflates the same."""
    member = codec.compress(message, at_least)
    assert gzip.decompress(member) == message
    assert len(member) >= min(at_least, 65_535)
    plain = codec.compress(message)
    assert len(member) <= max(at_least, len(plain) + 6)


@given(
    st.lists(
        st.one_of(
            st.builds(lambda e: codec.compress(message_of(ENVELOPE, [e])), charges()),
            st.binary(min_size=1, max_size=60).filter(lambda b: b"\x1f\x8b\x08" not in b),
        ),
        max_size=6,
    )
)
@settings(max_examples=60, deadline=None)
def test_glued_records_come_apart_and_foreign_bytes_cost_only_themselves(
    parts: list[bytes],
) -> None:
    """Every good member between foreign bytes is read, and no byte of the object is lost."""
    data = b"".join(parts)
    read = list(codec.read_members(data))
    assert b"".join(r.body for r in read) == data
    good = [p for p in parts if p.startswith(b"\x1f\x8b\x08")]
    assert [r.body for r in read if isinstance(r, Batch)] == good


@given(st.lists(charges(), min_size=3, max_size=3), st.data())
@settings(max_examples=80, deadline=None)
def test_a_flipped_or_cut_byte_costs_one_record(events: Any, data: Any) -> None:
    """Damage inside one member never takes its neighbours along, and never goes unnoticed."""
    members = [codec.compress(message_of(ENVELOPE, [e])) for e in events]
    victim = data.draw(st.integers(0, 2))
    at = data.draw(st.integers(0, len(members[victim]) - 1))
    broken = bytearray(members[victim])
    if data.draw(st.booleans()):
        broken[at] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del broken[at:]
    glued = [bytes(broken) if i == victim else m for i, m in enumerate(members)]
    read = [r for r in codec.read_members(b"".join(glued)) if isinstance(r, Batch)]
    survivors = [e for i, e in enumerate(events) if i != victim]
    # Some header bits of gzip (time, OS) carry nothing: then the record itself survives too.
    assert [r.events[0] for r in read] in (survivors, events)


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_decoding_is_total(data: bytes) -> None:
    """Any bytes give a value, plain or gzipped, with our header or without."""
    header = codec.MARKER + latest(CHARGE_RECORDED).fingerprint
    for record in (data, gzip.compress(data), gzip.compress(header + data)):
        read = codec.decode(record)
        assert read.body == record


ENVELOPE: Any = {
    "delivery_id": "d",
    "delivery_mode": "overwrite",
    "source": "focus",
    "mapper_version": "1",
    "billing_period": "2024-09",
    "charge_date": "2024-09-01",
}


def reason_of(record: bytes) -> Reason:
    read = codec.decode(record)
    assert isinstance(read, Unreadable)
    return read.reason


def test_each_kind_of_bad_record_has_its_reason() -> None:
    """The reason codes that quarantine shows."""
    good = codec.compress(message_of(ENVELOPE, []))
    message = gzip.decompress(good)
    assert reason_of(b"") is Reason.BAD_GZIP
    assert reason_of(b"random bytes") is Reason.BAD_GZIP
    assert reason_of(good[:-1]) is Reason.BAD_GZIP
    assert reason_of(good + b"x") is Reason.BAD_GZIP
    assert reason_of(gzip.compress(b"{}")) is Reason.NOT_AVRO
    assert reason_of(gzip.compress(codec.MARKER + b"12345678")) is Reason.UNKNOWN_SCHEMA
    assert reason_of(gzip.compress(message + b"x")) is Reason.BAD_DATUM
    assert reason_of(gzip.compress(message[:-1])) is Reason.BAD_DATUM
    bomb = zlib.compress(bytes(codec.MAX_MESSAGE_BYTES + 1), wbits=31)
    assert reason_of(bomb) is Reason.TOO_LARGE
    assert [type(r) for r in codec.read_members(bomb + good)] == [Unreadable, Batch]
