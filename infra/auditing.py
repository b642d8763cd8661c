"""Audits as commands run them: with the stream's own times, and counting raw/ in columns."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from infra.replay.batches import Batch, batches
from infra.replay.decoding import is_newest, partition_of
from infra.wiring import Platform
from schemas.amounts import unscaled_sum
from schemas.codec import Member
from schemas.tables import AMOUNTS, PRICED_IN_PRICING_CURRENCY
from transforms.audit import AuditReport, audit
from transforms.auditing.contents import Days
from transforms.auditing.flight import Flight, StreamTimes
from transforms.auditing.runs import write_run
from transforms.tallies import Day, Tally

_STORED = pa.decimal128(38, 12)
_SUMMED = pa.decimal256(76, 12)
"""A sum of amounts may be wider than one of them."""
_KEYS = ("delivery_id", "billing_period", "charge_date")


def run_audit(
    platform: Platform, evaluation: str | None = None, *, full: bool = False, flush: bool = True
) -> AuditReport:
    """Audit a platform's lake, building on what earlier audits found, and write down what it says.

    Args:
        platform: whose lake.
        evaluation: whose rows; the active one by default.
        full: build on nothing, and read everything again.
        flush: let the stream deliver what it has buffered; nothing is on its way then.

    Raises:
        StateError: what earlier audits kept is damaged.
    """
    if flush:
        platform.flush()
    store, now = platform.store, platform.clock.now()
    report = audit(
        platform.query,
        store,
        evaluation,
        flight=None if flush else Flight(now, stream_times(platform)),
        now=now,
        keep=store,
        anew=full,
        tally=tally_columns,
    )
    write_run(store, report, now)
    return report


def stream_times(platform: Platform) -> StreamTimes:
    """Ask the stream how long it may keep a record."""
    firehose = platform.client("firehose")
    return StreamTimes.of(
        firehose.describe_delivery_stream(DeliveryStreamName=platform.names.stream)
    )


def tally_columns(members: Sequence[Member], days: Days) -> Sequence[Member]:
    """Count records of charges in columns; return what has to be read one by one."""
    usual: list[Member] = []
    unusual: list[Member] = []
    for member in members:
        (usual if is_newest(member.message) else unusual).append(member)
    usual.sort(key=lambda member: partition_of(member.message))
    if all(_count(batch, days) for batch in batches(usual, unusual)):
        return unusual
    # An event came twice: one by one, its money counts once.
    days.clear()
    return members


def _count(batch: Batch, days: Days) -> bool:
    """Count the events of a batch, unless one of them is there twice."""
    table = _table(batch)
    found: dict[Day, Tally] = {}
    grouped = table.group_by([*_KEYS, "billing", "pricing"], use_threads=False)
    wanted = [("ordinal", "list"), *((name, "sum") for name in AMOUNTS)]
    for row in grouped.aggregate(wanted).to_pylist():
        day = (row["delivery_id"], row["billing_period"], row["charge_date"])
        tally = found.setdefault(day, Tally())
        before = len(tally.ordinals)
        tally.ordinals.update(row["ordinal_list"])
        if len(tally.ordinals) != before + len(row["ordinal_list"]):
            return False
        for name in AMOUNTS:
            total = row[f"{name}_sum"]
            if total is not None:
                currency = row["pricing" if name in PRICED_IN_PRICING_CURRENCY else "billing"]
                key = (currency, name)
                tally.sums[key] = tally.sums.get(key, 0) + unscaled_sum(str(total))
    if any(days[day].ordinals & tally.ordinals for day, tally in found.items() if day in days):
        return False
    for day, tally in found.items():
        days[day].join(tally)
    return True


def _table(batch: Batch) -> pa.Table:
    events = batch.events
    billing = events.field("billing_currency")
    pricing = events.field("pricing_currency")
    pricing = pc.if_else(pc.equal(pricing, ""), None, pricing)
    columns = {
        **{name: batch.of_events(name) for name in _KEYS},
        "billing": billing,
        "pricing": pc.coalesce(pricing, billing),
        "ordinal": events.field("ordinal"),
        **{name: _amounts(batch, name) for name in AMOUNTS},
    }
    return pa.Table.from_pydict(columns)


def _amounts(batch: Batch, name: str) -> pa.Array:
    texts = batch.amounts(name)
    return texts.dictionary.cast(_STORED).cast(_SUMMED).take(texts.indices)
