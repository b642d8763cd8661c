"""What every source of charges gives: rows in a fixed order, good or rejected, never skipped.

Place (a folder, an S3 prefix) ── finds ──> Source (one delivery's worth)
Source ── has ──> Part (a file) ── opened as ──> Table (rows of cells) ── mapped by ──> Mapper
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import BinaryIO, Protocol

from schemas.amounts import Amount
from schemas.events import ChargeRecorded, DeliveryMode

SECOND_EVENT = 1 << 40
"""Added to a row's number for the second event of the same row (a fee and its unused part), so that
the first event's ordinal is the row's number whatever else a row gives."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a delivery replaces as a whole. Empty text: not known."""

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
    columns: tuple[str, ...] = ()
    """The header its text was read under, so that it can be read again on its own."""


Mapped = tuple[ChargeRow | RejectedRow, ...]
"""What became of one source row: an event, two (a fee and its unused part), or a rejection."""

Value = str | Mapping[str, str] | None
"""A cell: text as it stands, a map where the file has maps, nothing where it has a null."""


class TableRow(Protocol):
    """One row of a table of cells."""

    @property
    def line(self) -> int:
        """Its first line in a text file, from 1; its number, from 1, in any other."""
        ...

    @property
    def values(self) -> Sequence[Value]:
        """Its cells, in the order of the columns; more or fewer where the file is broken."""
        ...

    @property
    def text(self) -> str:
        """The text it was read from, or its cells as one JSON object where there was none.

        Bytes that are not UTF-8 stand in it as surrogate escapes, so that nothing is lost.
        """
        ...


class Table(Protocol):
    """An open file of rows under named columns."""

    @property
    def columns(self) -> Sequence[str]:
        """The names of the columns, in the file's order."""
        ...

    def rows(self) -> Iterator[TableRow]:
        """Yield the rows after the skipped ones, in order.

        Raises:
            SourceError: the file stops being readable.
        """
        ...


class Mapper(Protocol):
    """Turns the rows of one table into events; made from its columns. Pure."""

    def map(self, ordinal: int, row: TableRow) -> Mapped:
        """Turn a row into what it says, or say why it cannot."""
        ...


class SourceFile(Protocol):
    """One file or object, wherever it lies."""

    @property
    def name(self) -> str:
        """How people call it: its path within the place, or the file's name."""
        ...

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    @property
    def modified_at(self) -> int:
        """Microseconds since 1970 UTC."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes when the bytes change: a SHA-256, or an S3 ETag with the size."""
        ...

    def open(self) -> BinaryIO:
        """Open it for reading from the start; S3 objects need not be seekable.

        Raises:
            SourceError: it is missing or may not be read.
        """
        ...


class Place(Protocol):
    """A folder or an S3 prefix in which exports lie."""

    @property
    def name(self) -> str:
        """How people call it: the path or the S3 address, as given."""
        ...

    def files(self) -> Sequence[SourceFile]:
        """Return everything in it, at any depth, by name (relative, with `/`); no directories."""
        ...


class Part(Protocol):
    """One file of a source."""

    @property
    def name(self) -> str:
        """The file's name."""
        ...

    @property
    def size(self) -> int:
        """Bytes, for telling how far along we are."""
        ...

    @property
    def bytes_read(self) -> int:
        """How many of them the running `rows` has read."""
        ...

    def rows(self, first_ordinal: int, skip: int = 0) -> Iterator[Mapped]:
        """Yield what became of each row after the first `skip`, once, in order.

        Args:
            first_ordinal: the number of the part's first row, over all parts.
            skip: rows that were read before.

        Raises:
            SourceError: the file stops being readable.
        """
        ...


class Source(Protocol):
    """What is delivered at once: a file, a folder of files, an assembly of an export, an hour."""

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
        """How people call it: the file's or the export's name."""
        ...

    @property
    def dataset_instance(self) -> str:
        """What fills a scope (FOCUS's word): an export by name, or one file by its content.

        A newer delivery of the same instance replaces the older; another instance has to be asked.
        """
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
    def settings(self) -> Mapping[str, str]:
        """What a person filled in: column to value; part of the identity, kept in the delivery."""
        ...

    @property
    def asserted_at(self) -> int:
        """When the source said so, microseconds since 1970 UTC."""
        ...

    @property
    def parts(self) -> Sequence[Part]:
        """Its files, in the order of the manifest; the same source has the same rows."""
        ...

    def check(self) -> None:
        """Make sure that what was read is still what the source says.

        Raises:
            SourceChangedError: the manifest or a file changed meanwhile.
        """
        ...
