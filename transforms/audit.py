"""Prove, from the lake alone, that nothing was lost: raw = processed + errors, event by event.

Decodes `raw/` and `errors/` itself and reads `processed/` as a query engine does; it shares no
counter with the run that wrote them. Every sum is exact and of every amount column.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from schemas.lake import ObjectStore
from transforms.audit_sources import Errors, Processed, Raw, read_errors, read_processed, read_raw
from transforms.ports import Query
from transforms.state import active_evaluation
from transforms.tallies import Day, Sums, Tally, billed, difference

BILLING_STEP_BYTES = 5_120
"""Firehose bills each record rounded up to 5 KiB (Amazon Data Firehose pricing)."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something the lake should hold and does not: where, how many events, how much money."""

    kind: str
    delivery_id: str
    billing_period: str
    charge_date: str
    events: int
    billed: dict[str, str]
    """Billed cost by currency, exact decimal text; what is missing is positive."""
    detail: str


@dataclass(frozen=True, slots=True)
class Doubled:
    """Rows that lie in `processed/` more than once; views count each once."""

    delivery_id: str
    billing_period: str
    charge_date: str
    copies: int
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AuditReport:
    """The verdict and what it rests on."""

    evaluation: str
    events: int
    billed: dict[str, str]
    raw_objects: int
    raw_records: int
    raw_bytes: int
    ingestion_billed_bytes: int
    """What Firehose bills for the records: each rounded up to 5 KiB."""
    raw_copies: int
    failed_records: int
    failed_events: int
    deliveries: int
    gaps: list[Gap] = field(default_factory=list)
    doubled: list[Doubled] = field(default_factory=list)
    open_deliveries: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether every event is accounted for."""
        return not self.gaps


def audit(
    query: Query,
    store: ObjectStore,
    evaluation: str | None = None,
    only: Collection[Day] | None = None,
) -> AuditReport:
    """Compare what was recorded with what can be queried, delivery by delivery and day by day.

    Args:
        query: the lake, in SQL.
        store: the lake, as objects.
        evaluation: whose rows; the active one by default.
        only: these days of these deliveries, and nothing else; all of the lake by default.
    """
    evaluation = evaluation or active_evaluation(store)
    raw = read_raw(store, only)
    errors = read_errors(store, only)
    processed = read_processed(query, evaluation, only)
    gaps = [*_raw_to_processed(raw, processed, errors), *_promised_to_raw(raw, processed, only)]
    if only is None:
        gaps += [*_completions(raw, processed, errors), *_unreadable(raw, errors)]
    everything: Sums = {}
    for tally in raw.days.values():
        for key, value in tally.sums.items():
            everything[key] = everything.get(key, 0) + value
    known = raw.promises | processed.promises
    return AuditReport(
        evaluation=evaluation,
        events=sum(len(t.ordinals) for t in raw.days.values()),
        billed=billed(everything),
        raw_objects=raw.objects,
        raw_records=raw.records,
        raw_bytes=sum(raw.sizes),
        ingestion_billed_bytes=sum(-(-size // BILLING_STEP_BYTES) for size in raw.sizes)
        * BILLING_STEP_BYTES,
        raw_copies=sum(t.copies for t in raw.days.values()),
        failed_records=errors.records,
        failed_events=_failed_only(errors, processed),
        deliveries=len(known),
        gaps=gaps,
        doubled=_doubled(processed),
        open_deliveries=sorted({d for d, _, _ in raw.days} - known.keys()),
    )


def _raw_to_processed(raw: Raw, processed: Processed, errors: Errors) -> Iterable[Gap]:
    """Every event in raw/ is in processed/ or in errors/; nothing else is in processed/."""
    for day in sorted(raw.days.keys() | processed.days.keys()):
        recorded = raw.days.get(day, Tally())
        found = processed.days.get(day)
        seen = found.ordinals if found else set()
        failed = errors.days.get(day, Tally()).ordinals
        lost = recorded.ordinals - seen - failed
        orphaned = seen - recorded.ordinals
        sums = difference(recorded.sums, found.sums if found else {})
        if lost:
            yield _gap("missing-in-processed", day, len(lost), sums, "in raw/, nowhere else")
        if orphaned:
            missing = {key: -value for key, value in sums.items()}
            yield _gap("missing-in-raw", day, len(orphaned), missing, "in processed/, not in raw/")
        if sums and recorded.ordinals == seen:
            columns = ", ".join(sorted({name for _, name in sums}))
            yield _gap("money-differs", day, 0, sums, f"raw/ and processed/ differ in {columns}")


def _promised_to_raw(raw: Raw, processed: Processed, only: Collection[Day] | None) -> Iterable[Gap]:
    """What a delivery promised is in raw/, in number and in every sum."""
    reported = processed.days.keys()
    for delivery_id, days in sorted((processed.promises | raw.promises).items()):
        for promise in days:
            if promise.held_by:
                continue
            day = (delivery_id, promise.billing_period, promise.charge_date)
            if only is not None and day not in only:
                continue
            recorded = raw.days.get(day, Tally())
            missing = promise.events - len(recorded.ordinals)
            sums = difference(promise.stored(), recorded.sums)
            if missing and not (recorded.ordinals or day in reported):
                yield _gap(
                    "missing-in-raw", day, missing, sums, "promised, and nowhere in the lake"
                )
            elif recorded.ordinals and (missing or sums):
                detail = f"promised {promise.events} events, raw/ has {len(recorded.ordinals)}"
                yield _gap("promise-differs", day, missing, sums, detail)


def _completions(raw: Raw, processed: Processed, errors: Errors) -> Iterable[Gap]:
    """Every DeliveryCompleted in raw/ is a row of the deliveries table, and the reverse."""
    for delivery_id in sorted(raw.promises.keys() - processed.promises.keys()):
        if delivery_id not in errors.completions:
            detail = "its DeliveryCompleted is in raw/, nowhere else"
            yield Gap("missing-in-processed", delivery_id, "", "", 0, {}, detail)
    for delivery_id in sorted(processed.promises.keys() - raw.promises.keys()):
        detail = "its DeliveryCompleted is in processed/, not in raw/"
        yield Gap("missing-in-raw", delivery_id, "", "", 0, {}, detail)


def _unreadable(raw: Raw, errors: Errors) -> Iterable[Gap]:
    """Bytes in raw/ that nobody can decode are in errors/ too, and the reverse."""
    for key, body in raw.unreadable:
        left = body
        # Longest first: one damaged record may be the beginning of another.
        for original in sorted(errors.unreadable, key=len, reverse=True):
            left = left.replace(original, b"") if original else left
        if left:
            detail = f"{len(left)} bytes in {key} are neither events nor in errors/"
            yield Gap("unreadable-in-raw", "", "", "", 0, {}, detail)
    glued = b"\0".join(body for _, body in raw.unreadable)
    for original in errors.unreadable:
        if original not in glued:
            detail = f"{len(original)} undecodable bytes are in errors/, not in raw/"
            yield Gap("missing-in-raw", "", "", "", 0, {}, detail)


def _doubled(processed: Processed) -> list[Doubled]:
    return [
        Doubled(*day, copies=found.copies, files=found.files)
        for day, found in sorted(processed.days.items())
        if found.copies
    ]


def _failed_only(errors: Errors, processed: Processed) -> int:
    """Count events that are in errors/ and did not arrive on another way."""
    count = 0
    for day, tally in errors.days.items():
        found = processed.days.get(day)
        count += len(tally.ordinals - (found.ordinals if found else set()))
    return count


def _gap(kind: str, day: Day, events: int, sums: Sums, detail: str) -> Gap:
    return Gap(kind, *day, events=events, billed=billed(sums), detail=detail)
