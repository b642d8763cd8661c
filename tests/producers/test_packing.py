"""Packing: every event in one record, every limit kept, and few billed bytes."""

from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.limits import (
    ANSWER_PER_WIRE_BYTE,
    BILLING_STEP_BYTES,
    MAX_RECORD_BYTES,
    TARGET_WIRE_BYTES,
    billed_bytes,
)
from producers.packing import Packer, Record
from producers.sources import ChargeRow
from schemas.codec import Batch, ChargeEncoder, decode
from schemas.events import ChargeEnvelope
from tests import samples
from tests.sources import file_source, rows_of
from tests.strategies import charges
from transforms.context import default_context
from transforms.core import Ok, transform
from transforms.firehose_io import MAX_REPLY_BYTES

LAMBDA_BUFFER_BYTES = 200 * 1024
"""0.2 MB, the stream's Lambda buffer."""


def envelope(delivery: str, date: str, period: str = "2024-09") -> ChargeEnvelope:
    return ChargeEnvelope(
        delivery_id=delivery,
        delivery_mode="overwrite",
        source="focus",
        mapper_version="1",
        billing_period=period,
        charge_date=date,
    )


def packed(events: Iterable[tuple[ChargeEnvelope, dict[str, Any]]]) -> list[Record]:
    encoder = ChargeEncoder()
    packer = Packer(encoder)
    records = [r for e, charge in events for r in packer.add(e, charge, encoder.event(charge))]
    return records + list(packer.flush())


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b"]), st.sampled_from(["2024-09-01", "2024-09-02"]), charges()
        ),
        max_size=25,
    )
)
@settings(max_examples=50, deadline=None)
def test_every_event_is_in_exactly_one_record_of_its_partition(events: Any) -> None:
    """Nothing lost, nothing doubled, order kept, one delivery and partition a record."""
    records = packed((envelope(delivery, date), charge) for delivery, date, charge in events)
    read: dict[tuple[str, str], list[Any]] = {}
    for record in records:
        batch = decode(record.data)
        assert isinstance(batch, Batch)
        key = (batch.delivery_id, batch.envelope["charge_date"])
        assert len(batch.events) == record.events > 0
        assert record.partition == f"2024-09/{key[1]}"
        read.setdefault(key, []).extend(batch.events)
    expected: dict[tuple[str, str], list[Any]] = {}
    for delivery, date, charge in events:
        expected.setdefault((delivery, date), []).append(charge)
    assert read == expected


@given(st.integers(0, 2**32), st.integers(1, 3_000), st.integers(1, 400))
@settings(max_examples=12, deadline=None)
def test_records_keep_their_limits_whatever_compresses(seed: int, width: int, count: int) -> None:
    """Below the target and the answer's bound, for text that gzip loves and text it cannot."""
    row = next(r for r in rows_of(file_source(samples.REAL)) if isinstance(r, ChargeRow))
    noise = Random(seed)
    filler = "".join(noise.choices("abcdefghij0123456789", k=width))
    events = (
        {**row.charge, "ordinal": i, "charge_description": filler[i % width :] + filler}
        for i in range(count)
    )
    for record in packed((envelope("d", row.charge_date, "2024-09"), e) for e in events):
        assert len(record.data) <= TARGET_WIRE_BYTES or record.events == 1
        assert record.json_bytes * 4 / 3 <= ANSWER_PER_WIRE_BYTE * len(record.data)


def repeated(file: Path, rows: int) -> Iterable[tuple[ChargeEnvelope, dict[str, Any]]]:
    once = [r for r in rows_of(file_source(file)) if isinstance(r, ChargeRow)]
    for ordinal in range(rows):
        row = once[ordinal % len(once)]
        delivery = "0123456789abcdef" + row.scope.billing_account_id[-8:]
        e = envelope(delivery, row.charge_date, row.scope.billing_period)
        yield e, {**row.charge, "ordinal": ordinal}


@pytest.mark.parametrize("file", [samples.REAL, samples.GENERATED], ids=lambda f: f.stem)
def test_a_full_lambda_buffer_is_answered_below_6_mb(file: Path) -> None:
    """100,000 rows: any record on top of a full 0.2 MB buffer of the worst still fits the reply."""
    records = packed(repeated(file, 100_000))
    assert sum(r.events for r in records) == 100_000
    assert max(len(r.data) for r in records) <= min(TARGET_WIRE_BYTES, MAX_RECORD_BYTES)
    context = default_context()
    ratios, largest = [], 0
    for record in records:
        result = transform(record.data, context)
        assert isinstance(result, Ok)
        answer = len(result.data) * 4 // 3
        largest = max(largest, answer)
        ratios.append(answer / len(record.data))
    assert max(ratios) <= ANSWER_PER_WIRE_BYTE
    assert largest + max(ratios) * LAMBDA_BUFFER_BYTES < MAX_REPLY_BYTES
    billed = sum(billed_bytes(len(r.data)) for r in records) / 100_000
    assert BILLING_STEP_BYTES / billed > 30


def test_same_events_same_bytes() -> None:
    """Sent again, a delivery is byte for byte what it was."""
    assert packed(repeated(samples.REAL, 2_000)) == packed(repeated(samples.REAL, 2_000))
