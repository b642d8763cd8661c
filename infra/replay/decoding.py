"""Messages to Arrow columns by pyruhvro, with a proof that it read all of each and nothing else.

pyruhvro stops at the end of a datum and does not tell where that is. Every value takes a number of
bytes at least, so if the values of all messages take as many bytes as the messages have, each
datum ends where its message does, and each number is written in its shortest form.
"""

from collections.abc import Sequence
from functools import cache
from importlib import resources

import pyarrow as pa
import pyarrow.compute as pc
import pyruhvro

from schemas.codec import HEADER_BYTES, MARKER
from schemas.compiled import text
from schemas.registry import CHARGE_RECORDED, latest

# A length of L is written in one byte below the first, in two below the second, ...
_LONGER_FROM = (1 << 6, 1 << 13, 1 << 20, 1 << 27)
_LARGEST_ORDINAL = 1 << 53
_ORDINAL_LONGER_FROM = tuple(1 << bits for bits in range(6, 53, 7))
TIME_BYTES = 8
EARLIEST, LATEST = 315_532_800_000_000, 7_258_118_400_000_000
"""Microseconds of 1980 and 2200: times between take eight bytes and are usual in every reader."""


def decode(messages: Sequence[bytes], *, prove: bool = True) -> pa.RecordBatch | None:
    """Return one row per message, or None where not every one is beyond doubt.

    Args:
        messages: single-object messages of the newest schema of charges.
        prove: only a benchmark that asks what the proof costs does without.
    """
    try:
        batch = pyruhvro.deserialize_array([m[HEADER_BYTES:] for m in messages], _schema())
    except Exception:
        return None
    except BaseException as error:  # a panic of Rust is no Exception
        if type(error).__name__ != "PanicException":
            raise
        return None
    if not prove:
        return batch
    return batch if _is_whole(batch, sum(map(len, messages))) and _is_text(batch) else None


def events_of(batch: pa.RecordBatch) -> pa.StructArray:
    """Return the events of all messages, one row each."""
    return batch.column("events").values


def _is_whole(batch: pa.RecordBatch, size: int) -> bool:
    events = events_of(batch)
    ordinals = events.field("ordinal")
    if not len(events) or not _within(ordinals, 0, _LARGEST_ORDINAL):
        return False
    found = batch.num_rows * (HEADER_BYTES + 1)  # and the byte of the mode
    for name in ("delivery_id", "source", "mapper_version", "billing_period", "charge_date"):
        found += _texts_size(batch.column(name))
    found += _blocks_size(batch.column("events"))
    found += len(events) + sum(_count_from(ordinals, limit) for limit in _ORDINAL_LONGER_FROM)
    for field in list(events.type)[1:]:
        column = events.field(field.name)
        if pa.types.is_timestamp(field.type):
            if not _within(column.view(pa.int64()), EARLIEST, LATEST):
                return False
            found += TIME_BYTES * len(events)
            continue
        if field.name in _optional():
            found += len(events)
        if column.null_count < len(column):
            found += _size(column)
    return bool(found == size)


def _size(column: pa.Array) -> int:
    if pa.types.is_map(column.type):
        return _blocks_size(column) + _texts_size(column.keys) + _texts_size(column.items)
    return _texts_size(column)


def _texts_size(column: pa.Array) -> int:
    """Return how many bytes Avro takes for the texts that are not null."""
    lengths, total = _lengths(column)
    there: int = len(column) - column.null_count
    return total + there + _longer(lengths, total)


def _blocks_size(column: pa.Array) -> int:
    """Return how many bytes Avro takes for the counts: one block and its end, or only the end."""
    lengths, total = _lengths(column)
    there: int = len(column) - column.null_count
    return there + _count_from(lengths, 1) + _longer(lengths, total)


def _lengths(column: pa.Array) -> tuple[pa.Array, int]:
    offsets = pa.Array.from_buffers(
        pa.int32(), len(column) + 1, [None, column.buffers()[1]], offset=column.offset
    )
    total = offsets[-1].as_py() - offsets[0].as_py()
    return pc.subtract(offsets[1:], offsets[:-1]), total


def _longer(lengths: pa.Array, total: int) -> int:
    if total < _LONGER_FROM[0]:
        return 0
    longest = pc.max(lengths).as_py()
    return sum(_count_from(lengths, limit) for limit in _LONGER_FROM if longest >= limit)


def _count_from(numbers: pa.Array, limit: int) -> int:
    count: int = pc.sum(pc.greater_equal(numbers, limit)).as_py() or 0
    return count


def _within(numbers: pa.Array, low: int, high: int) -> bool:
    ends = pc.min_max(numbers).as_py()
    return bool(low <= ends["min"] and ends["max"] < high)


def _is_text(batch: pa.RecordBatch) -> bool:
    """Tell whether all texts are UTF-8, which pyruhvro does not look at."""
    events = events_of(batch)
    columns = [batch.column(f.name) for f in batch.schema if pa.types.is_string(f.type)]
    for field in events.type:
        column = events.field(field.name)
        if column.null_count == len(column):
            continue
        if pa.types.is_string(field.type):
            columns.append(column)
        elif pa.types.is_map(field.type):
            columns += [column.keys, column.items]
    return all(map(_is_utf8, columns))


def _is_utf8(column: pa.Array) -> bool:
    data = column.buffers()[2]
    if data is None or data.to_pybytes().isascii():
        return True
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


@cache
def _schema() -> str:
    version = latest(CHARGE_RECORDED).version
    path = resources.files("schemas").joinpath("avro", CHARGE_RECORDED, f"{version}.avsc")
    return path.read_text("utf-8")


@cache
def _optional() -> frozenset[str]:
    fields = {f["name"]: f for f in latest(CHARGE_RECORDED).parsed["fields"]}
    event = fields["events"]["type"]["items"]
    return frozenset(f["name"] for f in event["fields"] if isinstance(f["type"], list))


def is_newest(message: bytes) -> bool:
    """Tell whether a message is of the newest schema of charges."""
    return message.startswith(MARKER + latest(CHARGE_RECORDED).fingerprint)


def partition_of(message: bytes) -> tuple[str, str]:
    """Return where a message's envelope places it: charge date and billing period.

    Only good to sort by: a damaged envelope gives any answer.
    """
    try:
        _, at = text(message, HEADER_BYTES)
        _, at = text(message, at + 1)
        _, at = text(message, at)
        billing_period, at = text(message, at)
        charge_date, _ = text(message, at)
    except (IndexError, ValueError):
        return "", ""
    return charge_date, billing_period
