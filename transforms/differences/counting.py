"""Count changes by group and currency, exactly, and keep the few rows worth looking at."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from rules import Charge
from schemas.amounts import EXACT
from schemas.blanks import BLANKS
from transforms.differences.changes import (
    COLUMNS,
    KINDS,
    REWORDED,
    Change,
    ClassChange,
    FindingChange,
    changes,
)
from transforms.differences.model import ClassCount, FindingCount
from transforms.differences.rows import Compared

_ZERO = Decimal(0)
Key = tuple[str | None, ...]
GroupName = tuple[str, str, str]
"""(kind or class column, rule or `before → after`, currency)."""


class Kept(NamedTuple):
    """A row that was kept to be looked at, and the change it was kept for."""

    compared: Compared
    change: Change


class Sums:
    """A number of things, and their money on both sides."""

    __slots__ = ("after", "before", "number")

    def __init__(self) -> None:
        self.number = 0
        self.before = self.after = _ZERO

    def add(self, before: Decimal, after: Decimal) -> None:
        """Count one more."""
        self.number += 1
        self.before = EXACT.add(self.before, before)
        self.after = EXACT.add(self.after, after)


class Group:
    """The rows about most money among those of one group, and how many it has."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: list[tuple[Decimal, str, Kept]] = []
        self.rows = 0

    def add(self, money: Decimal, kept: Kept) -> None:
        """Count a row, and keep it while no others are about more; equal ones by event id."""
        self.rows += 1
        self._kept.append((-abs(money), kept.compared.event_id, kept))
        if len(self._kept) >= 2 * self._limit:
            self._shrink()

    def kept(self) -> list[Kept]:
        """Return the rows kept, those about most money first."""
        self._shrink()
        return [kept for _, _, kept in self._kept]

    def _shrink(self) -> None:
        self._kept.sort(key=lambda entry: entry[:2])
        del self._kept[self._limit :]


class Counter:
    """Takes compared events one by one; memory grows with the groups, never with the rows.

    Args:
        by: the dimensions of the breakdown.
        owner_tags: the tag keys whose first present one names the owner.
        keep: how many rows to keep of each group.
    """

    def __init__(self, by: tuple[str, ...], owner_tags: tuple[str, ...], keep: int) -> None:
        self._by = by
        self._readers: Mapping[str, Callable[[Charge], str | None]] = {
            "service": lambda charge: charge.service_name,
            "account": account_of,
            "owner": lambda charge: owner_of(charge, owner_tags),
        }
        self._keep = keep
        self._totals: dict[tuple[str, str], Sums] = defaultdict(Sums)
        self._findings: dict[tuple[str, Key, str], Sums] = defaultdict(Sums)
        self._classes: dict[tuple[ClassChange, Key, str], Sums] = defaultdict(Sums)
        self._groups: dict[GroupName, Group] = {}
        self.differing = 0

    def add(self, compared: Compared) -> None:
        """Count what differs of one event."""
        found = changes(compared.before, compared.after)
        if not found:
            return
        self.differing += 1
        charge = compared.charge
        values = {name: self._readers[name](charge) for name in self._by if name != "rule"}
        for change in found:
            if isinstance(change, FindingChange):
                self._finding(compared, change, values)
            else:
                self._class(compared, change, values)

    def _finding(
        self, compared: Compared, change: FindingChange, values: Mapping[str, str | None]
    ) -> None:
        before = change.before.amount if change.before else _ZERO
        after = change.after.amount if change.after else _ZERO
        currency = compared.charge.billing_currency
        key = tuple(change.rule if name == "rule" else values[name] for name in self._by)
        self._totals[change.kind, currency].add(before, after)
        self._findings[change.kind, key, currency].add(before, after)
        if change.kind != REWORDED:
            money = max(abs(before), abs(after))
            self._group(change.kind, change.rule, currency).add(money, Kept(compared, change))

    def _class(
        self, compared: Compared, change: ClassChange, values: Mapping[str, str | None]
    ) -> None:
        currency, cost = compared.charge.billing_currency, compared.charge.cost
        self._classes[change, tuple(values.values()), currency].add(cost, cost)
        group = self._group(change.column, transition(change), currency)
        group.add(cost, Kept(compared, change))

    def _group(self, kind: str, name: str, currency: str) -> Group:
        return self._groups.setdefault((kind, name, currency), Group(self._keep))

    def in_order(self) -> list[tuple[GroupName, Group]]:
        """Return the groups of rows that were kept: findings first, the largest first."""
        order = (*KINDS, *COLUMNS)
        return sorted(self._groups.items(), key=lambda g: (order.index(g[0][0]), -g[1].rows, g[0]))

    def totals(self) -> tuple[FindingCount, ...]:
        """Return the findings by kind and currency."""
        return _counts((kind, (), currency, s) for (kind, currency), s in self._totals.items())

    def findings(self) -> tuple[FindingCount, ...]:
        """Return the findings by kind, group and currency."""
        return _counts((*key, sums) for key, sums in self._findings.items())

    def classes(self) -> tuple[ClassCount, ...]:
        """Return the rows whose class changed, those about most money first within a column."""
        found = [
            ClassCount(*change, key, currency, sums.number, sums.before)
            for (change, key, currency), sums in self._classes.items()
        ]
        return tuple(sorted(found, key=_class_order))


def account_of(charge: Charge) -> str:
    """Return the account a charge belongs to; the payer's where it names no other."""
    return charge.sub_account_id or charge.billing_account_id


def owner_of(charge: Charge, keys: Iterable[str]) -> str | None:
    """Return the value of the first tag of `keys` that has one; blanks are those of Athena's trim.

    So that a difference names the owner that the report's SQL names.
    """
    tags = charge.tags or {}
    return next((value for key in keys if (value := tags.get(key, "")).strip(BLANKS)), None)


def transition(change: ClassChange) -> str:
    """Return how a class changed, for people: `unknown → new`."""
    return f"{change.before or 'none'} → {change.after or 'none'}"


def _counts(groups: Iterable[tuple[str, Key, str, Sums]]) -> tuple[FindingCount, ...]:
    found = [
        FindingCount(kind, key, currency, sums.number, sums.before, sums.after)
        for kind, key, currency, sums in groups
    ]
    return tuple(sorted(found, key=_finding_order))


def _finding_order(count: FindingCount) -> tuple[object, ...]:
    money = max(abs(count.before), abs(count.after))
    return KINDS.index(count.kind), count.currency, -money, _sortable(count.key)


def _class_order(count: ClassCount) -> tuple[object, ...]:
    change = count.before, count.after
    return count.column, count.currency, -abs(count.cost), change, _sortable(count.key)


def _sortable(key: Key) -> tuple[tuple[bool, str], ...]:
    return tuple((value is not None, value or "") for value in key)
