"""One Firehose record to its rows: total, pure, and the same for Lambda, replay and tests.

Bad data is an answer (`Failed`, with a reason); only a broken set-up raises.
"""

from dataclasses import dataclass
from typing import Any

from schemas.amounts import amount
from schemas.codec import Batch, Reason, Unreadable, decode
from schemas.errors import AmountError
from schemas.events import ChargeRecorded
from schemas.lake import charges_partition, deliveries_partition
from schemas.rows import charge_row, hive_timestamp, json_line
from schemas.tables import AMOUNTS
from transforms.context import Context
from transforms.judge import Judge

CHARGES = "charges"
DELIVERIES = "deliveries"


@dataclass(frozen=True, slots=True)
class Ok:
    """The record's rows, one JSON object a line, and where Firehose shall put them."""

    data: bytes
    partition_keys: dict[str, str]
    rows: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The record cannot be answered; Firehose keeps the original under `errors/`."""

    reason: Reason
    detail: str


def transform(record: bytes, context: Context) -> Ok | Failed:
    """Turn one record into rows, judged under the context's evaluation."""
    batch = decode(record)
    if isinstance(batch, Unreadable):
        return Failed(batch.reason, batch.detail)
    if not batch.events:
        # Ok without data is a conversion failure in Firehose, and nothing is ever dropped.
        return Failed(Reason.BAD_DATUM, "the batch holds no event")
    try:
        return _charges(batch, context) if batch.is_charges else _completed(batch)
    except AmountError as error:
        return Failed(Reason.BAD_AMOUNT, str(error))
    except ValueError as error:
        return Failed(Reason.BAD_PARTITION, str(error))
    except OverflowError as error:
        return Failed(Reason.BAD_DATUM, str(error))


def _charges(batch: Batch, context: Context) -> Ok:
    envelope = batch.envelope
    period, date = envelope["billing_period"], envelope["charge_date"]
    partition = charges_partition(context.evaluation, period, date)
    delivery_id, mode = envelope["delivery_id"], envelope["delivery_mode"]
    judge = Judge(context, date)
    lines = []
    for event in batch.events:
        _check_partition(event, period, date)
        _check_amounts(event)
        row = charge_row(delivery_id, mode, event)
        row.update(judge.columns(event))
        lines.append(json_line(row))
    return Ok(b"".join(lines), {"table": CHARGES, "partition": partition}, len(lines))


def _completed(batch: Batch) -> Ok:
    lines = []
    month = ""
    for event in batch.events:
        asserted_at = hive_timestamp(event["asserted_at"])
        month = asserted_at[:7]
        row: dict[str, Any] = {**batch.envelope, **event, "asserted_at": asserted_at}
        lines.append(json_line(row))
    keys = {"table": DELIVERIES, "partition": deliveries_partition(month)}
    return Ok(b"".join(lines), keys, len(lines))


def _check_partition(event: ChargeRecorded, period: str, date: str) -> None:
    """A row in another day's partition would be counted there and nowhere else: refuse it."""
    found_date = hive_timestamp(event["charge_period_start"])[:10]
    found_period = hive_timestamp(event["billing_period_start"])[:7]
    if (found_period, found_date) != (period, date):
        raise ValueError(
            f"event {event['ordinal']} belongs to {found_period}, {found_date}; "
            f"its record says {period}, {date}"
        )


def _check_amounts(event: ChargeRecorded) -> None:
    """The converter makes null, without an error, of what is no number: refuse before."""
    for name in AMOUNTS:
        text = event[name]
        if text is not None:
            read = amount(text)
            if read.residue:
                raise AmountError(f"{name} {text[:60]!r} has more than twelve decimals")
            event[name] = read.text
