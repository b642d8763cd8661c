"""The daily anomaly job: days whose total leaves both its recent and its same-weekday level.

Both gates together found the most injected spikes at the fewest false alarms in public daily
series, and a floor in money and in percent keeps tiny bases quiet. Tax, credits, purchases and
adjustments land on one day and have no daily level, so they are left out; so are the newest days,
which are always understated.
"""

import hashlib
import statistics
from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal

import orjson

from schemas.amounts import plain_text
from schemas.lake import ANOMALIES, ObjectStore
from transforms.daily_totals import Series, daily_totals, series_of
from transforms.ports import Query

HISTORY_DAYS = 35
RECENT_DAYS = 14
INCOMPLETE_DAYS = 2
"""The newest days are always understated, and never judged."""
MIN_DAYS = 10
"""Days of history, without which nothing is said of a series."""
MIN_PERCENT = 30
MIN_IMPACT = Decimal(10)
"""Floors: in percent of the expected amount and in units of the billing currency, per day."""
CONTRIBUTORS = 3

_RESOURCES = """
select billing_account_id, sub_account_id, service_name, region_id, billing_currency,
       coalesce(resource_id, sku_id) as resource_id, charge_date,
       sum(coalesce(effective_cost, billed_cost)) as cost
from charges
where charge_date between '{first}' and '{last}'
    and charge_category = 'Usage' and charge_class is null
    and service_name in ({services})
group by 1, 2, 3, 4, 5, 6, 7
"""


@dataclass(frozen=True, slots=True)
class Contributor:
    """One resource's share of an abnormal day."""

    resource_id: str
    actual: Decimal
    expected: Decimal


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One abnormal day of one series; amounts in `billing_currency`."""

    anomaly_id: str
    charge_date: str
    billing_account_id: str
    sub_account_id: str | None
    service_name: str | None
    region_id: str | None
    billing_currency: str
    actual: Decimal
    expected: Decimal
    impact: Decimal
    recent_level: Decimal
    weekday_level: Decimal | None
    contributors: tuple[Contributor, ...] = ()

    @property
    def series(self) -> Series:
        """The series whose day it is."""
        return (
            self.billing_account_id,
            self.sub_account_id,
            self.service_name,
            self.region_id,
            self.billing_currency,
        )


def find_anomalies(query: Query, store: ObjectStore, day: date) -> list[Anomaly]:
    """Judge one day's totals against the days before it, largest impact first."""
    first = day - timedelta(days=HISTORY_DAYS)
    totals = daily_totals(query, store, first, day)
    found = [a for series, costs in totals.items() if (a := judge(series, costs, day))]
    if not found:
        return []
    found = _explained(query, found, _days_before(day, RECENT_DAYS), day)
    return sorted(found, key=lambda a: (-a.impact, a.anomaly_id))


def judge(series: Series, costs: dict[str, Decimal], day: date) -> Anomaly | None:
    """Return the anomaly that a day is, given the series' daily totals; pure."""
    actual = costs.get(day.isoformat())
    before = {d: c for d, c in costs.items() if d < day.isoformat()}
    if actual is None or len(before) < MIN_DAYS:
        return None
    recent = statistics.median(c for d, c in before.items() if d >= _days_before(day, RECENT_DAYS))
    weekdays = [c for d, c in before.items() if date.fromisoformat(d).weekday() == day.weekday()]
    weekday = statistics.median(weekdays) if weekdays else None
    expected = max(recent, Decimal(0) if weekday is None else weekday, Decimal(0))
    impact = actual - expected
    if impact < MIN_IMPACT or impact * 100 < expected * MIN_PERCENT:
        return None
    return Anomaly(
        _id(series, day), day.isoformat(), *series, _rounded(actual), _rounded(expected),
        _rounded(impact), _rounded(recent), None if weekday is None else _rounded(weekday),
    )  # fmt: skip


def write_anomalies(store: ObjectStore, day: date, found: list[Anomaly]) -> None:
    """Store a day's anomalies: one object a day, replaced whole, so a repeated job repeats it.

    A day without any has an empty object: it was judged.
    """
    body = b"".join(orjson.dumps(asdict(a), default=_text) + b"\n" for a in found)
    store.put(f"{ANOMALIES}{day.isoformat()}.json", body)


def _explained(query: Query, found: list[Anomaly], first: str, day: date) -> list[Anomaly]:
    """Name the resources that added most to each abnormal day."""
    names = sorted({a.service_name for a in found if a.service_name})
    if not names:
        return found
    services = ", ".join("'" + name.replace("'", "''") + "'" for name in names)
    costs: dict[Series, dict[str, dict[str, Decimal]]] = defaultdict(lambda: defaultdict(dict))
    sql = _RESOURCES.format(first=first, last=day.isoformat(), services=services)
    for row in query.rows(sql):
        resource = row["resource_id"] or "(no resource)"
        costs[series_of(row)][resource][row["charge_date"]] = row["cost"]
    return [_with_contributors(a, costs[a.series], day) for a in found]


def _with_contributors(
    anomaly: Anomaly, costs: dict[str, dict[str, Decimal]], day: date
) -> Anomaly:
    contributors = []
    for resource, by_day in costs.items():
        actual = by_day.get(day.isoformat(), Decimal(0))
        since = _days_before(day, RECENT_DAYS)
        before = [c for d, c in by_day.items() if since <= d < day.isoformat()]
        expected = statistics.median(before) if before else Decimal(0)
        if actual > expected:
            contributors.append(Contributor(resource, _rounded(actual), _rounded(expected)))
    contributors.sort(key=lambda c: (c.expected - c.actual, c.resource_id))
    fields = {name: getattr(anomaly, name) for name in Anomaly.__slots__}
    return Anomaly(**{**fields, "contributors": tuple(contributors[:CONTRIBUTORS])})


def _days_before(day: date, days: int) -> str:
    return (day - timedelta(days=days)).isoformat()


def _id(series: Series, day: date) -> str:
    text = "\0".join([day.isoformat(), *(part or "" for part in series)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _rounded(value: Decimal) -> Decimal:
    # The median of two amounts may have a thirteenth decimal.
    return value.quantize(Decimal("1e-12"), context=_WIDE)


_WIDE = Context(prec=200, rounding=ROUND_HALF_EVEN)


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        return plain_text(value)
    raise TypeError(f"no JSON for {type(value).__name__}")
