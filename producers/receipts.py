"""Receipts: what the producers remember of every delivery they completed, one small object each.

They answer the questions an ingest has before it sends anything, from S3 alone: was this delivered
before, who holds the scope, which days are unchanged. A lost receipt costs a second sending of the
same events, under the same ids; it never changes an answer.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from typing import Any

import orjson

from producers.sources import Scope
from schemas.amounts import EXACT, plain_text
from schemas.errors import StateError
from schemas.events import Day, DeliveryCompleted, DeliveryMode, Rejected
from schemas.lake import INGESTED, ObjectStore


@dataclass(frozen=True, slots=True)
class Receipt:
    """One completed delivery."""

    delivery_id: str
    ingest_id: str
    """The ingest it was part of; the ids of all its deliveries derive from it."""
    source: str
    mode: DeliveryMode
    mapper_version: str
    sent_at: int
    """When its last record was accepted, microseconds since 1970 UTC. 0: it is being completed."""
    completed: DeliveryCompleted
    """Its newest assertion."""
    earlier: list[tuple[int, bool]] = field(default_factory=list)
    """Its older assertions: when, and whether they replaced the scope."""
    accepted_at: int = 0
    """The time of assertion of the newest completion that was accepted; a newer one only claims."""
    retried: list[int] = field(default_factory=list)
    """Ordinals of rejected rows that became events since, or left for another scope."""

    @property
    def scope(self) -> Scope:
        """What it covers."""
        return Scope(self.completed["billing_account_id"], self.completed["scope_period"])

    @property
    def asserted_at(self) -> int:
        """When its source last said so, microseconds since 1970 UTC."""
        return self.completed["asserted_at"]

    @property
    def is_sent(self) -> bool:
        """Whether its completion was accepted; before that it only claims its scope."""
        return self.sent_at > 0

    def claims(self) -> Iterator["Claim"]:
        """Yield what it claimed, each time that it was asserted; nothing without an event."""
        if self.completed["events"]:
            for asserted_at, replaces_scope in self._said():
                yield Claim(self, asserted_at, replaces_scope, asserted_at <= self.accepted_at)

    def claiming(self, completed: DeliveryCompleted) -> "Receipt":
        """Return the receipt of its next assertion, which is not accepted yet."""
        now = (completed["asserted_at"], completed["replaces_scope"])
        said = set(map(_pair, self.earlier)) if self.is_pending else self._said()
        return replace(self, completed=completed, earlier=sorted(said - {now}))

    def accepted(self, sent_at: int) -> "Receipt":
        """Return the receipt once its newest assertion was accepted."""
        return replace(self, sent_at=sent_at, accepted_at=self.asserted_at)

    @property
    def is_pending(self) -> bool:
        """Whether its newest assertion was claimed, and maybe never sent."""
        return self.asserted_at > self.accepted_at

    def _said(self) -> set[tuple[int, bool]]:
        newest = (self.asserted_at, self.completed["replaces_scope"])
        return {newest, *map(_pair, self.earlier)}

    def billed(self) -> dict[str, str]:
        """Return its billed cost by currency, exact decimal text, residues included."""
        return billed(self.completed["days"])


@dataclass(frozen=True, slots=True)
class Claim:
    """That a scope is what a delivery holds, said at one time (`schemas.scopes.Claim`)."""

    receipt: Receipt
    asserted_at: int
    replaces_scope: bool
    is_said: bool
    """Whether its completion was accepted; until then it only warns others."""

    @property
    def delivery_id(self) -> str:
        """The delivery."""
        return self.receipt.delivery_id

    @property
    def dataset_instance(self) -> str:
        """Which instance of its scope it fills."""
        return self.receipt.completed["dataset_instance"]


class Receipts:
    """The receipts of a lake, found by scope."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def write(self, receipt: Receipt) -> None:
        """Remember a delivery, in place of an earlier assertion of it."""
        self._store.put(_key(receipt), orjson.dumps(asdict(receipt)))

    def restore(self, receipt: Receipt, before: Receipt | None) -> None:
        """Take a claim back."""
        if before is not None:
            self.write(before)
        else:
            self._store.delete(_key(receipt))

    def of(self, scope: Scope) -> list[Receipt]:
        """Return every delivery that covers a scope as a whole."""
        found = self._store.list(_prefix(scope) + "overwrite/")
        return [_read(info.key, self._store.get(info.key)) for info in found]

    def claims(self, scope: Scope) -> list[Claim]:
        """Return everything that was ever claimed of a scope as a whole."""
        return [claim for receipt in self.of(scope) for claim in receipt.claims()]

    def get(self, scope: Scope, mode: DeliveryMode, delivery_id: str) -> Receipt | None:
        """Return the receipt of one delivery."""
        key = f"{_prefix(scope)}{mode}/{delivery_id}.json"
        try:
            return _read(key, self._store.get(key))
        except KeyError:
            return None

    def appended(self, scope: Scope) -> Receipt | None:
        """Return one of the deliveries that append to a scope, if there are any."""
        for info in self._store.list(_prefix(scope) + "append/"):
            return _read(info.key, self._store.get(info.key))
        return None


def _pair(said: Sequence[Any]) -> tuple[int, bool]:
    """Return an assertion as JSON gave it back."""
    asserted_at, replaces_scope = said
    return asserted_at, replaces_scope


def billed(days: Iterable[Day]) -> dict[str, str]:
    """Return the billed cost of promised days by currency: exact decimal text with residues."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for day in days:
        for entry in day["sums"]:
            if entry["column_name"] == "billed_cost":
                exact = EXACT.add(Decimal(entry["stored"]), Decimal(entry["residue"]))
                sums[entry["currency"]] = EXACT.add(sums[entry["currency"]], exact)
    return {currency: plain_text(value) for currency, value in sorted(sums.items())}


def rejected_billed(groups: Iterable[Rejected]) -> dict[str, str]:
    """Return the billed cost of rejected rows by currency, where it could be read."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for entry in groups:
        if entry["billed_cost"] is not None:
            currency = entry["currency"] or "?"
            sums[currency] = EXACT.add(sums[currency], Decimal(entry["billed_cost"]))
    return {currency: plain_text(value) for currency, value in sorted(sums.items())}


def _prefix(scope: Scope) -> str:
    # An account id may be any text, with slashes even; its hash is safe in a key.
    account = hashlib.sha256(scope.billing_account_id.encode()).hexdigest()[:16]
    return f"{INGESTED}{scope.billing_period or 'unknown'}/{account}/"


def _key(receipt: Receipt) -> str:
    return f"{_prefix(receipt.scope)}{receipt.mode}/{receipt.delivery_id}.json"


def _read(key: str, body: bytes) -> Receipt:
    try:
        fields: Mapping[str, object] = orjson.loads(body)
        return Receipt(**fields)  # type: ignore[arg-type]
    except (ValueError, TypeError) as error:
        raise StateError(
            f"{key} is damaged ({error}); delete it and run the same ingest again"
        ) from error
