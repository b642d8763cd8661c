"""Times when something cost abnormally much, as the daily anomaly job wrote them down."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from infra.report.amounts import percent, total
from infra.report.period import ALL_DAYS, Period
from infra.report.queries import queries
from transforms.ports import Query


@dataclass(frozen=True, slots=True)
class Contributor:
    """A resource that added to an anomaly; none where the charge names no resource."""

    resource: str | None
    actual: Decimal | None
    expected: Decimal | None


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One series, from its first abnormal day to its last one so far."""

    anomaly_id: str
    status: str
    """open or ended."""
    charge_date: str
    """Its first abnormal day."""
    end_date: str
    """Its last."""
    owner: str | None
    """Who has most of its cost, as the tags name them."""
    billing_account: str | None
    account: str | None
    service: str | None
    region: str | None
    actual: Decimal
    expected: Decimal
    impact: Decimal
    rise: Decimal | None
    """Impact in percent of what was expected; none where nothing was."""
    contributors: tuple[Contributor, ...]


@dataclass(frozen=True, slots=True)
class Anomalies:
    """All anomalies of one currency, largest impact first."""

    currency: str
    impact: Decimal
    found: tuple[Anomaly, ...]


def read_anomalies(query: Query, period: Period = ALL_DAYS) -> tuple[Anomalies, ...]:
    """Return the anomalies that have one of these days, grouped by currency."""
    contributors: dict[str, list[Contributor]] = defaultdict(list)
    for row in query.rows(queries()["contributors"]):
        contributors[row["anomaly_id"]].append(
            Contributor(row["resource"], row["actual"], row["expected"])
        )
    by_currency: dict[str, list[Anomaly]] = defaultdict(list)
    for row in query.rows(queries()["anomalies"]):
        if not period.meets(row["charge_date"], row["end_date"]):
            continue
        by_currency[row["currency"]].append(
            Anomaly(
                anomaly_id=row["anomaly_id"],
                status=row["status"],
                charge_date=row["charge_date"],
                end_date=row["end_date"],
                owner=row["owner"],
                billing_account=row["billing_account_id"],
                account=row["sub_account_id"],
                service=row["service_name"],
                region=row["region_id"],
                actual=row["actual"],
                expected=row["expected"],
                impact=row["impact"],
                rise=percent(row["impact"], row["expected"]),
                contributors=tuple(contributors[row["anomaly_id"]]),
            )
        )
    return tuple(
        Anomalies(currency, total(a.impact for a in found), tuple(found))
        for currency, found in sorted(by_currency.items())
    )
