"""The report's data: gathered once through Athena's SQL, then shown as a page or as JSON."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from infra.report.anomalies import Anomalies, read_anomalies
from infra.report.calendar import newest_stretch
from infra.report.commitments import Commitments, read_commitments
from infra.report.costs import Total, Trend, read_totals, read_trends
from infra.report.deliveries import DeliveryHealth, read_deliveries
from infra.report.findings import FindingCount, LowValue, read_findings, read_low_value
from infra.report.movers import Moves, read_moves
from infra.report.period import Period, read_period
from infra.report.tags import Tagging, read_tagging
from transforms.audit import AuditReport
from transforms.ports import Query

NO_BASELINE = "none"
"""What `baseline_version` says of a row that was judged without one."""


@dataclass(frozen=True, slots=True)
class Versions:
    """By what some of the events were judged."""

    evaluation: str
    rules_version: str
    policy_version: str
    baseline_version: str
    events: int
    first_day: str
    last_day: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the page says, section by section."""

    generated_at: datetime
    period: Period
    totals: tuple[Total, ...]
    trends: tuple[Trend, ...]
    moves: tuple[Moves, ...]
    anomalies: tuple[Anomalies, ...]
    tagging: tuple[Tagging, ...]
    low_value: tuple[LowValue, ...]
    commitments: tuple[Commitments, ...]
    findings: tuple[FindingCount, ...]
    deliveries: DeliveryHealth
    audit: AuditReport | None
    """The verdict on this lake; none where nobody asked for one."""
    versions: tuple[Versions, ...]

    @property
    def events(self) -> int:
        """How many events the page rests on."""
        return sum(v.events for v in self.versions)

    @property
    def first_day(self) -> str | None:
        """The first charge date."""
        return min((v.first_day for v in self.versions), default=None)

    @property
    def last_day(self) -> str | None:
        """The last charge date."""
        return max((v.last_day for v in self.versions), default=None)

    @property
    def elsewhere(self) -> tuple[date, date] | None:
        """The first and the last day the lake has, where there are no charges on the page's."""
        return None if self.events else self.period.delivered

    @property
    def growing(self) -> tuple[str, ...]:
        """Days with charges of which more may come."""
        through = self.period.through.isoformat()
        days = {day.charge_date for trend in self.trends for day in trend.days}
        return tuple(sorted(day for day in days if day > through))

    @property
    def has_baseline(self) -> bool:
        """Whether any event was compared with a history."""
        return any(v.baseline_version != NO_BASELINE for v in self.versions)


def gather(
    query: Query,
    *,
    generated_at: datetime,
    audit: AuditReport | None = None,
    first: date | None = None,
    last: date | None = None,
) -> Report:
    """Ask the lake everything the report says.

    Args:
        query: Athena, or the local engine.
        generated_at: the present moment, UTC.
        audit: the verdict to show.
        first: the first charge date; a year before the newest one by default.
        last: the last charge date; the newest one by default.
    """
    period = read_period(query, generated_at, first, last)
    trends = read_trends(query, period)
    days = {date.fromisoformat(day.charge_date) for trend in trends for day in trend.days}
    return Report(
        generated_at=generated_at,
        period=period,
        totals=read_totals(query, period),
        trends=trends,
        moves=read_moves(query, period, newest_stretch(days), max(days)) if days else (),
        anomalies=read_anomalies(query, period),
        tagging=read_tagging(query, period),
        low_value=read_low_value(query, period),
        commitments=read_commitments(query, period, max(days)) if days else (),
        findings=read_findings(query, period),
        deliveries=read_deliveries(query),
        audit=audit,
        versions=tuple(Versions(**row) for row in query.rows(period.sql("versions"))),
    )


def as_document(report: Report) -> dict[str, Any]:
    """Return the report as plain dictionaries and lists, amounts still exact decimals."""
    document = asdict(report)
    if report.audit is not None:
        document["audit"] = {"clean": report.audit.clean, **document["audit"]}
    return document
