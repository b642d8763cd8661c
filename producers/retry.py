"""Rejected rows delivered after all: mapped again, under the ids that were kept for them.

A row's ordinal was reserved when it was rejected, so the event it becomes belongs to the same
delivery. The delivery's next revision promises it; what still cannot be mapped stays in quarantine.
Killed at any point, the same command does the same again.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from producers import quarantine
from producers.delivery import Delivery
from producers.errors import SourceError
from producers.identity import delivery_id_of
from producers.packing import Packer, Record
from producers.quarantine import QuarantinedRow
from producers.receipts import Receipt, Receipts
from producers.sources import ChargeRow, RejectedRow, Scope, Value
from producers.sources.kinds import KINDS
from producers.totals import DeliveryTotals
from schemas import codec
from schemas.amounts import EXACT, plain_text
from schemas.codec import ChargeEncoder
from schemas.events import ChargeEnvelope, DeliveryCompleted, Envelope, Rejected
from schemas.lake import ObjectStore


@dataclass(frozen=True, slots=True)
class RetryReport:
    """What became of the retried rows."""

    rows: int
    delivered: int
    deliveries: list[str]
    """The deliveries that have a new revision."""
    remaining: dict[str, int]
    """Rows that stay, by reason, most first."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A quarantined row as a row of a table."""

    line: int
    values: Sequence[Value]
    text: str


class Retry:
    """Maps quarantined rows again and delivers those that have become good.

    Args:
        store: the lake.
        delivery: where records go.
        now: microseconds since 1970 UTC.
        settings: values for FOCUS columns that the rows lack or leave empty, beside those that
            their delivery was ingested with.
    """

    def __init__(
        self,
        store: ObjectStore,
        delivery: Delivery,
        now: Callable[[], int],
        settings: Mapping[str, str],
    ) -> None:
        self._store = store
        self._delivery = delivery
        self._now = now
        self._settings = settings
        self._receipts = Receipts(store)

    def run(self, wanted: Callable[[QuarantinedRow], bool], text: str | None = None) -> RetryReport:
        """Retry the rows that are wanted.

        Args:
            wanted: which rows.
            text: read them from this text instead of their own: a mended row.

        Raises:
            SourceError: their delivery is not known any more.
            DeliveryError: the stream refused records; everything stays in quarantine.
        """
        rows = delivered = 0
        remaining: Counter[str] = Counter()
        revised: set[str] = set()
        for key, lines in list(quarantine.read_objects(self._store)):
            chosen = [line for line in lines if wanted(line)]
            if not chosen:
                continue
            good: list[tuple[QuarantinedRow, list[ChargeRow]]] = []
            kept = [line for line in lines if not wanted(line)]
            for line in chosen:
                charges, refused = self._mapped(line, text)
                if refused is None:
                    good.append((line, charges))
                else:
                    remaining[refused.reason] += 1
                    kept.append(replace(line, reason=refused.reason, detail=refused.detail))
            revised |= self._deliver(good)
            quarantine.replace(self._store, key, sorted(kept, key=lambda line: line.ordinal))
            rows += len(chosen)
            delivered += len(good)
        return RetryReport(rows, delivered, sorted(revised), dict(remaining.most_common()))

    def _mapped(
        self, line: QuarantinedRow, text: str | None
    ) -> tuple[list[ChargeRow], RejectedRow | None]:
        receipt = self._receipt_of(line)
        settings = {**receipt.completed["settings"], **self._settings}
        kind = KINDS.get(receipt.source)
        if kind is None:
            raise SourceError(f"rows of source {receipt.source!r} cannot be retried")
        mapper = kind.mapper(line.file, line.columns, settings)
        own = line.text if text is None else text
        mapped = mapper.map(line.ordinal, _Row(line.line, _cells(own, line.columns), own))
        refused = next((m for m in mapped if isinstance(m, RejectedRow)), None)
        return [m for m in mapped if isinstance(m, ChargeRow)], refused

    def _receipt_of(self, line: QuarantinedRow) -> Receipt:
        for mode in ("overwrite", "append"):
            found = self._receipts.get(line.scope, mode, line.delivery_id)
            if found is not None and found.is_sent:
                return found
        raise SourceError(
            f"delivery {line.delivery_id} of {line.file} was not completed; "
            "run its ingest again, then retry"
        )

    def _deliver(self, good: Sequence[tuple[QuarantinedRow, list[ChargeRow]]]) -> set[str]:
        """Send the events of rows that have become good, and the new promises."""
        revisions: dict[str, _Revision] = {}
        for line, charges in good:
            origin = self._receipt_of(line)
            left = self._revision(revisions, origin, line.scope)
            left.release(line)
            for charge in charges:
                # A row whose account was unreadable may belong to another scope of its ingest.
                self._revision(revisions, origin, charge.scope).add(charge)
        for revision in revisions.values():
            for record in revision.records():
                self._delivery.put(record)
        self._delivery.flush()
        for revision in revisions.values():
            self._delivery.put(revision.completion())
        self._delivery.flush()
        for revision in revisions.values():
            self._receipts.write(revision.receipt(self._now()))
        return set(revisions)

    def _revision(
        self, revisions: dict[str, "_Revision"], origin: Receipt, scope: Scope
    ) -> "_Revision":
        delivery_id = origin.delivery_id
        if scope != origin.scope:
            delivery_id = delivery_id_of(origin.ingest_id, scope)
        found = revisions.get(delivery_id)
        if found is None:
            earlier = self._receipts.get(scope, origin.mode, delivery_id)
            found = _Revision(earlier or _empty(origin, delivery_id, scope), self._settings)
            revisions[delivery_id] = found
        return found


class _Revision:
    """The next revision of one delivery: what it had, and the rows that came to it."""

    def __init__(self, receipt: Receipt, settings: Mapping[str, str]) -> None:
        self._receipt = receipt
        self._settings = settings
        completed = receipt.completed
        # A day whose rows an earlier delivery holds stays; its new rows stand beside it.
        self._held = [day for day in completed["days"] if day["held_by"]]
        own = [day for day in completed["days"] if not day["held_by"]]
        self._totals = DeliveryTotals.of(own, ())
        self._rejected = {(g["reason"], g["currency"]): dict(g) for g in completed["rejected"]}
        self._encoder = ChargeEncoder()
        self._packer = Packer(self._encoder)
        self._records: list[Record] = []

    def release(self, line: QuarantinedRow) -> None:
        """Count one row less as rejected."""
        currency = line.currency if line.billed_cost is not None else None
        group = self._rejected.get((line.reason, currency))
        if group is not None:
            self._rejected[(line.reason, currency)] = _less(group, line.billed_cost)

    def add(self, charge: ChargeRow) -> None:
        """Take one event."""
        encoded = self._encoder.event(charge.charge)
        self._totals.add(charge, self._encoder.content(encoded))
        envelope = ChargeEnvelope(
            **self._envelope(),
            billing_period=charge.scope.billing_period,
            charge_date=charge.charge_date,
        )
        self._records += self._packer.add(envelope, charge.charge, encoded)

    def records(self) -> list[Record]:
        """Return the events as records."""
        return [*self._records, *self._packer.flush()]

    def completion(self) -> Record:
        """Return the new promise as a record."""
        message = codec.encode_completed(self._envelope(), self._completed())
        return Record(codec.compress(message), "deliveries", 0, 0)

    def receipt(self, now: int) -> Receipt:
        """Return the receipt of the new promise."""
        return replace(self._receipt, completed=self._completed(), sent_at=now)

    def _completed(self) -> DeliveryCompleted:
        before = self._receipt.completed
        days = [*self._held, *self._totals.days()]
        rejected = [Rejected(**g) for g in self._rejected.values() if g["rows"]]  # type: ignore[typeddict-item]
        return DeliveryCompleted(
            **{
                **before,
                "settings": {**before["settings"], **self._settings},
                "days": sorted(days, key=lambda day: (day["charge_date"], day["held_by"] or "")),
                "events": sum(day["events"] for day in days),
                "rejected": rejected,
                "revision": before["revision"] + 1,
            }
        )

    def _envelope(self) -> Envelope:
        return Envelope(
            delivery_id=self._receipt.delivery_id,
            delivery_mode=self._receipt.mode,
            source=self._receipt.source,
            mapper_version=KINDS[self._receipt.source].version,
        )


def _empty(origin: Receipt, delivery_id: str, scope: Scope) -> Receipt:
    """Return the receipt of a scope of which the ingest had no readable row so far."""
    completed = DeliveryCompleted(
        **{
            **origin.completed,
            "billing_account_id": scope.billing_account_id,
            "scope_period": scope.billing_period,
            "events": 0,
            "days": [],
            "rejected": [],
            "revision": 0,
        }
    )
    return replace(origin, delivery_id=delivery_id, completed=completed)


def _less(group: dict[str, object], cost: str | None) -> dict[str, object]:
    rows = int(str(group["rows"])) - 1
    before = group["billed_cost"]
    if before is None or cost is None:
        return {**group, "rows": rows}
    rest = EXACT.subtract(Decimal(str(before)), Decimal(cost))
    return {**group, "rows": rows, "billed_cost": plain_text(rest)}


def _cells(text: str, columns: Sequence[str]) -> Sequence[Value]:
    """Read a row's own text: CSV, or the JSON object of a file that has no text."""
    if text.startswith("{"):
        try:
            cells = json.loads(text)
        except ValueError:
            cells = None
        if isinstance(cells, dict) and set(cells) <= set(columns):
            return [cells.get(name) for name in columns]
    return next(csv.reader(io.StringIO(text, newline="")), [])
