"""Prove, from the lake alone, that nothing was lost: raw = processed + errors, event by event.

Counts `raw/` and `errors/` itself and reads `processed/` as a query engine does; it shares no
number with the run that wrote them. Every sum is exact and of every amount column. What an earlier
audit counted of an immutable object need not be decoded again, and a day of which nothing changed
since it was found whole need not be judged again; `transforms.auditing` has the parts.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from schemas.amounts import scaled_text, unscaled_sum
from schemas.lake import ERRORS, RAW, SPOOL, ObjectStore
from transforms.auditing.books import Books, Counted, Partition, Throwaway, partition_of
from transforms.auditing.contents import Promise, Tallier, leave_all
from transforms.auditing.flight import Flight, Stage
from transforms.auditing.judging import Judge, Promised, batches
from transforms.auditing.kept import KeptDays
from transforms.auditing.verdict import DayVerdict, Gap
from transforms.deliveries import Assertion, landed_at, promised_day, read_assertions
from transforms.error_objects import error_lines
from transforms.ports import Query
from transforms.state import active_evaluation
from transforms.tallies import Day

__all__ = ["AuditReport", "Doubled", "Gap", "audit"]

BATCH_EVENTS = 250_000
"""Events that are compared at a time, some 300 bytes each: they bound the memory."""


@dataclass(frozen=True, slots=True)
class Doubled:
    """Rows that lie in `processed/` more than once; views count each once."""

    delivery_id: str
    billing_period: str
    charge_date: str
    copies: int
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What producers keep in the bucket because the stream has not taken it yet."""

    objects: int = 0
    """Objects of records that wait to be sent (`spool/records/`)."""
    size: int = 0
    ingests: int = 0
    """Ingests that were interrupted, or refused, and not continued (`spool/ingest/`)."""


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
    in_flight: int = 0
    """Events that the stream's buffers may still hold."""
    late: int = 0
    """Events beyond that, which Firehose may still be trying to deliver."""
    failed_by_type: dict[str, int] = field(default_factory=dict)
    """Events that are in errors/ and nowhere else, by error type."""
    waiting: Waiting = field(default_factory=Waiting)
    decoded_objects: int = 0
    """Objects of raw/ and errors/ that were read now; earlier audits had counted the others."""
    decoded_bytes: int = 0
    judged_partitions: int = 0
    """Days of the lake that were compared now; nothing had changed on the others."""
    days: list[DayVerdict] = field(default_factory=list)
    """Every day of every delivery."""

    @property
    def clean(self) -> bool:
        """Whether every event is accounted for."""
        return not self.gaps


def audit(
    query: Query,
    store: ObjectStore,
    evaluation: str | None = None,
    only: Collection[Day] | None = None,
    *,
    flight: Flight | None = None,
    now: datetime | None = None,
    keep: ObjectStore | None = None,
    anew: bool = False,
    tally: Tallier = leave_all,
    batch_events: int = BATCH_EVENTS,
) -> AuditReport:
    """Compare what was recorded with what can be queried, delivery by delivery and day by day.

    Args:
        query: the lake, in SQL.
        store: the lake, as objects.
        evaluation: whose rows; the active one by default.
        only: these days of these deliveries, and nothing else; all of the lake by default.
        flight: tells what may still be on its way; without it everything has had its time.
        now: the moment, aware, to write beside what is kept.
        keep: where to keep what was counted and found, for the next audit to build on; by default
            nothing is kept, and everything is read.
        anew: build on nothing that is kept.
        tally: a faster way to count the records that it knows.
        batch_events: how many events to compare at a time.

    Raises:
        StateError: what is kept is damaged.
    """
    evaluation = evaluation or active_evaluation(store)
    books = Books(store, keep or Throwaway(), tally, anew)
    books.update()
    raw = list(books.of(RAW))
    errors = list(books.of(ERRORS))
    promises = _Promises(raw, read_assertions(query), flight)
    by_partition = promises.by_partition(only)
    kept = KeptDays(keep if only is None else None, store, evaluation, anew)
    if only is None:
        partitions = sorted(books.partitions() | kept.partitions | by_partition.keys())
    else:
        partitions = sorted({partition_of(day) for day in only})
    judge = Judge(query, store, evaluation, books, flight)
    days: list[DayVerdict] = []
    changed = []
    for partition in partitions:
        said = sorted((d, promises.revision(d)) for d, _, _ in by_partition.get(partition, {}))
        found = kept.carried(partition, [books.fingerprint(partition), said])
        if found is None:
            changed.append(partition)
        else:
            days += found
    period = ""
    for batch in batches(changed, books.sizes(), batch_events):
        if batch[0][0] != period:
            kept.write(now, only=period)
            period = batch[0][0]
        promised = {day: p for at in batch for day, p in by_partition.get(at, {}).items()}
        for verdict in judge.judge(batch, promised, only):
            days.append(verdict)
            kept.judged(partition_of(verdict.day), verdict)
    kept.write(now)
    gaps = [gap for day in days for gap in day.gaps]
    if only is None:
        gaps += [*promises.completions(errors, flight), *_unreadable(store, raw, errors)]
    return _report(evaluation, books, raw, errors, promises, days, gaps, len(changed), store)


class _Promises:
    """What deliveries promise, by raw/ and by processed/."""

    def __init__(
        self, raw: Sequence[Counted], assertions: Sequence[Assertion], flight: Flight | None
    ) -> None:
        self._flight = flight
        self._raw: dict[str, tuple[Promise, datetime | None]] = {}
        for counted in raw:
            for promise in counted.promises:
                before = self._raw.get(promise.delivery_id)
                if before is None or promise.revision >= before[0].revision:
                    self._raw[promise.delivery_id] = promise, landed_at(counted.key)
        self._processed: dict[str, Assertion] = {}
        for assertion in sorted(assertions, key=lambda a: a.revision):
            self._processed[assertion.delivery_id] = assertion
        self.deliveries = self._raw.keys() | self._processed.keys()

    def revision(self, delivery_id: str) -> int:
        """Return which revision of a delivery's promise counts."""
        found = self._raw.get(delivery_id)
        return found[0].revision if found else self._processed[delivery_id].revision

    def by_partition(self, only: Collection[Day] | None) -> dict[Partition, dict[Day, Promised]]:
        """Return what is promised of each day that a delivery brings itself."""
        found: dict[Partition, dict[Day, Promised]] = defaultdict(dict)
        for delivery_id in self.deliveries:
            if delivery_id in self._raw:
                promise, landed = self._raw[delivery_id]
                days = [promised_day(day) for day in promise.days]
            else:
                assertion = self._processed[delivery_id]
                days, landed = list(assertion.days), assertion.landed_at
            stage = self._stage(landed)
            for day in days:
                key = (delivery_id, day.billing_period, day.charge_date)
                if not day.held_by and (only is None or key in only):
                    found[partition_of(key)][key] = Promised(day, stage)
        return dict(found)

    def completions(self, errors: Sequence[Counted], flight: Flight | None) -> Iterator[Gap]:
        """Yield what is only on one side: each DeliveryCompleted of raw/ is a row, and reversed."""
        failed = {promise.delivery_id for counted in errors for promise in counted.promises}
        for delivery_id in sorted(self._raw.keys() - self._processed.keys() - failed):
            if self._stage(self._raw[delivery_id][1]) == Stage.GONE:
                detail = "its DeliveryCompleted is in raw/, nowhere else"
                yield Gap("missing-in-processed", delivery_id, "", "", 0, {}, detail)
        for delivery_id in sorted(self._processed.keys() - self._raw.keys()):
            if self._stage(self._processed[delivery_id].landed_at) == Stage.GONE:
                detail = "its DeliveryCompleted is in processed/, not in raw/"
                yield Gap("missing-in-raw", delivery_id, "", "", 0, {}, detail)

    def _stage(self, landed: datetime | None) -> Stage:
        return self._flight.stage(landed) if self._flight else Stage.GONE


def _unreadable(
    store: ObjectStore, raw: Sequence[Counted], errors: Sequence[Counted]
) -> Iterator[Gap]:
    """Bytes in raw/ that nobody can decode are in errors/ too, and the reverse."""
    in_raw = {damaged.sha256 for counted in raw for damaged in counted.damaged}
    in_errors = {damaged.sha256 for counted in errors for damaged in counted.damaged}
    if in_raw == in_errors:
        return
    # Damaged records that lie side by side in raw/ are one stretch of bytes there: look at them.
    originals: set[bytes] = set()
    for counted in errors:
        if counted.damaged:
            numbers = {damaged.at for damaged in counted.damaged}
            lines = error_lines(counted.key, store.get(counted.key))
            originals |= {line.raw for line in lines if line.number in numbers}
    # Longest first: one damaged record may be the beginning of another.
    longest_first = sorted(filter(None, originals), key=len, reverse=True)
    known: set[bytes] = set()
    for counted in raw:
        if not counted.damaged:
            continue
        body = store.get(counted.key)
        for damaged in counted.damaged:
            stretch = left = body[damaged.at : damaged.at + damaged.size]
            for original in longest_first:
                if original in stretch:
                    known.add(original)
                left = left.replace(original, b"")
            if left:
                detail = f"{len(left)} bytes in {counted.key} are neither events nor in errors/"
                yield Gap("unreadable-in-raw", "", "", "", 0, {}, detail)
    for original in longest_first:
        if original not in known:
            detail = f"{len(original)} undecodable bytes are in errors/, not in raw/"
            yield Gap("missing-in-raw", "", "", "", 0, {}, detail)


def _report(
    evaluation: str,
    books: Books,
    raw: Sequence[Counted],
    errors: Sequence[Counted],
    promises: _Promises,
    days: list[DayVerdict],
    gaps: list[Gap],
    judged: int,
    store: ObjectStore,
) -> AuditReport:
    failed: Counter[str] = Counter()
    for day in days:
        failed.update(day.failed)
    recorded = {day.delivery_id for day in days if day.recorded}
    days.sort(key=lambda day: day.day)
    return AuditReport(
        evaluation=evaluation,
        events=sum(day.recorded for day in days),
        billed=_total(day.money("recorded") for day in days),
        raw_objects=len(raw),
        raw_records=sum(counted.records for counted in raw),
        raw_bytes=sum(counted.record_bytes for counted in raw),
        ingestion_billed_bytes=sum(counted.billed_bytes for counted in raw),
        raw_copies=sum(day.copies for day in days),
        failed_records=sum(counted.records for counted in errors),
        failed_events=failed.total(),
        deliveries=len(promises.deliveries),
        gaps=gaps,
        doubled=[
            Doubled(*day.day, copies=day.doubled, files=tuple(day.files))
            for day in days
            if day.doubled
        ],
        open_deliveries=sorted(recorded - promises.deliveries),
        in_flight=sum(day.in_flight for day in days),
        late=sum(day.late for day in days),
        failed_by_type=dict(sorted(failed.items())),
        waiting=_waiting(store),
        decoded_objects=books.decoded,
        decoded_bytes=books.decoded_bytes,
        judged_partitions=judged,
        days=days,
    )


def _total(amounts: Iterable[dict[str, str]]) -> dict[str, str]:
    total: dict[str, int] = {}
    for by_currency in amounts:
        for currency, text in by_currency.items():
            total[currency] = total.get(currency, 0) + unscaled_sum(text)
    return {currency: scaled_text(value) for currency, value in sorted(total.items())}


def _waiting(store: ObjectStore) -> Waiting:
    records = list(store.list(f"{SPOOL}records/"))
    ingests = {info.key.split("/")[2] for info in store.list(f"{SPOOL}ingest/")}
    return Waiting(len(records), sum(info.size for info in records), len(ingests))
