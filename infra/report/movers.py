"""Movers: what costs more and what costs less than in the weeks before."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from infra.report.amounts import percent, total
from infra.report.calendar import A_DAY
from infra.report.period import Period
from schemas.amounts import EXACT
from transforms.ports import Query

WEEK = 7
MOST_WEEKS = 4
"""Whole weeks, so that each stretch has as many weekends; four, so that a single day is no move."""


@dataclass(frozen=True, slots=True)
class Mover:
    """One account's use of one service in one region."""

    account: str | None
    account_name: str | None
    service: str | None
    region: str | None
    earlier: Decimal
    later: Decimal

    @property
    def change(self) -> Decimal:
        """Later minus earlier."""
        return EXACT.subtract(self.later, self.earlier)

    @property
    def rise(self) -> Decimal | None:
        """The change in percent of what it was; none where that was not above zero."""
        return percent(self.change, self.earlier)


@dataclass(frozen=True, slots=True)
class Moves:
    """One currency's two stretches."""

    currency: str
    first: date
    middle: date
    """The first day of the later stretch."""
    last: date
    earlier: Decimal
    later: Decimal
    moved: tuple[Mover, ...]
    """All that changed, the largest changes first, up or down."""

    @property
    def days(self) -> int:
        """How many days each stretch has."""
        return (self.middle - self.first).days

    @property
    def change(self) -> Decimal:
        """What all of them came to."""
        return EXACT.subtract(self.later, self.earlier)


def read_moves(query: Query, period: Period, first: date, newest: date) -> tuple[Moves, ...]:
    """Compare the newest complete weeks with as many before.

    Args:
        query: the lake.
        period: the days of the report.
        first: its first day with charges since the last long pause.
        newest: its last.

    Returns:
        A comparison for each currency; none where there are not two complete weeks.
    """
    last = min(newest, period.through)
    weeks = min(((last - first).days + 1) // (2 * WEEK), MOST_WEEKS)
    if weeks < 1:
        return ()
    middle = last - timedelta(days=weeks * WEEK) + A_DAY
    begin = middle - timedelta(days=weeks * WEEK)
    rows = query.rows(Period(begin, last).sql("movers", middle=middle))
    by_currency: dict[str, list[Mover]] = defaultdict(list)
    for row in rows:
        by_currency[row["currency"]].append(_mover(row))
    return tuple(
        Moves(
            currency,
            begin,
            middle,
            last,
            total(m.earlier for m in found),
            total(m.later for m in found),
            _ranked(found),
        )
        for currency, found in sorted(by_currency.items())
    )


def _mover(row: dict[str, Any]) -> Mover:
    return Mover(
        row["account"],
        row["account_name"],
        row["service"],
        row["region"],
        row["earlier"] or Decimal(0),
        row["later"] or Decimal(0),
    )


def _ranked(found: Sequence[Mover]) -> tuple[Mover, ...]:
    def order(mover: Mover) -> tuple[object, ...]:
        names = (mover.account, mover.service, mover.region)
        return -abs(mover.change), *(name or "" for name in names)

    return tuple(sorted((m for m in found if m.change), key=order))
