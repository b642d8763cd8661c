"""Events for the writer's tests, and what a stream has of them."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from producers.transport import ScriptedTransport
from producers.writer import WriterSettings
from schemas import codec

AT_ONCE = WriterSettings(linger=0.01, deadline=20.0)


def event(number: int, day: int = 3, **columns: Any) -> dict[str, Any]:
    """Return a charge of 0.01 times its number."""
    return {
        "BilledCost": Decimal(number).scaleb(-2),
        "EffectiveCost": "0.1234567890123456",
        "BillingAccountId": "123456789012",
        "BillingCurrency": "USD",
        "BillingPeriodStart": "2026-09-01T00:00:00Z",
        "BillingPeriodEnd": "2026-10-01T00:00:00Z",
        "ChargePeriodStart": f"2026-09-{day:02}T00:00:00Z",
        "ChargePeriodEnd": f"2026-09-{day + 1:02}T00:00:00Z",
        "ChargeCategory": "Usage",
        "ServiceName": "Amazon EC2",
        "Tags": {"Team": "core"},
        **columns,
    }


def batches(records: Iterable[bytes]) -> list[codec.Batch]:
    """Decode records; every one must be whole."""
    found = [batch for record in records for batch in codec.read_members(record)]
    assert all(isinstance(batch, codec.Batch) for batch in found)
    return [batch for batch in found if isinstance(batch, codec.Batch)]


def charges(transport: ScriptedTransport) -> Counter[tuple[str, int, str]]:
    """Return the charges a stream took: delivery, ordinal, billed cost."""
    return Counter(
        (batch.delivery_id, e["ordinal"], e["billed_cost"])
        for batch in batches(transport.accepted)
        if batch.is_charges
        for e in batch.events
    )


def completions(transport: ScriptedTransport) -> list[dict[str, Any]]:
    """Return the completions a stream took."""
    return [
        e for batch in batches(transport.accepted) if not batch.is_charges for e in batch.events
    ]
