"""`state/current`: which delivery each day is read from. Settle writes it, producers read it."""

from dataclasses import asdict, dataclass

import orjson

from schemas.errors import StateError
from schemas.lake import CURRENT_STATE, ObjectStore


@dataclass(frozen=True, slots=True, order=True)
class CurrentDay:
    """One entry: this day of this scope is read from this delivery."""

    evaluation: str
    source: str
    billing_account_id: str
    billing_period: str
    charge_date: str
    delivery_id: str
    asserted_by: str
    asserted_at: str
    events: int
    dataset_instance: str = ""


def read_current(store: ObjectStore) -> list[CurrentDay]:
    """Return the current state; empty before the first settle.

    Raises:
        StateError: the object is damaged.
    """
    try:
        body = store.get(CURRENT_STATE)
    except KeyError:
        return []
    try:
        return [CurrentDay(**orjson.loads(line)) for line in body.splitlines()]
    except (ValueError, TypeError) as error:
        raise StateError(
            f"{CURRENT_STATE} is damaged ({error}); restore an earlier version of it, or delete it "
            "and run: finops settle"
        ) from error


def write_current(store: ObjectStore, days: list[CurrentDay]) -> None:
    """Replace the current state: one put, so that a month flips whole or not at all."""
    store.put(CURRENT_STATE, b"".join(orjson.dumps(asdict(day)) + b"\n" for day in sorted(days)))
