"""How an export spells amounts and times: every digit, and UTC."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

from producers.sources import ChargeRow
from schemas.amounts import EXACT, Amount, plain_text
from schemas.events import ChargeRecorded

TIMES = ("billing_period_start", "billing_period_end", "charge_period_start", "charge_period_end")
"""The time columns of a charge."""


def exact_amounts(row: ChargeRow) -> dict[str, str]:
    """Return a row's amounts as its source has them: stored plus residue."""
    return {
        name: plain_text(exact(value)) if value.residue else value.text
        for name, value in row.amounts
    }


def exact(value: Amount) -> Decimal:
    """Return an amount with the digits that the lake has no room for."""
    return EXACT.add(Decimal(value.text), value.residue)


def total(a: str, b: str) -> str:
    """Return the exact sum of two amounts."""
    return plain_text(EXACT.add(Decimal(a), Decimal(b)))


def negative(a: str) -> str:
    """Return an amount with the other sign."""
    return plain_text(EXACT.minus(Decimal(a)))


def times(charge: ChargeRecorded) -> dict[str, str]:
    """Return a charge's times as texts, by column."""
    return {name: time_text(charge[name]) for name in TIMES}


@lru_cache(maxsize=4_096)
def time_text(micros: int) -> str:
    """Return a time, in microseconds since 1970 UTC, as `2026-09-01T00:00:00Z`."""
    return datetime.fromtimestamp(micros // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
