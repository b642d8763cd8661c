"""The compiled reader against fastavro: the same values, and nothing that fastavro refuses."""

import io
from typing import Any

import pytest
from fastavro import schemaless_reader, schemaless_writer
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import codec
from schemas.codec import Batch, ChargeEncoder, Reason, Unreadable
from schemas.compiled import compile_reader
from schemas.errors import SchemaError
from schemas.registry import CHARGE_RECORDED, latest
from tests.strategies import charge_envelopes, charges
from tests.transforms.test_core import example

SCHEMA = latest(CHARGE_RECORDED)
HEADER = codec.MARKER + SCHEMA.fingerprint
ENVELOPE: Any = {
    "delivery_id": "d",
    "delivery_mode": "overwrite",
    "source": "focus",
    "mapper_version": "1",
    "billing_period": "2024-09",
    "charge_date": "2024-09-01",
}


def datum_of(envelope: Any, events: Any) -> bytes:
    encoder = ChargeEncoder()
    return encoder.message(envelope, [encoder.event(e) for e in events])[len(HEADER) :]


def ours(datum: bytes) -> Any:
    """Return what the codec reads, or None."""
    read = codec.decode(codec.compress(HEADER + datum))
    if isinstance(read, Unreadable):
        assert read.reason is Reason.BAD_DATUM
        return None
    return {**read.envelope, "events": read.events}


def theirs(datum: bytes) -> Any:
    """Return what fastavro reads of all the bytes, or None."""
    buffer = io.BytesIO(datum)
    try:
        read = schemaless_reader(buffer, SCHEMA.reading, None)
    except Exception:
        return None
    return read if buffer.tell() == len(datum) else None


def written(read: Any) -> bytes:
    buffer = io.BytesIO()
    schemaless_writer(buffer, SCHEMA.reading, read)
    return buffer.getvalue()


# Some events of a batch are the same but for their ordinal: those come from memory.
batches = st.lists(charges(), max_size=3).flatmap(
    lambda kinds: (
        st.lists(
            st.builds(
                lambda e, n: {**e, "ordinal": n}, st.sampled_from(kinds), st.integers(0, 2**40)
            ),
            max_size=6,
        )
        if kinds
        else st.just([])
    )
)


@given(charge_envelopes(), batches)
@settings(max_examples=100, deadline=None)
def test_it_reads_what_was_written(envelope: Any, events: Any) -> None:
    """Any batch, with rows that repeat and rows that do not, read cold and again from memory."""
    datum = datum_of(envelope, events)
    for _ in range(3):
        assert ours(datum) == theirs(datum) == {**envelope, "events": events}


@given(batches.filter(bool), st.data())
@settings(max_examples=250, deadline=None)
def test_of_damaged_bytes_it_makes_what_fastavro_makes_or_nothing(events: Any, data: Any) -> None:
    """After any flip, cut or insertion: an equal value, or a refusal.

    It may refuse what fastavro reads, but only bytes that no writer writes (see the next test).
    """
    datum = datum_of(ENVELOPE, events)
    assert ours(datum) is not None
    at = data.draw(st.integers(0, len(datum) - 1))
    match data.draw(st.sampled_from(["flip", "cut", "insert", "remove", "set"])):
        case "flip":
            new = bytes((datum[at] ^ 1 << data.draw(st.integers(0, 7)),)) + datum[at + 1 :]
        case "cut":
            new = b""
        case "insert":
            new = data.draw(st.binary(min_size=1, max_size=12)) + datum[at:]
        case "remove":
            new = datum[at + data.draw(st.integers(1, 12)) :]
        case _:
            new = data.draw(st.sampled_from([b"\x01", b"\x7f", b"\x80", b"\xff"])) + datum[at + 1 :]
    damaged = datum[:at] + new
    mine, reference = ours(damaged), theirs(damaged)
    if mine is not None:
        assert mine == reference
    elif reference is not None:
        assert written(reference) != damaged


EVENTS_AT = datum_of(ENVELOPE, []).rindex(b"\x00")
HEAD = datum_of(ENVELOPE, [])[:EVENTS_AT]
"""The envelope; the array of events follows."""
MODE_AT = 2


def event_bytes(**changes: Any) -> bytes:
    times = {"billing_period_start": 0, "charge_period_start": 0, "charge_period_end": 0}
    return ChargeEncoder().event(example() | times | changes)


@pytest.mark.parametrize(
    ("what", "datum"),
    [
        ("an enum index counted from the end", HEAD[:MODE_AT] + b"\x01" + HEAD[MODE_AT + 1 :]),
        ("a string of negative length", b"\x01" + HEAD[2:]),
        ("a number of more than 64 bits", HEAD + b"\xfe" + b"\xff" * 9 + b"\x01"),
        ("a number without an end", HEAD + b"\xff" * 100_000),
        (
            "a count of events that are not there",
            HEAD + b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        ),
        ("a union index counted from the end", HEAD + b"\x02" + b"\x00\x02p\x01\x02x"),
        ("a union index in two bytes", HEAD + b"\x02" + b"\x00\x02p\x80\x00"),
        (
            "a map whose key has a negative length, and so would be read again as the next block",
            HEAD + b"\x02" + event_bytes()[:-1] + b"\x02\x02\x01" + bytes(5),
        ),
        ("a string that is not UTF-8", b"\x02\xff" + HEAD[2:] + b"\x00"),
        ("a string cut in two", HEAD[:-3]),
        ("nothing", b""),
    ],
)
def test_it_refuses(what: str, datum: bytes) -> None:
    """What is no datum, and what only a lenient reader would take for one."""
    assert ours(datum) is None, what


def test_blocks_with_a_size_are_read() -> None:
    """The other spelling of an array that Avro allows: a negative count, then a size."""
    event = event_bytes()
    plain = HEAD + b"\x02" + event + b"\x02" + event + b"\x00"
    sized = HEAD + b"\x01\x00" + event + b"\x02" + event + b"\x00"
    assert ours(plain) == ours(sized) == theirs(sized)
    assert len(ours(sized)["events"]) == 2


@given(batches.filter(bool))
@settings(max_examples=40, deadline=None)
def test_a_start_leaves_nulls_out(events: Any) -> None:
    """With a start, an event is the start and every column that is not null, in order."""
    record = codec.compress(HEADER + datum_of(ENVELOPE, events))
    full = codec.decode(record)
    read = codec.decode(record, lambda envelope: {"of": envelope["delivery_id"]})
    assert isinstance(full, Batch)
    assert isinstance(read, Batch)
    for got, event in zip(read.events, full.events, strict=True):
        want = {"of": "d"} | {k: v for k, v in event.items() if v is not None}
        assert list(got.items()) == list(want.items())


@pytest.mark.parametrize("tags", [{}, {"a": "1"}])
def test_rows_share_no_map(tags: dict[str, str]) -> None:
    """Who changes one row changes that row only, though both came from memory."""
    event = event_bytes(tags=tags, allocated_tags=tags)
    datum = HEAD + b"\x06" + event * 3 + b"\x00"
    for _ in range(3):
        for row in ours(datum)["events"]:
            assert (row["tags"], row["allocated_tags"]) == (tags, tags)
            row["tags"]["b"] = row["allocated_tags"]["b"] = "changed"


@pytest.mark.parametrize(
    "kind",
    ["double", ["null", "string", "long"], {"type": "array", "items": "string"}],
)
def test_a_type_it_does_not_know_is_an_error_at_once(kind: Any) -> None:
    """A schema that would be read wrongly is not compiled."""
    item = {"type": "record", "name": "E", "fields": [{"name": "x", "type": kind}]}
    events = {"name": "events", "type": {"type": "array", "items": item}}
    with pytest.raises(SchemaError):
        compile_reader({"name": "B", "fields": [events]})
    with pytest.raises(SchemaError):
        compile_reader({"name": "B", "fields": [{"name": "x", "type": kind}]})
    with pytest.raises(SchemaError):
        compile_reader({"name": "B", "fields": [{"name": "x", "type": kind}, events]})
