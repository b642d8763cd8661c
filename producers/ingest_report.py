"""What an ingest did, for people and for scripts."""

from collections import Counter
from dataclasses import dataclass, replace

from producers.checkpoint import Checkpoint, Decision, Opened
from producers.receipts import billed
from producers.sending import Sent
from producers.sources import Scope
from schemas.events import Rejected


@dataclass(frozen=True, slots=True)
class ScopeReport:
    """One delivery of an ingest."""

    scope: Scope
    delivery_id: str
    already: bool
    """Whether the lake had it before: then no event was sent again."""
    asserted: bool
    """Whether DeliveryCompleted was sent."""
    events: int
    billed: dict[str, str]
    """By currency, exact decimal text, residues included."""
    days: int
    unchanged_days: int
    """Days whose rows an earlier delivery holds; they were not sent again."""
    rejected: list[Rejected]


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What an ingest did, for people and for scripts. Sizes in bytes."""

    rows: int
    scopes: list[ScopeReport]
    notes: Counter[str]
    sent: Sent
    json_billed_bytes: int
    """What Firehose would bill for the same events, one JSON event a record."""
    resumed: bool
    """Whether it continued what another process began."""

    @property
    def nothing_new(self) -> bool:
        """Whether nothing at all was sent."""
        return not self.sent.records


def report_of(at: Checkpoint) -> IngestReport:
    """Return the report of an ingest that has come to its end."""
    return IngestReport(
        rows=at.rows,
        scopes=[_scope_report(d, d.decision) for d in at.deliveries if d.decision],
        notes=at.notes,
        sent=replace(at.sent),
        json_billed_bytes=at.json_billed,
        resumed=at.resumed,
    )


def _scope_report(opened: Opened, decision: Decision) -> ScopeReport:
    days = opened.totals.days()
    return ScopeReport(
        scope=opened.scope,
        delivery_id=opened.delivery_id,
        already=decision.already,
        asserted=decision.asserted,
        events=opened.totals.events,
        billed=billed(days),
        days=len(days),
        unchanged_days=len(decision.held),
        rejected=opened.totals.rejected(),
    )
