"""Counting events exactly, each once: what an audit compares between two places of the lake."""

from dataclasses import dataclass, field
from typing import Any

from schemas.amounts import scaled, scaled_text
from schemas.errors import AmountError
from schemas.tables import AMOUNTS, PRICED_IN_PRICING_CURRENCY

Day = tuple[str, str, str]
"""(delivery id, billing period, charge date)."""
Sums = dict[tuple[str, str], int]
"""(currency, column) to the sum of stored values, as integers of 10^-12."""


@dataclass(slots=True)
class Tally:
    """Events of one day of one delivery: each once, and how many came more than once."""

    ordinals: set[int] = field(default_factory=set)
    copies: int = 0
    sums: Sums = field(default_factory=dict)

    def see(self, ordinal: int) -> bool:
        """Count an event without its money; tell whether it is the first time."""
        if ordinal in self.ordinals:
            self.copies += 1
            return False
        self.ordinals.add(ordinal)
        return True

    def add(self, event: dict[str, Any]) -> None:
        """Count an event, given by its column names; a repeated ordinal counts as a copy."""
        if self.see(event["ordinal"]):
            add_amounts(self.sums, event)

    def join(self, other: "Tally") -> None:
        """Add a tally of other events."""
        self.ordinals |= other.ordinals
        self.copies += other.copies
        add_sums(self.sums, other.sums)


def add_amounts(sums: Sums, event: dict[str, Any]) -> None:
    """Add an event's amounts; what is none adds nothing: no lake has a row of such an event."""
    billing = event["billing_currency"]
    pricing = event.get("pricing_currency") or billing
    for name in AMOUNTS:
        text = event.get(name)
        if text is not None:
            currency = pricing if name in PRICED_IN_PRICING_CURRENCY else billing
            try:
                value = scaled(text)
            except AmountError:
                continue
            sums[(currency, name)] = sums.get((currency, name), 0) + value


def add_sums(sums: Sums, others: Sums) -> None:
    """Add sums to sums."""
    for key, value in others.items():
        sums[key] = sums.get(key, 0) + value


def difference(left: Sums, right: Sums) -> Sums:
    """Return left minus right; sums that agree are left out."""
    keys = left.keys() | right.keys()
    found = {key: left.get(key, 0) - right.get(key, 0) for key in keys}
    return {key: value for key, value in sorted(found.items()) if value}


def billed(sums: Sums) -> dict[str, str]:
    """Return billed cost by currency as exact decimal text."""
    return {
        currency: scaled_text(value)
        for (currency, name), value in sorted(sums.items())
        if name == "billed_cost"
    }
