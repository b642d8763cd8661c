"""One source, delivered: rows to events, events to records, records to the stream, then the close.

A source may hold several scopes (payer account x billing period); each is a delivery of its own,
with an id derived from what is delivered, so that the same source sent again is recognised.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from producers import quarantine
from producers.delivery import Delivery, Sent
from producers.limits import BILLING_STEP_BYTES, billed_bytes
from producers.packing import Packer, Record
from producers.sources import ChargeRow, RejectedRow, Scope, Source
from producers.totals import DeliveryTotals
from schemas import codec
from schemas.codec import ChargeEncoder
from schemas.events import ChargeEnvelope, DeliveryCompleted, Envelope, Rejected
from schemas.lake import ObjectStore

PROGRESS_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class Completed:
    """What the lake knows of an earlier delivery with the same id."""

    asserted_at: int
    current: bool
    """Whether its scope is read from it now."""


@dataclass(slots=True)
class ScopeReport:
    """One delivery of an ingest."""

    scope: Scope
    delivery_id: str
    already: Completed | None
    """Set when the lake had it complete before: then no event was sent again."""
    asserted: bool = True
    """Whether DeliveryCompleted was sent."""
    events: int = 0
    rejected: list[Rejected] = field(default_factory=list)


@dataclass(slots=True)
class IngestReport:
    """What an ingest did, for people and for scripts. Sizes in bytes."""

    rows: int
    scopes: list[ScopeReport]
    notes: Counter[str]
    sent: Sent
    json_billed_bytes: int
    """What Firehose would bill for the same events, one JSON event a record."""

    @property
    def nothing_new(self) -> bool:
        """Whether nothing at all was sent."""
        return not self.sent.records


@dataclass(slots=True)
class _Delivery:
    report: ScopeReport
    totals: DeliveryTotals = field(default_factory=DeliveryTotals)
    rejected: list[RejectedRow] = field(default_factory=list)


class Ingest:
    """Delivers one source.

    Args:
        source: what to deliver.
        delivery: where records go.
        store: where rejected rows are kept.
        known: what the lake knows of a delivery id; None when it was never completed.
        resend: send everything, whatever the lake knows.
        progress: called now and then with the number of rows read so far.
    """

    def __init__(
        self,
        source: Source,
        delivery: Delivery,
        store: ObjectStore,
        known: Callable[[str], Completed | None],
        *,
        resend: bool = False,
        progress: Callable[[int], None] = lambda rows: None,
    ) -> None:
        self._source = source
        self._delivery = delivery
        self._store = store
        self._known = known
        self._resend = resend
        self._progress = progress
        self._encoder = ChargeEncoder()
        self._packer = Packer(self._encoder)
        self._deliveries: dict[Scope, _Delivery] = {}
        self._notes: Counter[str] = Counter()
        self._rows = 0
        self._json_billed = 0

    def run(self) -> IngestReport:
        """Deliver the source to its end.

        Raises:
            SourceError: the source stopped being readable; nothing was completed.
            DeliveryError: the stream refused records; nothing more was completed.
        """
        for row in self._source.rows():
            self._rows += 1
            if isinstance(row, ChargeRow):
                self._take(row)
            else:
                self._reject(row)
            if self._rows % PROGRESS_ROWS == 0:
                self._progress(self._rows)
        self._send(self._packer.flush())
        # Every event is accepted before any delivery is closed.
        self._delivery.flush()
        for delivery in self._deliveries.values():
            self._complete(delivery)
        self._delivery.flush()
        self._progress(self._rows)
        return IngestReport(
            rows=self._rows,
            scopes=[d.report for d in self._deliveries.values()],
            notes=self._notes,
            sent=self._delivery.sent,
            json_billed_bytes=self._json_billed,
        )

    def _take(self, row: ChargeRow) -> None:
        delivery = self._of(row.scope)
        self._notes.update(row.notes)
        encoded = self._encoder.event(row.charge)
        delivery.totals.add(row, self._encoder.content(encoded))
        if delivery.report.already is None:
            envelope = self._charge_envelope(delivery, row)
            self._send(self._packer.add(envelope, row.charge, encoded))

    def _reject(self, row: RejectedRow) -> None:
        delivery = self._of(row.scope)
        delivery.totals.reject(row)
        delivery.rejected.append(row)

    def _of(self, scope: Scope) -> _Delivery:
        found = self._deliveries.get(scope)
        if found is None:
            delivery_id = derived_id(self._source, scope)
            already = None if self._resend else self._known(delivery_id)
            found = _Delivery(ScopeReport(scope, delivery_id, already))
            self._deliveries[scope] = found
        return found

    def _send(self, records: Iterable[Record]) -> None:
        for record in records:
            average = record.json_bytes // record.events
            self._json_billed += record.events * max(billed_bytes(average), BILLING_STEP_BYTES)
            self._delivery.put(record)

    def _complete(self, delivery: _Delivery) -> None:
        report, totals = delivery.report, delivery.totals
        report.events = totals.events
        report.rejected = totals.rejected()
        already = report.already
        # The same content said again later is news only if something else was believed meanwhile.
        report.asserted = already is None or (
            not already.current and self._source.asserted_at > already.asserted_at
        )
        if not report.asserted:
            return
        quarantine.write(self._store, report.delivery_id, delivery.rejected)
        completed = DeliveryCompleted(
            ordinal=self._rows,
            source_name=self._source.name,
            billing_account_id=report.scope.billing_account_id,
            scope_period=report.scope.billing_period,
            asserted_at=self._source.asserted_at,
            events=totals.events,
            days=totals.days(),
            rejected=report.rejected,
        )
        message = codec.encode_completed(self._envelope(report.delivery_id), completed)
        self._delivery.put(Record(codec.compress(message), "deliveries", 0, 0))

    def _envelope(self, delivery_id: str) -> Envelope:
        return Envelope(
            delivery_id=delivery_id,
            delivery_mode=self._source.mode,
            source=self._source.kind,
            mapper_version=self._source.mapper_version,
        )

    def _charge_envelope(self, delivery: _Delivery, row: ChargeRow) -> ChargeEnvelope:
        return ChargeEnvelope(
            **self._envelope(delivery.report.delivery_id),
            billing_period=row.scope.billing_period,
            charge_date=row.charge_date,
        )


def derived_id(source: Source, scope: Scope) -> str:
    """Return the delivery's id: 24 hex digits of a hash over what is delivered.

    The same content, scope and mapper give the same id; anything else gives another.
    """
    parts = (
        source.kind,
        source.mapper_version,
        source.fingerprint,
        scope.billing_account_id,
        scope.billing_period,
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]
