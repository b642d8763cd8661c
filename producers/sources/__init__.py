"""What every source of charges gives: rows in a fixed order, good or rejected, never skipped."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from schemas.amounts import Amount
from schemas.events import ChargeRecorded, DeliveryMode


@dataclass(frozen=True, slots=True)
class Scope:
    """What a delivery replaces as a whole, within one kind of source. Empty text: not known."""

    billing_account_id: str
    billing_period: str


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """A row that became an event; `amounts` are its exact amounts, residues included."""

    scope: Scope
    charge_date: str
    charge: ChargeRecorded
    amounts: tuple[tuple[str, Amount], ...]
    notes: tuple[str, ...] = ()
    """What had to be normalised, such as `time-without-zone`; each at most once a row."""


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that cannot become an event: where it stands, why, and its original text."""

    scope: Scope
    ordinal: int
    file: str
    line: int
    reason: str
    detail: str
    text: str
    currency: str | None = None
    billed_cost: Decimal | None = None
    """What could be read of its money, so that a delivery says what is missing from it."""


class Source(Protocol):
    """One thing that can be delivered: a file now, an export with a manifest later."""

    @property
    def kind(self) -> str:
        """Which mapper reads it, such as `focus`."""
        ...

    @property
    def mode(self) -> DeliveryMode:
        """Whether a delivery replaces its scope or adds to it."""
        ...

    @property
    def name(self) -> str:
        """How people call it: the file's name."""
        ...

    @property
    def mapper_version(self) -> str:
        """Version of the code that turns rows into events; part of a delivery's identity."""
        ...

    @property
    def fingerprint(self) -> str:
        """Hash of everything that is delivered; the same content has the same."""
        ...

    @property
    def asserted_at(self) -> int:
        """When the source said so, microseconds since 1970 UTC."""
        ...

    def rows(self) -> Iterator[ChargeRow | RejectedRow]:
        """Yield every row once, in order; the same source gives the same rows.

        Raises:
            SourceError: the source stops being readable.
        """
        ...
