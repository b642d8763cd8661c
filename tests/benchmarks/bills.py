"""Records of longer bills made from the samples: the same resources, hour after hour."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from producers.packing import Packer
from producers.sources import ChargeRow
from schemas.amounts import amount
from schemas.codec import ChargeEncoder
from schemas.events import ChargeEnvelope
from schemas.tables import AMOUNTS
from tests.sources import file_source, rows_of

DELIVERY = "0123456789abcdef01234567"
_HOUR = 3_600_000_000
_HOURS = 28 * 24
"""A bill goes through the first four weeks of its month, and then begins again."""


def records(file: Path, events: int, unlike: bool = False) -> Iterator[bytes]:
    """Yield a bill's packed records.

    Args:
        file: the sample whose rows repeat, each hour with other amounts.
        events: how many events.
        unlike: give every tag of every event a value of its own.
    """
    rows = [r for r in rows_of(file_source(file)) if isinstance(r, ChargeRow)]
    encoder = ChargeEncoder()
    packer = Packer(encoder)
    by_day: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for ordinal in range(events):
        hour, at = divmod(ordinal, len(rows))
        charge = {**_at_hour(rows[at].charge, hour % _HOURS, hour), "ordinal": ordinal}
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


def _at_hour(charge: dict[str, Any], hour: int, round_: int) -> dict[str, Any]:
    new = dict(charge)
    if charge["charge_period_end"] - charge["charge_period_start"] == _HOUR:
        new["charge_period_start"] = charge["billing_period_start"] + hour * _HOUR
        new["charge_period_end"] = new["charge_period_start"] + _HOUR
    for name in AMOUNTS:
        if charge[name] is not None and not name.endswith("unit_price"):
            # Ten amounts in turn: a resource costs the same in many hours, not in all.
            new[name] = amount(str(Decimal(charge[name]) * (1000 + round_ % 10) / 1000)).text
    return new
