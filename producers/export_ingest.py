"""An AWS export, ingested in steps that each fit one Lambda invocation.

Every invocation looks at all current assemblies of the export: most are in the lake already, which
a few small objects tell. The first that is not is read on, one part file at a time, from its
checkpoint; what is left is said in a message that the function sends to itself. All state lies in
the spool and the receipts, so a message may come twice or late.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from producers import checkpoint as checkpoints
from producers import quarantine
from producers.delivery import Delivery
from producers.errors import SourceChangedError, SourceError
from producers.identity import ingest_id
from producers.ingest import Ingest
from producers.ingest_report import IngestReport
from producers.reading import Limits
from producers.receipts import Receipts
from producers.sources import Source
from producers.spool import StoreSpool
from schemas.lake import ObjectStore

PARTS_PER_RUN = 1


@dataclass(frozen=True, slots=True)
class Continuation:
    """What the next invocation has to know; the rest lies in the lake."""

    scheduled_time: str
    done: list[str] = field(default_factory=list)
    """Ingests this schedule needs no more."""
    working: str = ""
    """The ingest whose spool is under way."""
    failed: list[str] = field(default_factory=list)
    """What could not be ingested, in sentences."""

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> "Continuation":
        """Read it from a schedule's event or from our own message.

        Raises:
            SourceError: it is neither.
        """
        try:
            fields = event.get("continue", {})
            return cls(scheduled_time=event["scheduled_time"], **fields)
        except (AttributeError, KeyError, TypeError) as error:
            raise SourceError(
                'the event needs {"scheduled_time": "2026-09-01T05:00:00Z"}; call it by its '
                "schedule"
            ) from error

    def message(self) -> dict[str, Any]:
        """Return the message that `of` reads."""
        fields = {"done": self.done, "working": self.working, "failed": self.failed}
        return {"scheduled_time": self.scheduled_time, "continue": fields}


@dataclass(frozen=True, slots=True)
class Advance:
    """What one invocation did."""

    reports: list[IngestReport]
    """Of the assemblies it finished."""
    next: Continuation | None
    """What is left; None at the end."""
    failed: list[str]


def advance(
    find: Callable[[], Sequence[Source]],
    delivery: Callable[[], Delivery],
    store: ObjectStore,
    now: Callable[[], int],
    out_of_time: Callable[[], bool],
    before: Continuation,
) -> Advance:
    """Take the export as far as one invocation may.

    Args:
        find: returns the export's current assemblies.
        delivery: returns a way into the stream.
        store: the lake.
        now: microseconds since 1970 UTC.
        out_of_time: whether the invocation must come to its end.
        before: what the schedule or the last invocation said.

    Raises:
        SourceError: the export as a whole cannot be read.
        DeliveryError: the stream refused records; the same message again continues.
    """
    sources = {ingest_id(source): source for source in find()}
    if before.working and before.working not in sources:
        # A newer assembly came while the last one was read: that one is never completed.
        _abandon(store, before.working)
    reports: list[IngestReport] = []
    done, failed = list(before.done), list(before.failed)
    for name, source in sources.items():
        if name in done:
            continue
        if reports and out_of_time():
            return Advance(reports, Continuation(before.scheduled_time, done, "", failed), failed)
        ingest = Ingest(source, delivery(), store, StoreSpool(store, name), now)
        try:
            report = ingest.run(Limits(out_of_time, PARTS_PER_RUN))
        except SourceChangedError:
            left = Continuation(before.scheduled_time, done, name, failed)
            return Advance(reports, left, failed)
        except SourceError as error:
            # One month that cannot be ingested must not keep the others out.
            failed.append(str(error))
            done.append(name)
            continue
        if report is None:
            left = Continuation(before.scheduled_time, done, name, failed)
            return Advance(reports, left, failed)
        reports.append(report)
        done.append(name)
        if not report.nothing_new:
            # It used the invocation; the next assembly begins with a whole one.
            left = Continuation(before.scheduled_time, done, "", failed)
            remaining = [other for other in sources if other not in done]
            return Advance(reports, left if remaining else None, failed)
    return Advance(reports, None, failed)


def _abandon(store: ObjectStore, ingest: str) -> None:
    """Forget an ingest that nobody can continue: its spool, and rows that nobody can retry."""
    spool = StoreSpool(store, ingest)
    found = checkpoints.load(spool)
    for opened in found.deliveries if found is not None else ():
        if Receipts(store).get(opened.scope, "overwrite", opened.delivery_id) is None:
            quarantine.forget(store, opened.delivery_id)
    spool.clear()
