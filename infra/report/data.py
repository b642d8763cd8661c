"""The report's data: gathered once through Athena's SQL, then shown as a page or as JSON."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from infra.report.anomalies import Anomalies, read_anomalies
from infra.report.costs import Total, Trend, read_totals, read_trends
from infra.report.deliveries import DeliveryHealth, read_deliveries
from infra.report.findings import FindingCount, LowValue, read_findings, read_low_value
from infra.report.queries import queries
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
    totals: tuple[Total, ...]
    trends: tuple[Trend, ...]
    anomalies: tuple[Anomalies, ...]
    tagging: tuple[Tagging, ...]
    low_value: tuple[LowValue, ...]
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
    def has_baseline(self) -> bool:
        """Whether any event was compared with a history."""
        return any(v.baseline_version != NO_BASELINE for v in self.versions)


def gather(query: Query, *, generated_at: datetime, audit: AuditReport | None = None) -> Report:
    """Ask the lake everything the report says.

    Args:
        query: Athena, or the local engine.
        generated_at: the present moment, UTC.
        audit: the verdict to show.
    """
    return Report(
        generated_at=generated_at,
        totals=read_totals(query),
        trends=read_trends(query),
        anomalies=read_anomalies(query),
        tagging=read_tagging(query),
        low_value=read_low_value(query),
        findings=read_findings(query),
        deliveries=read_deliveries(query),
        audit=audit,
        versions=tuple(Versions(**row) for row in query.rows(queries()["versions"])),
    )


def as_document(report: Report) -> dict[str, Any]:
    """Return the report as plain dictionaries and lists, amounts still exact decimals."""
    document = asdict(report)
    if report.audit is not None:
        document["audit"] = {"clean": report.audit.clean, **document["audit"]}
    return document
