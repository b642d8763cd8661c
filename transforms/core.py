"""One Firehose record to its rows: total, pure, and the same for Lambda, replay and tests.

Bad data is an answer (`Failed`, with a reason); only a broken set-up raises.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from schemas.amounts import amount
from schemas.codec import Batch, Reason, Unreadable, decode
from schemas.errors import AmountError
from schemas.events import ChargeRecorded
from schemas.lake import charges_partition, deliveries_partition
from schemas.rows import hive_timestamp, json_line, json_lines, row_start, write_times
from schemas.tables import AMOUNTS
from transforms.context import Context
from transforms.judge import Judge

CHARGES = "charges"
DELIVERIES = "deliveries"
# What `schemas.amounts` writes: no zeros at either end, at most 26 and 12 digits.
_CANONICAL = re.compile(r"0|-?(?:[1-9]\d{0,25}(?:\.\d{0,11}[1-9])?|0\.\d{0,11}[1-9])", re.ASCII)
_LONGEST_CANONICAL = 40


Found = tuple[int, Decimal]
"""How many findings, and the money they are about."""


@dataclass(frozen=True, slots=True)
class Ok:
    """The record's rows, one JSON object a line, and where Firehose shall put them."""

    data: bytes
    partition_keys: dict[str, str]
    rows: int
    found: Mapping[tuple[str, str], Found] = field(default_factory=dict)
    """The rows' findings by rule and currency, for metrics."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The record cannot be answered; Firehose keeps the original under `errors/`."""

    reason: Reason
    detail: str


def transform(record: bytes, context: Context) -> Ok | Failed:
    """Turn one record into rows, judged under the context's evaluation."""
    batch = decode(record, row_start)
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
    """Finish the rows that the batch was decoded to: check, judge, and write times as text."""
    period, date = batch.envelope["billing_period"], batch.envelope["charge_date"]
    partition = charges_partition(context.evaluation, period, date)
    judge = Judge(context, date)
    at_home: set[tuple[int, int]] = set()
    tally: dict[tuple[str, str, str], int] = {}
    rows = batch.events
    for row in judge.in_order(rows):
        starts = row["billing_period_start"], row["charge_period_start"]
        if starts not in at_home:
            _check_partition(row, period, date)
            at_home.add(starts)
        _check_amounts(row)
        columns = judge.columns(row)
        for finding in columns["findings"]:
            key = finding["rule"], row["billing_currency"], finding["amount"]
            tally[key] = tally.get(key, 0) + 1
        write_times(row)
        row.update(columns)
    keys = {"table": CHARGES, "partition": partition}
    return Ok(json_lines(rows), keys, len(rows), _found(tally))


def _found(tally: Mapping[tuple[str, str, str], int]) -> dict[tuple[str, str], Found]:
    """Add findings up by rule and currency; many are about the same amount."""
    found: dict[tuple[str, str], Found] = {}
    for (rule, currency, amount_), count in tally.items():
        before, money = found.get((rule, currency), (0, Decimal()))
        found[rule, currency] = before + count, money + count * Decimal(amount_)
    return found


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
        text = event.get(name)
        if text is not None and (len(text) > _LONGEST_CANONICAL or not _is_canonical(text)):
            read = amount(text)
            if read.residue:
                raise AmountError(f"{name} {text[:60]!r} has more than twelve decimals")
            event[name] = read.text


@lru_cache(maxsize=65_536)
def _is_canonical(text: str) -> bool:
    """Tell whether `amount(text)` would return the text itself, without a residue."""
    return _CANONICAL.fullmatch(text) is not None
