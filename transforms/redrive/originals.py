"""Originals from raw/, where Firehose kept only what the transform had made of a record."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from schemas.codec import Batch, Unreadable, decode_message, envelope_of, split_members
from schemas.lake import RAW, ObjectStore
from transforms.auditing.contents import day_of
from transforms.redrive.failed import Failed
from transforms.tallies import Day

_HOUR = timedelta(hours=1)


def find_originals(store: ObjectStore, failed: list[Failed]) -> dict[str, Batch]:
    """Return the record that each of some lines came from, by the lines' ids.

    An object of raw/ is named by the arrival of its oldest record, so the hour of a record and the
    hour before are searched first, and everything else only for what is not found there.
    """
    wanted = {line.id: line for line in failed}
    found: dict[str, Batch] = {}
    near = sorted({prefix for line in failed for prefix in _hours(line)})
    searched: set[str] = set()
    for prefix in (*near, RAW):
        for info in store.list(prefix):
            if not wanted:
                return found
            if info.key in searched:
                continue
            searched.add(info.key)
            for batch in _batches(store.get(info.key), wanted):
                held = {e["ordinal" if batch.is_charges else "revision"] for e in batch.events}
                day = day_of(batch) if batch.is_charges else (batch.delivery_id, "", "")
                for line in [w for w in wanted.values() if w.day == day and w.events <= held]:
                    found[line.id] = batch
                    del wanted[line.id]
    return found


def _batches(body: bytes, wanted: Mapping[str, Failed]) -> Iterator[Batch]:
    """Decode what may be wanted: told from the envelope."""
    for member in split_members(body):
        if isinstance(member, Unreadable):
            continue
        head = envelope_of(member)
        if isinstance(head, Unreadable):
            continue
        envelope = head[1]
        day: Day = (
            envelope["delivery_id"],
            envelope.get("billing_period", ""),
            envelope.get("charge_date", ""),
        )
        if any(line.day == day for line in wanted.values()):
            batch = decode_message(member)
            if isinstance(batch, Batch):
                yield batch


def _hours(line: Failed) -> Iterator[str]:
    try:
        arrived = datetime.fromtimestamp(line.arrival_millis / 1_000, UTC)
        before = arrived - _HOUR
    except (OverflowError, OSError, ValueError):
        return  # A damaged line: everything is searched.
    for moment in (arrived, before):
        yield f"{RAW}{moment:%Y/%m/%d/%H}/"
