"""Rejected rows delivered after all: mapped again, under the ids that were kept for them.

A row's ordinal was reserved when it was rejected, so the event it becomes belongs to the same
delivery. The delivery's next revision promises it; what still cannot be mapped stays in quarantine.
Killed at any point, the same command again has the same end: a receipt remembers which ordinals
were retried, and is written before their rows leave quarantine.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from producers import quarantine
from producers.delivery import Delivery
from producers.identity import delivery_id_of
from producers.quarantine import QuarantinedRow
from producers.receipts import Receipt, Receipts
from producers.revision import Revision, unheld
from producers.sources import ChargeRow, RejectedRow, Scope, Value
from producers.sources.kinds import KINDS
from schemas.lake import ObjectStore
from schemas.scopes import holders


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


@dataclass(frozen=True, slots=True)
class _Good:
    """A row that has become good: its events, and the delivery that had rejected it."""

    line: QuarantinedRow
    origin: Receipt
    charges: list[ChargeRow]


@dataclass(frozen=True, slots=True)
class _Stays:
    """Why a row stays in quarantine."""

    reason: str
    detail: str


class Retry:
    """Maps quarantined rows again and delivers those that have become good.

    Memory: one object of quarantined rows.

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
            DeliveryError: the stream refused records; their rows stay in quarantine.
        """
        rows = delivered = 0
        remaining: Counter[str] = Counter()
        revised: set[str] = set()
        for key in quarantine.keys(self._store):
            lines = quarantine.read_object(self._store, key)
            if not any(map(wanted, lines)):
                continue
            # An object is of one delivery, and of few scopes: what is known of them serves it all.
            known = _Known(self._receipts)
            good: list[_Good] = []
            kept: list[QuarantinedRow] = []
            for line in lines:
                if not wanted(line):
                    kept.append(line)
                    continue
                rows += 1
                found = self._mapped(line, text, known)
                if isinstance(found, _Good):
                    good.append(found)
                else:
                    remaining[found.reason] += 1
                    # Its reason stays: the delivery counts the row under it.
                    kept.append(replace(line, detail=found.detail))
            revised |= self._deliver(good)
            quarantine.replace(self._store, key, kept)
            delivered += len(good)
        return RetryReport(rows, delivered, sorted(revised), dict(remaining.most_common()))

    def _mapped(self, line: QuarantinedRow, text: str | None, known: "_Known") -> _Good | _Stays:
        origin = known.origin(line)
        if origin is None:
            return _Stays("delivery-not-completed", "run its ingest again, then retry")
        kind = KINDS.get(origin.source)
        if kind is None:
            return _Stays("unknown-source", f"source {origin.source!r} cannot be retried")
        settings = {**origin.completed["settings"], **self._settings}
        mapper = kind.mapper(line.file, line.columns, settings)
        own = line.text if text is None else text
        mapped = mapper.map(line.ordinal, _Row(line.line, _cells(own, line.columns), own))
        for row in mapped:
            if isinstance(row, RejectedRow):
                return _Stays(row.reason, row.detail)
        charges = [row for row in mapped if isinstance(row, ChargeRow)]
        for charge in charges:
            why = known.why_not(origin, charge)
            if why is not None:
                return why
        return _Good(line, origin, charges)

    def _deliver(self, good: Sequence[_Good]) -> set[str]:
        """Send the events of rows that have become good, and the new promises."""
        revisions: dict[str, Revision] = {}
        for row in good:
            self._revision(revisions, row.origin, row.origin.scope).release(row.line)
            for charge in row.charges:
                # A row whose account was unreadable may belong to another scope of its ingest.
                self._revision(revisions, row.origin, charge.scope).add(row.line.ordinal, charge)
        changed = [revision for revision in revisions.values() if revision.is_changed]
        for revision in changed:
            for record in revision.records():
                self._delivery.put(record)
        self._delivery.flush()
        for revision in changed:
            self._delivery.put(revision.completion())
        self._delivery.flush()
        for revision in changed:
            self._receipts.write(revision.receipt(self._now()))
        return {revision.delivery_id for revision in changed}

    def _revision(self, revisions: dict[str, Revision], origin: Receipt, scope: Scope) -> Revision:
        delivery_id = _target(origin, scope)
        found = revisions.get(delivery_id)
        if found is None:
            earlier = self._receipts.get(scope, origin.mode, delivery_id)
            receipt = earlier or unheld(origin, delivery_id, scope)
            found = revisions[delivery_id] = Revision(receipt, self._settings)
        return found


class _Known:
    """What is known of deliveries and scopes; each is asked for once."""

    def __init__(self, receipts: Receipts) -> None:
        self._receipts = receipts
        self._origins: dict[tuple[str, Scope], Receipt | None] = {}
        self._scopes: dict[Scope, list[Receipt]] = {}

    def origin(self, line: QuarantinedRow) -> Receipt | None:
        """Return the delivery that rejected a row, if it was completed."""
        key = (line.delivery_id, line.scope)
        if key not in self._origins:
            found = [
                self._receipts.get(line.scope, mode, line.delivery_id)
                for mode in ("overwrite", "append")
            ]
            self._origins[key] = next((r for r in found if r is not None and r.is_sent), None)
        return self._origins[key]

    def why_not(self, origin: Receipt, charge: ChargeRow) -> _Stays | None:
        """Say why an event may not join its delivery; None where it may."""
        if origin.mode == "append":
            return None
        delivery_id = _target(origin, charge.scope)
        if charge.scope not in self._scopes:
            self._scopes[charge.scope] = self._receipts.of(charge.scope)
        receipts = self._scopes[charge.scope]
        for receipt in receipts:
            if receipt.delivery_id != delivery_id and _holds(receipt, delivery_id, charge):
                detail = f"its day is shown for the newer {receipt.delivery_id}; retry that one's"
                return _Stays("held-by-newer-delivery", detail)
        target = next((r for r in receipts if r.delivery_id == delivery_id), None)
        if target is None or not target.completed["events"]:
            instance = origin.completed["dataset_instance"]
            claims = [claim for receipt in receipts for claim in receipt.claims()]
            for claim in holders(claims):
                if claim.dataset_instance != instance:
                    name = claim.receipt.completed["source_name"]
                    return _Stays("scope-held", f"{name} holds its scope; ingest it with --add")
        return None


def _holds(receipt: Receipt, delivery_id: str, charge: ChargeRow) -> bool:
    """Tell whether a delivery lets another one's day stand for its own."""
    return any(
        day["held_by"] == delivery_id and day["charge_date"] == charge.charge_date
        for day in receipt.completed["days"]
    )


def _target(origin: Receipt, scope: Scope) -> str:
    if scope == origin.scope:
        return origin.delivery_id
    return delivery_id_of(origin.ingest_id, scope)


def _cells(text: str, columns: Sequence[str]) -> Sequence[Value]:
    """Read a row's own text: CSV, or the JSON object of a file that has no text."""
    if text.startswith("{"):
        try:
            # Numbers keep the digits they are written with.
            cells = json.loads(text, parse_float=str, parse_int=str)
        except ValueError:
            cells = None
        if isinstance(cells, dict) and set(cells) <= set(columns):
            return [cells.get(name) for name in columns]
    return next(csv.reader(io.StringIO(text, newline="")), [])
