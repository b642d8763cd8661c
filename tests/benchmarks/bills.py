"""Records of longer bills made from the samples: the same resources, hour after hour."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

from producers.packing import Packer
from producers.sources import ChargeRow
from rules import Baseline, SeriesKey, SeriesStats
from schemas.amounts import amount
from schemas.codec import Batch, ChargeEncoder, decode
from schemas.events import ChargeEnvelope
from schemas.tables import AMOUNTS
from tests.sources import file_source, rows_of

DELIVERY = "0123456789abcdef01234567"
_HOUR = 3_600_000_000
_HOURS = 28 * 24
"""A bill goes through the first four weeks of its month, and then begins again."""


def records(file: Path, events: int, amounts: int = 10, unlike: bool = False) -> Iterator[bytes]:
    """Yield a bill's packed records.

    Args:
        file: the sample whose rows repeat, hour after hour.
        events: how many events.
        amounts: how many amounts a row has in turn.
        unlike: give every tag of every event a value of its own.
    """
    rows = [r for r in rows_of(file_source(file)) if isinstance(r, ChargeRow)]
    encoder = ChargeEncoder()
    packer = Packer(encoder)
    by_day: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for ordinal in range(events):
        hour, at = divmod(ordinal, len(rows))
        charge = {**_at_hour(rows[at].charge, hour, hour % amounts), "ordinal": ordinal}
        if unlike and charge["tags"] is not None:
            charge["tags"] = {key: f"{value}{ordinal}" for key, value in charge["tags"].items()}
        day = datetime.fromtimestamp(charge["charge_period_start"] // 1_000_000, UTC).date()
        by_day.setdefault((rows[at].scope.billing_period, day.isoformat()), []).append(charge)
    for (billing_period, charge_date), charges in by_day.items():
        envelope = ChargeEnvelope(
            delivery_id=DELIVERY,
            delivery_mode="overwrite",
            source="focus",
            mapper_version="1",
            billing_period=billing_period,
            charge_date=charge_date,
        )
        for charge in charges:
            for record in packer.add(envelope, charge, encoder.event(charge)):
                yield record.data
    for record in packer.flush():
        yield record.data


def history(bodies: Sequence[bytes], share: Decimal = Decimal(1)) -> Baseline:
    """Return a baseline from before the records: each series at a share of its median cost."""
    costs: dict[SeriesKey, list[Decimal]] = {}
    last: dict[SeriesKey, dict[str, Any]] = {}
    dates = set()
    for body in bodies:
        batch = decode(body)
        assert isinstance(batch, Batch)
        dates.add(batch.envelope["charge_date"])
        for event in batch.events:
            seconds = (event["charge_period_end"] - event["charge_period_start"]) // 1_000_000
            key = SeriesKey(
                event["billing_account_id"], event["sub_account_id"], event["service_name"],
                event["region_id"], event["resource_id"] or event["sku_id"], seconds,
            )  # fmt: skip
            cost = Decimal(event["effective_cost"] or event["billed_cost"])
            costs.setdefault(key, []).append(cost)
            last[key] = event
    entries = {}
    for key, event in last.items():
        level = round(median(costs[key]) * share, 12)
        entries[key] = SeriesStats(
            60, "2018-01-01", event["billing_currency"], level, Decimal(0),
            (level, *[None] * 6), Decimal(3), event["sku_id"],
        )  # fmt: skip
    first = date.fromisoformat(min(dates))
    through, start = first - timedelta(days=2), first - timedelta(days=1)
    return Baseline(through.isoformat(), start.isoformat(), entries)


def _at_hour(charge: dict[str, Any], hour: int, amount_number: int) -> dict[str, Any]:
    new = dict(charge)
    if charge["charge_period_end"] - charge["charge_period_start"] == _HOUR:
        new["charge_period_start"] = charge["billing_period_start"] + hour % _HOURS * _HOUR
        new["charge_period_end"] = new["charge_period_start"] + _HOUR
    for name in AMOUNTS:
        if charge[name] is not None and not name.endswith("unit_price"):
            new[name] = amount(str(Decimal(charge[name]) * (1000 + amount_number) / 1000)).text
    return new
