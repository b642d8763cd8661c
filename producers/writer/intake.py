"""Events on their way to the spool: packed into records and counted, until the batch is due."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from producers.limits import MAX_RECORD_BYTES
from producers.packing import Packer, Record
from producers.quarantine import as_line
from producers.sources import ChargeRow, RejectedRow
from producers.writer.books import Books, Counted
from schemas.amounts import EXACT
from schemas.codec import ChargeEncoder
from schemas.events import ChargeEnvelope, event_id

MAX_EVENT_BYTES = MAX_RECORD_BYTES - 24_000
"""An event that gzip cannot shrink still fits a record, with its envelope and gzip's frame."""


TOO_LARGE = "event-too-large"
_KEPT_OF_TOO_LARGE = 4_096
"""Characters of such an event that quarantine keeps."""


class EventTooLargeError(Exception):
    """The event does not fit a Firehose record, whatever it is packed with."""

    def __init__(self) -> None:
        super().__init__(
            f"no Firehose record holds it ({MAX_EVENT_BYTES:,} bytes); shorten its texts"
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """What one entry of the spool will hold."""

    records: list[Record]
    counted: list[dict[str, Any]]
    rejected: list[list[str]]
    """Delivery id and JSON line, as quarantine keeps them."""
    events: int
    ordinals: int
    """The next event's ordinal."""
    first: int
    """The first ordinal of the batch."""
    position: Any
    """Where the source stood after its last row."""


class Intake:
    """Packs the events of one batch.

    Memory: the batch. Everything in it is closed together, so that a spool entry stands for a
    stretch of the source without gaps.

    Args:
        books: the open delivery; gives out ordinals and ids.
    """

    def __init__(self, books: Books) -> None:
        self._books = books
        self._encoder = ChargeEncoder()
        self._envelopes: dict[tuple[str, str, str], ChargeEnvelope] = {}
        self._begin()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was added since the last batch."""
        return self._books.ordinals == self._first

    @property
    def ordinal(self) -> int:
        """The ordinal of the next row."""
        return self._books.ordinals

    def add(self, row: ChargeRow, position: Any) -> str:
        """Take an event whose charge has the next ordinal; return its id.

        Raises:
            EventTooLargeError: no record can hold it; it was not taken.
        """
        books = self._books
        encoded = self._encoder.event(row.charge)
        if len(encoded) > MAX_EVENT_BYTES:
            raise EventTooLargeError
        delivery_id = books.delivery_id(row.scope)
        self._counted.add(row, self._encoder.content(encoded))
        envelope = self._envelope(delivery_id, row)
        self._records += self._packer.add(envelope, row.charge, encoded)
        self.raw_bytes += len(encoded)
        self._events += 1
        return self._took(delivery_id, position)

    def reject(self, row: RejectedRow, position: Any) -> str:
        """Take a row that cannot become an event, with the next ordinal; return its id."""
        delivery_id = self._books.delivery_id(row.scope)
        self._counted.reject(row)
        line = orjson.dumps(as_line(delivery_id, row)).decode()
        self._rejected.append([delivery_id, line])
        self.raw_bytes += len(line)
        return self._took(delivery_id, position)

    def reject_too_large(self, row: ChargeRow, why: EventTooLargeError, position: Any) -> str:
        """Take an event that no record can hold as a rejected row; return its id."""
        text = orjson.dumps(row.charge, default=str).decode()
        cost = next((amount for name, amount in row.amounts if name == "billed_cost"), None)
        rejected = RejectedRow(
            scope=row.scope,
            ordinal=self.ordinal,
            file="",
            line=0,
            reason=TOO_LARGE,
            detail=str(why),
            text=text[:_KEPT_OF_TOO_LARGE],
            currency=row.charge["billing_currency"],
            billed_cost=None if cost is None else EXACT.add(Decimal(cost.text), cost.residue),
        )
        return self.reject(rejected, position)

    def close(self) -> Batch:
        """Return the batch, and begin the next one."""
        self._records += self._packer.flush()
        counted = self._counted.as_documents()
        self._books.absorb(counted)
        batch = Batch(
            records=self._records,
            counted=counted,
            rejected=self._rejected,
            events=self._events,
            ordinals=self._books.ordinals,
            first=self._first,
            position=self._position,
        )
        self._begin()
        return batch

    def _begin(self) -> None:
        self._packer = Packer(self._encoder)
        self._counted = Counted()
        self._records: list[Record] = []
        self._rejected: list[list[str]] = []
        self._first = self._books.ordinals
        self._events = 0
        self._position: Any = None
        self.raw_bytes = 0

    def _took(self, delivery_id: str, position: Any) -> str:
        ordinal = self._books.ordinals
        self._books.ordinals += 1
        self._position = position
        return event_id(delivery_id, ordinal)

    def _envelope(self, delivery_id: str, row: ChargeRow) -> ChargeEnvelope:
        key = (delivery_id, row.scope.billing_period, row.charge_date)
        found = self._envelopes.get(key)
        if found is None:
            found = self._envelopes[key] = ChargeEnvelope(
                **self._books.envelope(row.scope), billing_period=key[1], charge_date=key[2]
            )
        return found
