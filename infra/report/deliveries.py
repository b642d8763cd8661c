"""Delivery health: what arrived, where each delivery stands, and what was turned away."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from infra.report.amounts import total
from infra.report.queries import queries
from transforms.ports import Query

LATEST = 10
UNSETTLED = ("incomplete", "in-flight", "open", "empty")
"""Statuses of deliveries that are not fully in the lake."""
STATUSES = (*UNSETTLED, "active", "append", "superseded")


@dataclass(frozen=True, slots=True)
class StatusCount:
    """Deliveries of one status."""

    status: str
    deliveries: int
    events: int
    """What they promised."""
    stored: int
    """What of it is in the lake."""


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """One delivery."""

    delivery_id: str
    status: str
    detail: str
    source_name: str | None
    billing_account: str | None
    period: str | None
    asserted_at: datetime | None
    events: int
    stored: int
    rejected_rows: int


@dataclass(frozen=True, slots=True)
class RejectedRows:
    """Source rows that could not become events, by reason and currency."""

    reason: str
    rows: int
    currency: str | None
    billed: Decimal | None


@dataclass(frozen=True, slots=True)
class DeliveryHealth:
    """Everything ever delivered."""

    statuses: tuple[StatusCount, ...]
    attention: tuple[DeliveryLine, ...]
    """Deliveries that are not fully in the lake, or had rows rejected; newest first."""
    latest: tuple[DeliveryLine, ...]
    rejected: tuple[RejectedRows, ...]

    @property
    def deliveries(self) -> int:
        """How many there are."""
        return sum(s.deliveries for s in self.statuses)

    @property
    def rejected_rows(self) -> int:
        """How many source rows were rejected."""
        return sum(r.rows for r in self.rejected)

    @property
    def unsettled(self) -> int:
        """How many deliveries are not fully in the lake."""
        return sum(s.deliveries for s in self.statuses if s.status in UNSETTLED)


def read_deliveries(query: Query) -> DeliveryHealth:
    """Return the state of every delivery."""
    rejected = query.rows(queries()["rejected"])
    rows_of: dict[str, int] = defaultdict(int)
    for entry in rejected:
        rows_of[entry["delivery_id"]] += entry["number"]
    lines = [_line(row, rows_of[row["delivery_id"]]) for row in query.rows(queries()["deliveries"])]
    return DeliveryHealth(
        statuses=_statuses(lines),
        attention=tuple(d for d in lines if d.status in UNSETTLED or d.rejected_rows),
        latest=tuple(lines[:LATEST]),
        rejected=_rejected(rejected),
    )


def _line(row: dict[str, Any], rejected_rows: int) -> DeliveryLine:
    return DeliveryLine(
        delivery_id=row["delivery_id"],
        status=row["status"],
        detail=row["detail"] or "",
        source_name=row["source_name"],
        billing_account=row["billing_account_id"],
        period=row["scope_period"],
        asserted_at=row["asserted_at"],
        events=row["events"] or 0,
        stored=row["stored"] or 0,
        rejected_rows=rejected_rows,
    )


def _statuses(lines: Sequence[DeliveryLine]) -> tuple[StatusCount, ...]:
    names = [*STATUSES, *sorted({line.status for line in lines} - set(STATUSES))]
    return tuple(
        StatusCount(name, len(some), sum(d.events for d in some), sum(d.stored for d in some))
        for name in names
        if (some := [line for line in lines if line.status == name])
    )


def _rejected(entries: Sequence[dict[str, Any]]) -> tuple[RejectedRows, ...]:
    grouped: dict[tuple[str, str | None], list[dict[str, Any]]] = defaultdict(list)
    for entry in entries:
        grouped[(entry["reason"], entry["currency"])].append(entry)
    found = []
    for (reason, currency), some in grouped.items():
        costs = [Decimal(e["billed"]) for e in some if e["billed"] is not None]
        rows = sum(e["number"] for e in some)
        found.append(RejectedRows(reason, rows, currency, total(costs) if costs else None))
    return tuple(sorted(found, key=lambda r: (-r.rows, r.reason, r.currency or "")))
