"""Events into Firehose records: as few billed bytes as the answer allows. Pure.

Two sizes bound a record (ADR 0001). Its compressed size aims just under a multiple of 5 KiB,
because Firehose rounds each record up. And the transform's answer, the rows as JSON in base64,
may be at most 25 times the compressed size, so that a Lambda buffer full of records fits Lambda's
6 MB; where gzip does better than that, the record is padded.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from producers.limits import ANSWER_PER_WIRE_BYTE, TARGET_WIRE_BYTES, VERDICT_BYTES
from schemas import codec
from schemas.codec import ChargeEncoder
from schemas.events import ChargeEnvelope, ChargeRecorded
from schemas.rows import charge_row, json_line

_MAX_ANSWER = TARGET_WIRE_BYTES * ANSWER_PER_WIRE_BYTE
_FIRST_GUESS = 4.0
_APPROACH = 0.9


@dataclass(frozen=True, slots=True)
class Record:
    """One Firehose record, and what it stands for."""

    data: bytes
    partition: str
    """Which partition of the lake its rows go to; Firehose keeps a buffer for each."""
    events: int
    json_bytes: int
    """The same events as one line of JSON each, summed; for comparison."""
    delivery_id: str = ""
    """Whose events they are; empty for a DeliveryCompleted."""


@dataclass(slots=True)
class _Open:
    envelope: ChargeEnvelope
    events: list[bytes] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    raw: int = 0
    answer: int = 0
    measure_at: float = 0.0


class Packer:
    """Collects the events of many partitions and hands out full records.

    Memory: at most one unfinished record a partition. The same events in the same order give the
    same bytes.
    """

    def __init__(self, encoder: ChargeEncoder) -> None:
        self._encoder = encoder
        self._open: dict[tuple[str, str, str], _Open] = {}
        self._ratio = _FIRST_GUESS

    def add(
        self, envelope: ChargeEnvelope, charge: ChargeRecorded, encoded: bytes
    ) -> Iterator[Record]:
        """Take one event and its encoding; yield the records that became full."""
        key = (envelope["delivery_id"], envelope["billing_period"], envelope["charge_date"])
        batch = self._open.get(key)
        if batch is None:
            batch = self._open[key] = self._started(envelope)
        row = len(json_line(charge_row(envelope["delivery_id"], envelope["delivery_mode"], charge)))
        answer = _base64_size(row + VERDICT_BYTES)
        if batch.events and batch.answer + answer > _MAX_ANSWER:
            yield self._record(batch, len(batch.events))
            batch = self._open[key] = self._started(envelope)
        batch.events.append(encoded)
        batch.rows.append(row)
        batch.raw += len(encoded)
        batch.answer += answer
        if batch.raw >= batch.measure_at:
            yield from self._measured(key, batch)

    def flush(self) -> Iterator[Record]:
        """Yield what is left, partition by partition."""
        while self._open:
            batch = self._open.pop(next(iter(self._open)))
            if batch.events:
                yield self._record(batch, len(batch.events))

    def _started(self, envelope: ChargeEnvelope) -> _Open:
        return _Open(envelope, measure_at=TARGET_WIRE_BYTES * self._ratio * _APPROACH)

    def _measured(self, key: tuple[str, str, str], batch: _Open) -> Iterator[Record]:
        """Compress what is there; close the record when one more event would not fit."""
        size = self._wire_size(batch, len(batch.events))
        self._ratio = batch.raw / size
        per_event = size / len(batch.events)
        if size + per_event <= TARGET_WIRE_BYTES:
            room = (TARGET_WIRE_BYTES - size) * self._ratio
            batch.measure_at = batch.raw + max(room * _APPROACH, 1.0)
            return
        fitting = self._fitting(batch, size)
        yield self._record(batch, fitting)
        rest = self._open[key] = self._started(batch.envelope)
        rest.events, rest.rows = batch.events[fitting:], batch.rows[fitting:]
        rest.raw = sum(map(len, rest.events))
        rest.answer = sum(_base64_size(row + VERDICT_BYTES) for row in rest.rows)

    def _fitting(self, batch: _Open, size: int) -> int:
        """Return how many events fit under the target; one that alone does not, goes alone."""
        count = len(batch.events)
        while size > TARGET_WIRE_BYTES and count > 1:
            fewer = int(count * TARGET_WIRE_BYTES / size)
            count = max(1, min(fewer, count - 1))
            size = self._wire_size(batch, count)
        return count

    def _wire_size(self, batch: _Open, count: int) -> int:
        message = self._encoder.message(batch.envelope, batch.events[:count])
        return len(codec.compress(message))

    def _record(self, batch: _Open, count: int) -> Record:
        rows = batch.rows[:count]
        answer = sum(_base64_size(row + VERDICT_BYTES) for row in rows)
        message = self._encoder.message(batch.envelope, batch.events[:count])
        data = codec.compress(message, at_least=-(-answer // ANSWER_PER_WIRE_BYTE))
        partition = f"{batch.envelope['billing_period']}/{batch.envelope['charge_date']}"
        return Record(data, partition, count, sum(rows), batch.envelope["delivery_id"])


def _base64_size(size: int) -> int:
    return -(-size * 4 // 3)
