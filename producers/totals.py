"""What a delivery promises: per day the count, the exact sums and residues, and a content hash.

Pure accumulation; memory grows with days and currencies, not with rows.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from producers.sources import ChargeRow, RejectedRow
from schemas.amounts import EXACT, plain_text, scaled_text, unscaled_sum
from schemas.events import Day, Rejected, Sum
from schemas.tables import PRICED_IN_PRICING_CURRENCY

_HASH_SPACE = 1 << 256


@dataclass(slots=True)
class _DayTotals:
    events: int = 0
    content: int = 0
    stored: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    residues: dict[tuple[str, str], Decimal] = field(default_factory=lambda: defaultdict(Decimal))


@dataclass(slots=True)
class _RejectedTotals:
    rows: int = 0
    billed_cost: Decimal | None = None


class DeliveryTotals:
    """Accumulates one delivery."""

    def __init__(self) -> None:
        self._days: dict[tuple[str, str], _DayTotals] = {}
        self._rejected: dict[tuple[str, str | None], _RejectedTotals] = {}
        self.events = 0

    @classmethod
    def of(cls, days: Iterable[Day], rejected: Iterable[Rejected]) -> "DeliveryTotals":
        """Return totals that go on from what was promised before."""
        totals = cls()
        totals.absorb(days, rejected)
        return totals

    def absorb(self, days: Iterable[Day], rejected: Iterable[Rejected]) -> None:
        """Count what other totals counted, as `days` and `rejected` return it."""
        for day in days:
            found = self._days.setdefault((day["billing_period"], day["charge_date"]), _DayTotals())
            found.events += day["events"]
            found.content = (found.content + int(day["content_hash"], 16)) % _HASH_SPACE
            for entry in day["sums"]:
                key = (entry["currency"], entry["column_name"])
                found.stored[key] += unscaled_sum(entry["stored"])
                if entry["residue"] != "0":
                    residue = Decimal(entry["residue"])
                    found.residues[key] = EXACT.add(found.residues[key], residue)
            self.events += day["events"]
        for group in rejected:
            self._count_rejected(group["reason"], group["currency"], group["rows"],
                                 _decimal(group["billed_cost"]))  # fmt: skip

    def state(self) -> dict[str, Any]:
        """Return everything as plain JSON values, for `of`."""
        return {"days": self.days(), "rejected": self.rejected()}

    @property
    def rejected_rows(self) -> int:
        """How many rows could not become events."""
        return sum(totals.rows for totals in self._rejected.values())

    def add(self, row: ChargeRow, content: bytes) -> None:
        """Count one event; `content` is its encoding without what is not stable (the ordinal)."""
        day = self._days.setdefault((row.scope.billing_period, row.charge_date), _DayTotals())
        day.events += 1
        self.events += 1
        # A sum of hashes: the same for the same rows in any order, duplicates counted.
        digest = int.from_bytes(hashlib.sha256(content).digest(), "big")
        day.content = (day.content + digest) % _HASH_SPACE
        billing = row.charge["billing_currency"]
        pricing = row.charge["pricing_currency"] or billing
        for name, amount in row.amounts:
            key = (pricing if name in PRICED_IN_PRICING_CURRENCY else billing, name)
            day.stored[key] += amount.scaled
            if amount.residue:
                day.residues[key] = EXACT.add(day.residues[key], amount.residue)

    def reject(self, row: RejectedRow) -> None:
        """Count one row that could not become an event."""
        currency = row.currency if row.billed_cost is not None else None
        self._count_rejected(row.reason, currency, 1, row.billed_cost)

    def _count_rejected(
        self, reason: str, currency: str | None, rows: int, billed_cost: Decimal | None
    ) -> None:
        totals = self._rejected.setdefault((reason, currency), _RejectedTotals())
        totals.rows += rows
        if billed_cost is not None:
            totals.billed_cost = EXACT.add(totals.billed_cost or Decimal(0), billed_cost)

    def days(self) -> list[Day]:
        """Return the promise per day, in order."""
        return [
            Day(
                billing_period=period,
                charge_date=date,
                events=day.events,
                content_hash=f"{day.content:064x}",
                held_by=None,
                sums=_sums(day),
            )
            for (period, date), day in sorted(self._days.items())
        ]

    def rejected(self) -> list[Rejected]:
        """Return the rejected rows by reason and currency, in order."""
        return [
            Rejected(
                reason=reason,
                rows=totals.rows,
                currency=currency,
                billed_cost=(
                    None if totals.billed_cost is None else plain_text(totals.billed_cost)
                ),
            )
            for (reason, currency), totals in sorted(
                self._rejected.items(), key=lambda item: (item[0][0], item[0][1] or "")
            )
        ]


def _sums(day: _DayTotals) -> list[Sum]:
    return [
        Sum(
            currency=currency,
            column_name=name,
            stored=scaled_text(stored),
            residue=plain_text(day.residues.get((currency, name), Decimal(0))),
        )
        for (currency, name), stored in sorted(day.stored.items())
    ]


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
