"""Who is behind an anomaly: the resources that added most, and the owner with most of its cost."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from schemas.amounts import EXACT
from schemas.lake import ObjectStore
from transforms.anomalies.judging import RECENT_DAYS, days_before, median, rounded
from transforms.anomalies.model import Anomaly, Contributor, Series
from transforms.anomalies.totals import series_of, usage_of
from transforms.ports import Query
from transforms.summaries.builds import Builds

CONTRIBUTORS = 3
NO_RESOURCE = "(no resource)"

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

Costs = Mapping[str, Mapping[str, Decimal]]
"""By resource and day."""


def explained(
    query: Query, store: ObjectStore, builds: Builds, anomalies: Iterable[Anomaly]
) -> list[Anomaly]:
    """Return anomalies with their resources and owner; one query for each span of days."""
    spans: defaultdict[tuple[str, str], list[Anomaly]] = defaultdict(list)
    for anomaly in anomalies:
        spans[anomaly.first_day, anomaly.last_day].append(anomaly)
    found = []
    for (first, last), members in sorted(spans.items()):
        since = days_before(date.fromisoformat(first), RECENT_DAYS)
        costs = _resources(query, members, since, last)
        for anomaly in members:
            added = _contributors(anomaly, costs.get(anomaly.series, {}))
            owner = _owner(store, builds, anomaly)
            found.append(replace(anomaly, contributors=added, owner=owner))
    return found


def _resources(
    query: Query, anomalies: Iterable[Anomaly], first: str, last: str
) -> dict[Series, dict[str, dict[str, Decimal]]]:
    names = sorted({a.series[2] for a in anomalies if a.series[2]})
    costs: dict[Series, dict[str, dict[str, Decimal]]] = defaultdict(lambda: defaultdict(dict))
    if names:
        services = ", ".join("'" + name.replace("'", "''") + "'" for name in names)
        for row in query.rows(_RESOURCES.format(first=first, last=last, services=services)):
            if row["cost"] is not None:
                resource = row["resource_id"] or NO_RESOURCE
                costs[series_of(row)][resource][row["charge_date"]] = row["cost"]
    return costs


def _contributors(anomaly: Anomaly, costs: Costs) -> tuple[Contributor, ...]:
    """Compare each resource's abnormal days with its usual day before the first of them; pure."""
    dates = [day.charge_date for day in anomaly.days]
    found = []
    for resource, by_day in costs.items():
        actual = Decimal(0)
        for day in dates:
            actual = EXACT.add(actual, by_day.get(day, Decimal(0)))
        before = [cost for day, cost in by_day.items() if day < anomaly.first_day]
        usual = median(before) if before else Decimal(0)
        expected = EXACT.multiply(usual, Decimal(len(dates)))
        if actual > expected:
            found.append(Contributor(resource, rounded(actual), expected))
    found.sort(key=lambda c: (EXACT.subtract(c.expected, c.actual), c.resource_id))
    return tuple(found[:CONTRIBUTORS])


def _owner(store: ObjectStore, builds: Builds, anomaly: Anomaly) -> str | None:
    costs: defaultdict[str | None, Decimal] = defaultdict(Decimal)
    for day in anomaly.days:
        for row in usage_of(store, builds, day.charge_date):
            if series_of(row) == anomaly.series:
                costs[row["owner"]] = EXACT.add(costs[row["owner"]], row["effective_cost"])
    costs.pop(None, None)
    return min(costs, key=lambda owner: (-costs[owner], owner or ""), default=None)
