"""Usage cost by day and series, kept as small objects, so that no job scans a month every night.

A day's totals still move for days: rows arrive late, days are restated. So the newest days are
always asked again, and only older ones are taken as they were written down.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import orjson

from schemas.amounts import plain_text
from schemas.lake import DAILY_TOTALS, ObjectStore
from transforms.ports import Query

MOVING_DAYS = 3
"""Days that are asked again each time, the newest one included."""

Series = tuple[str, str | None, str | None, str | None, str]
"""(payer account, account, service, region, currency)."""
Totals = dict[Series, dict[str, Decimal]]
"""Series to cost by day, `YYYY-MM-DD`."""

_TOTALS = """
select charge_date, billing_account_id, sub_account_id, service_name, region_id, billing_currency,
       sum(coalesce(effective_cost, billed_cost)) as cost
from charges
where charge_date between '{first}' and '{last}'
    and charge_category = 'Usage' and charge_class is null
group by 1, 2, 3, 4, 5, 6
"""


def daily_totals(query: Query, store: ObjectStore, first: date, last: date) -> Totals:
    """Return the totals of every day from `first` to `last`, asking only what may have changed."""
    known = {day: body for day in _days(first, last) if (body := _stored(store, day)) is not None}
    moving = last - timedelta(days=MOVING_DAYS - 1)
    ask_from = next((d for d in _days(first, last) if d >= moving or d not in known), last)
    fresh = query.rows(_TOTALS.format(first=ask_from.isoformat(), last=last.isoformat()))
    by_day: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in fresh:
        by_day[row["charge_date"]].append(row)
    for day in _days(ask_from, last):
        store.put(_key(day), _written(by_day[day.isoformat()]))
    totals: Totals = defaultdict(dict)
    for day in _days(first, ask_from - timedelta(days=1)):
        for row in map(orjson.loads, known[day].splitlines()):
            totals[series_of(row)][row["charge_date"]] = Decimal(row["cost"])
    for row in fresh:
        totals[series_of(row)][row["charge_date"]] = row["cost"]
    return totals


def series_of(row: dict[str, Any]) -> Series:
    """Return the series a row of totals belongs to."""
    return (
        row["billing_account_id"],
        row["sub_account_id"],
        row["service_name"],
        row["region_id"],
        row["billing_currency"],
    )


def _days(first: date, last: date) -> Iterator[date]:
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def _stored(store: ObjectStore, day: date) -> bytes | None:
    try:
        return store.get(_key(day))
    except KeyError:
        return None


def _key(day: date) -> str:
    return f"{DAILY_TOTALS}{day.isoformat()}.json"


def _written(rows: list[dict[str, Any]]) -> bytes:
    lines = ({**row, "cost": plain_text(row["cost"])} for row in rows)
    return b"".join(orjson.dumps(line) + b"\n" for line in lines)
