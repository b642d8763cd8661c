"""The next revision of a delivery: what it had promised, and rows that came to it since."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from producers.packing import Packer, Record
from producers.quarantine import QuarantinedRow
from producers.receipts import Receipt
from producers.sources import ChargeRow, Scope
from producers.sources.kinds import KINDS
from producers.totals import DeliveryTotals
from schemas import codec
from schemas.amounts import EXACT, plain_text
from schemas.codec import ChargeEncoder
from schemas.events import ChargeEnvelope, DeliveryCompleted, Envelope, Rejected


class Revision:
    """Collects the rows of one delivery that have become good.

    Args:
        receipt: the delivery as it was promised.
        settings: what a person filled in now.
    """

    def __init__(self, receipt: Receipt, settings: Mapping[str, str]) -> None:
        self._receipt = receipt
        self._settings = settings
        self._done = frozenset(receipt.retried)
        self._retried = set(receipt.retried)
        completed = receipt.completed
        # A day whose rows an earlier delivery holds stays; its new rows stand beside it.
        self._held = [day for day in completed["days"] if day["held_by"]]
        own = [day for day in completed["days"] if not day["held_by"]]
        self._totals = DeliveryTotals.of(own, ())
        self._rejected = {(g["reason"], g["currency"]): g for g in completed["rejected"]}
        self._encoder = ChargeEncoder()
        self._packer = Packer(self._encoder)
        self._records: list[Record] = []

    @property
    def delivery_id(self) -> str:
        """The delivery."""
        return self._receipt.delivery_id

    @property
    def is_changed(self) -> bool:
        """Whether anything came that was not there before."""
        return self._retried != self._done

    def release(self, line: QuarantinedRow) -> None:
        """Count one row less as rejected, unless it was before."""
        if line.ordinal in self._done:
            return
        self._retried.add(line.ordinal)
        key = (line.reason, line.currency if line.billed_cost is not None else None)
        group = self._rejected.get(key)
        if group is not None:
            self._rejected[key] = _less(group, line.billed_cost)

    def add(self, ordinal: int, charge: ChargeRow) -> None:
        """Take one event of the row with this ordinal, unless it was taken before."""
        if ordinal in self._done:
            return
        self._retried.add(ordinal)
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
        """Return the receipt of the new promise, accepted `now` (microseconds since 1970 UTC)."""
        accepted = self._receipt.claiming(self._completed()).accepted(now)
        return replace(accepted, retried=sorted(self._retried))

    def _completed(self) -> DeliveryCompleted:
        before = self._receipt.completed
        days = [*self._held, *self._totals.days()]
        return DeliveryCompleted(
            **{
                **before,
                "settings": {**before["settings"], **self._settings},
                "days": sorted(days, key=lambda day: (day["charge_date"], day["held_by"] or "")),
                "events": sum(day["events"] for day in days),
                "rejected": [group for group in self._rejected.values() if group["rows"]],
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


def unheld(origin: Receipt, delivery_id: str, scope: Scope) -> Receipt:
    """Return the receipt of a scope of which its ingest had no readable row so far."""
    completed = DeliveryCompleted(
        **{
            **origin.completed,
            "billing_account_id": scope.billing_account_id,
            "scope_period": scope.billing_period,
            "replaces_scope": False,
            "events": 0,
            "days": [],
            "rejected": [],
            "revision": 0,
        }
    )
    return replace(origin, delivery_id=delivery_id, completed=completed, earlier=[], retried=[])


def _less(group: Rejected, cost: str | None) -> Rejected:
    rows = max(group["rows"] - 1, 0)
    before = group["billed_cost"]
    if before is not None and cost is not None:
        before = plain_text(EXACT.subtract(Decimal(before), Decimal(cost)))
    return Rejected(
        reason=group["reason"], rows=rows, currency=group["currency"], billed_cost=before
    )
