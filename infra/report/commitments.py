"""Commitments: what was paid for Savings Plans and reservations, and used by nothing."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from infra.report.amounts import percent, total
from infra.report.calendar import A_DAY
from infra.report.period import Period
from transforms.ports import Query

LATELY = 28
"""Days that tell whether something is unused still."""


@dataclass(frozen=True, slots=True)
class Use:
    """Effective cost of commitments, by whether something used it."""

    used: Decimal
    unused: Decimal

    @property
    def share(self) -> Decimal | None:
        """What is unused in percent of both; none where nothing was paid."""
        return percent(self.unused, total((self.used, self.unused)))


@dataclass(frozen=True, slots=True)
class Commitment:
    """One Savings Plan, reservation or the like."""

    commitment: str
    name: str | None
    type: str | None
    use: Use
    lately: Use
    first_day: str
    last_day: str


@dataclass(frozen=True, slots=True)
class Commitments:
    """All of one currency, what wastes most first."""

    currency: str
    use: Use
    lately: Use
    since: date
    """The first of the newest days."""
    found: tuple[Commitment, ...]


def read_commitments(query: Query, period: Period, newest: date) -> tuple[Commitments, ...]:
    """Return how the commitments were used, a currency each.

    Args:
        query: the lake.
        period: the days of the report.
        newest: the last of them with charges.
    """
    since = min(newest, period.through) - timedelta(days=LATELY) + A_DAY
    by_currency: dict[str, list[Commitment]] = defaultdict(list)
    for row in query.rows(period.sql("commitments", since=since)):
        by_currency[row["currency"]].append(_commitment(row))
    return tuple(
        Commitments(
            currency,
            _sum([c.use for c in found]),
            _sum([c.lately for c in found]),
            since,
            tuple(sorted(found, key=lambda c: (-c.use.unused, -c.lately.unused, c.commitment))),
        )
        for currency, found in sorted(by_currency.items())
    )


def _commitment(row: dict[str, Any]) -> Commitment:
    nothing = Decimal(0)
    return Commitment(
        row["commitment"],
        row["name"],
        row["type"],
        Use(row["used"] or nothing, row["unused"] or nothing),
        Use(row["used_lately"] or nothing, row["unused_lately"] or nothing),
        row["first_day"],
        row["last_day"],
    )


def _sum(uses: list[Use]) -> Use:
    return Use(total(u.used for u in uses), total(u.unused for u in uses))
