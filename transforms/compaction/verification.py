"""Is what was written what was there? Counts, every exact sum, and a fingerprint of all values.

Old and new files are each read on their own and counted by delivery; a partition is one day, so
this is by delivery and day. Rows equal in every column are copies and count once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from transforms.tallies import Sums, billed, difference


@dataclass(frozen=True, slots=True)
class DeliveryFigures:
    """The rows of one delivery in some files."""

    rows: int
    """Different rows."""
    events: int
    """Different (ordinal, baseline, policy): fewer than rows where rows contradict each other."""
    sums: Sums = field(default_factory=dict)
    fingerprint: int = 0
    """The sum of a hash of every value of each row: the order of rows does not matter."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What some files hold."""

    stored: int
    """Rows, copies counted."""
    deliveries: dict[str, DeliveryFigures] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Different rows."""
        return sum(delivery.rows for delivery in self.deliveries.values())

    @property
    def copies(self) -> int:
        """Rows that are there already."""
        return self.stored - self.rows

    def contradictions(self) -> list[str]:
        """Return the deliveries of which two rows claim to be the same and are not."""
        return sorted(name for name, d in self.deliveries.items() if d.rows != d.events)


def differences(old: Figures, new: Figures) -> list[str]:
    """Say in what two sets of files differ, copies aside; nothing where they are equivalent."""
    return list(_differences(old, new))


def _differences(old: Figures, new: Figures) -> Iterator[str]:
    nothing = DeliveryFigures(0, 0)
    for name in sorted(old.deliveries.keys() | new.deliveries.keys()):
        before = old.deliveries.get(name, nothing)
        after = new.deliveries.get(name, nothing)
        if before == after:
            continue
        if (before.rows, before.events) != (after.rows, after.events):
            yield f"delivery {name}: {before.rows:,} rows became {after.rows:,}"
        elif sums := difference(before.sums, after.sums):
            yield f"delivery {name}: {_columns(sums)} differ{_money(sums)}"
        else:
            yield f"delivery {name}: a value that is no amount differs"


def _columns(sums: Iterable[tuple[str, str]]) -> str:
    return ", ".join(sorted({column for _, column in sums}))


def _money(sums: Sums) -> str:
    amounts = ", ".join(f"{amount} {currency}" for currency, amount in billed(sums).items())
    return f" by {amounts} billed" if amounts else ""
