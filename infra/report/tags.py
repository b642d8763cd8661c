"""Untagged money: cost whose owner the tags do not tell, measured in money and not in rows."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from infra.report.amounts import percent, total
from infra.report.period import ALL_DAYS, Period
from transforms.ports import Query

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TagCost:
    """Effective cost by tag status; `exempt` is what nobody can tag, such as tax and credits."""

    complete: Decimal
    incomplete: Decimal
    missing: Decimal
    exempt: Decimal
    unknown: Decimal
    """Cost of rows whose tags could not be judged: the rule itself failed."""
    untagged: Decimal
    """Missing and incomplete together."""
    taggable: Decimal
    """All but exempt: what the share is of."""
    share: Decimal | None
    """Untagged in percent of taggable; none where that is not above zero."""


@dataclass(frozen=True, slots=True)
class TagGroup:
    """One owner, one account, or one account's use of one service."""

    owner: str | None
    account: str | None
    account_name: str | None
    service: str | None
    events: int
    """Events with missing or incomplete tags."""
    cost: TagCost


@dataclass(frozen=True, slots=True)
class Tagging:
    """One currency: the whole, and where the untagged money is, most first."""

    currency: str
    whole: TagCost
    owners: tuple[TagGroup, ...]
    """By owner, as the tags name it; none where they do not."""
    accounts: tuple[TagGroup, ...]
    groups: tuple[TagGroup, ...]
    """By account and service, those with untagged money only."""

    @property
    def ownerless(self) -> Decimal:
        """What of the untagged money no tag names an owner for."""
        return total(group.cost.untagged for group in self.owners if group.owner is None)


def read_tagging(query: Query, period: Period = ALL_DAYS) -> tuple[Tagging, ...]:
    """Return how well cost is tagged, a currency each."""
    by_currency: dict[str, list[Row]] = defaultdict(list)
    for row in query.rows(period.sql("tags")):
        by_currency[row["currency"]].append(row)
    return tuple(
        Tagging(
            currency,
            _cost(rows),
            tuple(g for g in _groups(rows, ("owner",)) if g.cost.taggable or g.cost.untagged),
            _groups(rows, ("account",)),
            tuple(g for g in _groups(rows, ("account", "service")) if g.cost.untagged),
        )
        for currency, rows in sorted(by_currency.items())
    )


def _groups(rows: Iterable[Row], keys: tuple[str, ...]) -> tuple[TagGroup, ...]:
    grouped: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        grouped[tuple(row[key] for key in keys)].append(row)
    found = [
        TagGroup(
            owner=some[0]["owner"] if "owner" in keys else None,
            account=some[0]["account"] if "account" in keys else None,
            account_name=_account_name(some) if "account" in keys else None,
            service=some[0]["service"] if "service" in keys else None,
            events=sum(r["events"] for r in some if r["tag_status"] in ("missing", "incomplete")),
            cost=_cost(some),
        )
        for some in grouped.values()
    ]
    return tuple(
        sorted(
            found,
            key=lambda g: (
                -g.cost.untagged,
                -g.events,
                *(name or "" for name in (g.owner, g.account, g.service)),
            ),
        )
    )


def _account_name(rows: Sequence[Row]) -> str | None:
    return max((row["account_name"] for row in rows if row["account_name"]), default=None)


def _cost(rows: Iterable[Row]) -> TagCost:
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row["effective"] is not None:
            status = row["tag_status"]
            amounts[status] = total((amounts[status], row["effective"]))
    untagged = total((amounts["missing"], amounts["incomplete"]))
    taggable = total((untagged, amounts["complete"], amounts["unknown"]))
    return TagCost(
        complete=amounts["complete"],
        incomplete=amounts["incomplete"],
        missing=amounts["missing"],
        exempt=amounts["exempt"],
        unknown=amounts["unknown"],
        untagged=untagged,
        taggable=taggable,
        share=percent(untagged, taggable),
    )
