"""What it cost: totals by currency, and the trend by service. Amounts of currencies never meet."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from infra.report.amounts import percent, total, total_known
from infra.report.calendar import month_before
from infra.report.forecast import DayOfCost, Days, Forecast, forecast
from infra.report.period import ALL_DAYS, MONTHS_BACK, Period
from schemas.amounts import EXACT
from transforms.ports import Query

LARGEST = 6
"""Services with a colour of their own: more cannot be told apart."""
OTHERS = "Other services"
UNNAMED = "(no service named)"

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Total:
    """Everything in one currency."""

    currency: str
    events: int
    billed: Decimal
    effective: Decimal
    list_cost: Decimal | None
    """None where no source gives one."""
    first_day: str
    last_day: str
    accounts: int
    services: int


@dataclass(frozen=True, slots=True)
class ServiceCost:
    """One service in one currency."""

    service: str
    events: int
    billed: Decimal
    effective: Decimal
    list_cost: Decimal | None
    """None where no source gives one."""
    share: Decimal | None
    """Percent of the currency's effective cost; none where that is not above zero."""


@dataclass(frozen=True, slots=True)
class DayCost:
    """One day in one currency: effective cost, in total and by group."""

    charge_date: str
    effective: Decimal
    groups: tuple[Decimal, ...]
    """In the order of the trend's `groups`."""


@dataclass(frozen=True, slots=True)
class MonthCost:
    """One month of charge dates in one currency."""

    month: str
    days: int
    """Days with charges."""
    first_day: str
    billed: Decimal
    effective: Decimal

    def rise_since(self, before: "MonthCost | None", cost: Decimal | None = None) -> Decimal | None:
        """Return the change of effective cost in percent; none unless that was the month before.

        Args:
            before: an older month.
            cost: what this month is expected to cost, if it is not complete.
        """
        if before is None or before.is_cut or month_before(_first(self)) != _first(before):
            return None
        now = self.effective if cost is None else cost
        return percent(EXACT.subtract(now, before.effective), before.effective)

    @property
    def is_cut(self) -> bool:
        """Whether its beginning may lie before what the report knows."""
        return not self.first_day.endswith("-01")


@dataclass(frozen=True, slots=True)
class Trend:
    """Effective cost by day and group of services, in one currency."""

    currency: str
    effective: Decimal
    groups: tuple[str, ...]
    """The largest services of these days, and last, where there are more, the others together."""
    days: tuple[DayCost, ...]
    """Days with charges, in order; of the newest month and `MONTHS_BACK` before it at most."""
    older_days: int
    """Days with charges before those; their cost is in the services."""
    services: tuple[ServiceCost, ...]
    """Every service, largest effective cost first."""
    months: tuple[MonthCost, ...]
    """Every month with charges, in order."""
    forecast: Forecast
    """How the newest month will end."""

    @property
    def highest(self) -> DayCost:
        """The day that cost most; the first of equals."""
        return max(self.days, key=lambda day: day.effective)


def read_totals(query: Query, period: Period = ALL_DAYS) -> tuple[Total, ...]:
    """Return the totals, a currency each."""
    return tuple(
        Total(**{**row, "billed": _money(row["billed"]), "effective": _money(row["effective"])})
        for row in query.rows(period.sql("totals"))
    )


def read_trends(query: Query, period: Period = ALL_DAYS) -> tuple[Trend, ...]:
    """Return the trends, a currency each."""
    by_currency: dict[str, list[Row]] = defaultdict(list)
    for row in query.rows(period.sql("daily_costs")):
        by_currency[row["currency"]].append(row)
    return tuple(_trend(currency, rows, period) for currency, rows in sorted(by_currency.items()))


def _trend(currency: str, rows: list[Row], period: Period) -> Trend:
    services = _services(rows)
    by_day: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_day[row["charge_date"]].append(row)
    reach = month_before(date.fromisoformat(max(by_day)), MONTHS_BACK)
    newest = sorted(day for day in by_day if day >= reach.isoformat())
    groups = _groups([row for day in newest for row in by_day[day]])
    return Trend(
        currency,
        total(s.effective for s in services),
        groups,
        tuple(_day(day, by_day[day], groups) for day in newest),
        len(by_day) - len(newest),
        services,
        _months(rows),
        forecast(currency, _split(by_day), period.through_of(currency)),
    )


def _months(rows: list[Row]) -> tuple[MonthCost, ...]:
    by_month: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_month[row["charge_date"][:7]].append(row)
    return tuple(
        MonthCost(
            month,
            len({row["charge_date"] for row in some}),
            min(row["charge_date"] for row in some),
            _sum(some, "billed"),
            _sum(some, "effective"),
        )
        for month, some in sorted(by_month.items())
    )


def _first(month: MonthCost) -> date:
    return date.fromisoformat(f"{month.month}-01")


def _split(by_day: Mapping[str, list[Row]]) -> Days:
    """Tell what is charged by use, which goes on, from bills of one day."""
    found: dict[date, DayOfCost] = {}
    for day, rows in by_day.items():
        bills = {
            _name(row): bill
            for row in rows
            if (bill := EXACT.subtract(_money(row["effective"]), _money(row["by_use"])))
        }
        found[date.fromisoformat(day)] = DayOfCost(_sum(rows, "by_use"), bills)
    return found


def _services(rows: list[Row]) -> tuple[ServiceCost, ...]:
    by_service: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_service[_name(row)].append(row)
    whole = _sum(rows, "effective")
    found = [
        ServiceCost(
            service,
            sum(row["events"] for row in some),
            _sum(some, "billed"),
            effective := _sum(some, "effective"),
            total_known(row["list_cost"] for row in some),
            percent(effective, whole),
        )
        for service, some in by_service.items()
    ]
    return tuple(sorted(found, key=lambda s: (-s.effective, -s.billed, s.service)))


def _groups(rows: list[Row]) -> tuple[str, ...]:
    """Rank services by what they moved, so that a credit does not hide the use it pays for."""
    moved: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        moved[_name(row)] = total((moved[_name(row)], abs(_money(row["effective"]))))
    ranked = sorted((s for s in moved if moved[s]), key=lambda s: (-moved[s], s))
    # A colour is better spent on a single remaining service than on "others".
    if len(ranked) <= LARGEST + 1:
        return tuple(ranked)
    return (*ranked[:LARGEST], OTHERS)


def _day(day: str, rows: list[Row], groups: tuple[str, ...]) -> DayCost:
    amounts = [Decimal(0)] * len(groups)
    for row in rows:
        cost = _money(row["effective"])
        if cost:
            name = _name(row)
            index = groups.index(name) if name in groups else len(groups) - 1
            amounts[index] = total((amounts[index], cost))
    return DayCost(day, _sum(rows, "effective"), tuple(amounts))


def _name(row: Row) -> str:
    return row["service"] or UNNAMED


def _sum(rows: Iterable[Row], column: str) -> Decimal:
    return total(_money(row[column]) for row in rows)


def _money(amount: Decimal | None) -> Decimal:
    """Read a sum: of no value at all, SQL's is null."""
    return Decimal(0) if amount is None else amount
