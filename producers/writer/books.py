"""What a continuous producer has delivered so far: whose ordinals, how many, and every sum.

A delivery begins with the first event and ends when it is closed, by the hour or with the producer.
Events carry the ids of their scope's delivery; ordinals run over all scopes.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from producers.identity import delivery_id_of
from producers.sources import ChargeRow, RejectedRow, Scope
from producers.totals import DeliveryTotals
from schemas.events import DeliveryCompleted, Envelope


@dataclass(frozen=True, slots=True)
class Origin:
    """Who began a delivery, and when: what its ids derive from.

    The nonce keeps two producers apart that have the same name on two machines and begin in the
    same microsecond, or whose clock was set back.
    """

    producer: str
    kind: str
    """The source's kind, as in the envelope."""
    mapper_version: str
    started_at: int
    """Microseconds since 1970 UTC."""
    nonce: str

    @property
    def ingest_id(self) -> str:
        """24 hex digits; no other delivery has them."""
        parts = ("stream", self.producer, self.kind, self.mapper_version)
        text = "\0".join((*parts, str(self.started_at), self.nonce))
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def as_document(self) -> dict[str, Any]:
        """Return it as JSON values, for `Origin(**document)`."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Books:
    """One open delivery, counted."""

    origin: Origin
    ordinals: int = 0
    """How many were given out: the next event's ordinal."""
    scopes: dict[Scope, DeliveryTotals] = field(default_factory=dict)
    _ids: dict[Scope, str] = field(default_factory=dict)

    def delivery_id(self, scope: Scope) -> str:
        """Return the id of a scope's part of the delivery."""
        found = self._ids.get(scope)
        if found is None:
            found = self._ids[scope] = delivery_id_of(self.origin.ingest_id, scope)
        return found

    def envelope(self, scope: Scope) -> Envelope:
        """Return what all events of a scope share."""
        return Envelope(
            delivery_id=self.delivery_id(scope),
            delivery_mode="append",
            source=self.origin.kind,
            mapper_version=self.origin.mapper_version,
        )

    def absorb(self, counted: Iterable[dict[str, Any]]) -> None:
        """Count on with what `as_documents` returned."""
        for document in counted:
            totals = self.scopes.setdefault(Scope(*document["scope"]), DeliveryTotals())
            totals.absorb(document["days"], document["rejected"])

    def completions(self, asserted_at: int) -> list[tuple[Scope, DeliveryCompleted]]:
        """Return what closes the delivery, one completion a scope.

        Args:
            asserted_at: microseconds since 1970 UTC.
        """
        return [
            (scope, self._completed(scope, self.scopes[scope], asserted_at))
            for scope in sorted(self.scopes, key=_order)
        ]

    def _completed(
        self, scope: Scope, totals: DeliveryTotals, asserted_at: int
    ) -> DeliveryCompleted:
        return DeliveryCompleted(
            ordinal=self.ordinals,
            source_name=self.origin.producer,
            dataset_instance=f"stream:{self.origin.producer}",
            replaces_scope=False,
            settings={},
            billing_account_id=scope.billing_account_id,
            scope_period=scope.billing_period,
            asserted_at=asserted_at,
            events=totals.events,
            days=totals.days(),
            rejected=totals.rejected(),
            revision=0,
        )


def _order(scope: Scope) -> tuple[str, str]:
    return scope.billing_account_id, scope.billing_period


class Counted:
    """What was counted since the last entry: small, so that an entry can say it."""

    def __init__(self) -> None:
        self._scopes: dict[Scope, DeliveryTotals] = {}

    def add(self, row: ChargeRow, content: bytes) -> None:
        """Count an event."""
        self._of(row.scope).add(row, content)

    def reject(self, row: RejectedRow) -> None:
        """Count a row that cannot become one."""
        self._of(row.scope).reject(row)

    def as_documents(self) -> list[dict[str, Any]]:
        """Return it as JSON values."""
        return as_documents(self._scopes)

    def _of(self, scope: Scope) -> DeliveryTotals:
        return self._scopes.setdefault(scope, DeliveryTotals())


def as_documents(scopes: dict[Scope, DeliveryTotals]) -> list[dict[str, Any]]:
    """Return totals by scope as JSON values, for `Books.absorb`."""
    return [
        {"scope": [scope.billing_account_id, scope.billing_period], **totals.state()}
        for scope, totals in scopes.items()
    ]
