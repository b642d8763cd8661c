"""The two event types, as the plain mappings that Avro reads and writes.

Amounts are canonical decimal text (`schemas.amounts`), times are microseconds since 1970 in UTC.
The `.avsc` files under `schemas/avro` are the definition; these types only name their fields.
"""

from typing import Any, Literal, TypedDict

DeliveryMode = Literal["overwrite", "append"]

ChargeRecorded = dict[str, Any]
"""One charge line: `ordinal`, the columns of `schemas.tables.FOCUS`, `x_extensions`. A plain dict,
because 69 optional fields are read by name from a table of columns, never one by one."""


class Sum(TypedDict):
    """Exact sum of one amount column of one day, in one currency; decimal text."""

    currency: str
    column_name: str
    stored: str
    residue: str


class Day(TypedDict):
    """What a delivery promises for one (billing period, charge date)."""

    billing_period: str
    charge_date: str
    events: int
    content_hash: str
    held_by: str | None
    sums: list[Sum]


class Rejected(TypedDict):
    """Rows that could not become events, by reason and currency, with their billed cost."""

    reason: str
    rows: int
    currency: str | None
    billed_cost: str | None


class DeliveryCompleted(TypedDict):
    """Closes a delivery; `asserted_at` in microseconds since 1970, UTC."""

    ordinal: int
    source_name: str
    dataset_instance: str
    replaces_scope: bool
    settings: dict[str, str]
    billing_account_id: str
    scope_period: str
    asserted_at: int
    events: int
    days: list[Day]
    rejected: list[Rejected]
    revision: int


class Envelope(TypedDict):
    """What all events of one record share. Charges also have their partition."""

    delivery_id: str
    delivery_mode: DeliveryMode
    source: str
    mapper_version: str


class ChargeEnvelope(Envelope):
    """The envelope of a record of charges: all of one billing period and charge date."""

    billing_period: str
    charge_date: str


def event_id(delivery_id: str, ordinal: int) -> str:
    """Return an event's identity as text."""
    return f"{delivery_id}:{ordinal}"
