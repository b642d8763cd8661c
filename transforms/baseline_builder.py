"""Build a dated baseline from what the lake holds: money only, never verdicts.

Medians are taken in SQL, by the engine, so that a job moves one row a series and not one a charge.
Levels are per charge period: the rows of a series in one period are added first.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from rules import Baseline, SeriesKey, SeriesStats
from transforms.ports import Query

HISTORY_DAYS = 60
TRAILING_DAYS = 30
RECENT_DAYS = 14
"""Two of each weekday: the level follows a lasting change within a week."""
INCOMPLETE_DAYS = 2
"""The newest days are always understated: bills of a day arrive for days."""

_KEY = (
    "billing_account_id, sub_account_id, service_name, region_id, resource_or_sku, "
    "period_seconds, billing_currency"
)
_WEEKDAYS = range(1, 8)
"""Monday to Sunday, as Athena counts them."""
_MIDDLE = "element_at({costs}, (cardinality({costs}) + 1) / 2)"
"""The lower median of a sorted array: always an amount that was charged, so never rounded."""

_LEVELS = """
with periods as (
    select
        billing_account_id, sub_account_id, service_name, region_id,
        coalesce(resource_id, sku_id) as resource_or_sku,
        date_diff('second', charge_period_start, charge_period_end) as period_seconds,
        billing_currency, charge_date, charge_period_start,
        sum(coalesce(effective_cost, billed_cost)) as cost
    from charges
    where charge_date between '{first}' and '{through}'
        and charge_category = 'Usage' and charge_class is null
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9
)
select
    {key}, days_seen, first_seen, trailing_cost,
    {middle} as level, {middle_recent} as recent_level, {weekday_levels},
    element_at(
        cast(array_sort(transform(costs, c -> cast(abs(c - {middle}) as decimal(38, 12))))
            as array(decimal(38, 12))),
        (cardinality(costs) + 1) / 2
    ) as spread
from (
    select
        {key}, count(distinct charge_date) as days_seen, min(charge_date) as first_seen,
        sum(case when charge_date >= '{trailing}' then cost end) as trailing_cost,
        array_sort(array_agg(cost)) as costs,
        array_sort(array_agg(cost) filter (where charge_date >= '{recent}')) as recent_costs,
        {weekday_costs}
    from periods group by {key}
)
"""

_LEADS = """
select
    billing_account_id, sub_account_id, service_name, region_id, resource_or_sku, period_seconds,
    billing_currency, min(sku_id) as lead_sku
from (
    select *, max(cost) over (
        partition by billing_account_id, sub_account_id, service_name, region_id, resource_or_sku,
            period_seconds, billing_currency
    ) as most
    from (select
        billing_account_id, sub_account_id, service_name, region_id,
        coalesce(resource_id, sku_id) as resource_or_sku,
        date_diff('second', charge_period_start, charge_period_end) as period_seconds,
        billing_currency, sku_id, sum(coalesce(effective_cost, billed_cost)) as cost
    from charges
    where charge_date between '{trailing}' and '{through}'
        and charge_category = 'Usage' and charge_class is null
    group by 1, 2, 3, 4, 5, 6, 7, 8)
)
where cost = most
group by 1, 2, 3, 4, 5, 6, 7
"""
"""Of SKUs that cost the same, the first by name: equal charges make equal baselines."""


def build_baseline(query: Query, today: date) -> Baseline | None:
    """Build the baseline that a job publishes on `today`.

    Args:
        query: the lake; the view `charges` is the history.
        today: the day of publication. History ends two days before it; the baseline serves
            charge dates after it, so no event it serves was ever judged without it.

    Returns:
        The baseline, or None while there is no history.
    """
    through = today - timedelta(days=INCOMPLETE_DAYS)
    window = _window(through)
    leads = {_series(row): row["lead_sku"] for row in query.rows(_LEADS.format(**window))}
    entries: dict[SeriesKey, SeriesStats] = {}
    for row in query.rows(_LEVELS.format(**window)):
        series = _series(row)
        stats = _stats(row, leads.get(series))
        known = entries.get(series[0])
        # Two currencies in one series: the one seen on more days is its history.
        if known is None or (stats.days_seen, stats.currency) > (known.days_seen, known.currency):
            entries[series[0]] = stats
    if not entries:
        return None
    return Baseline(through.isoformat(), effective_from(today), entries)


def effective_from(today: date) -> str:
    """Return the first charge date that the baseline published on `today` serves."""
    return (today + timedelta(days=1)).isoformat()


def _window(through: date) -> dict[str, str]:
    """Return what the queries need to know of the history's days."""
    spans = {"first": HISTORY_DAYS, "trailing": TRAILING_DAYS, "recent": RECENT_DAYS}
    starts = {n: (through - timedelta(days=days - 1)).isoformat() for n, days in spans.items()}
    return {
        **starts,
        "through": through.isoformat(),
        "key": _KEY,
        "middle": _MIDDLE.format(costs="costs"),
        "middle_recent": _MIDDLE.format(costs="recent_costs"),
        "weekday_levels": ", ".join(
            f"{_MIDDLE.format(costs=f'costs_{day}')} as weekday_{day}" for day in _WEEKDAYS
        ),
        "weekday_costs": ", ".join(
            "array_sort(array_agg(cost) "
            f"filter (where day_of_week(charge_period_start) = {day})) as costs_{day}"
            for day in _WEEKDAYS
        ),
    }


def _series(row: dict[str, Any]) -> tuple[SeriesKey, str]:
    key = SeriesKey(
        row["billing_account_id"],
        row["sub_account_id"],
        row["service_name"],
        row["region_id"],
        row["resource_or_sku"],
        row["period_seconds"],
    )
    return key, row["billing_currency"]


def _stats(row: dict[str, Any], lead: str | None) -> SeriesStats:
    return SeriesStats(
        days_seen=row["days_seen"],
        first_seen=row["first_seen"],
        currency=row["billing_currency"],
        level=row["level"],
        spread=row["spread"],
        weekday_level=tuple(row[f"weekday_{day}"] for day in _WEEKDAYS),
        trailing_cost=row["trailing_cost"] or Decimal(0),
        lead_sku=lead,
        recent_level=row["recent_level"],
    )
