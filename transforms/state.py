"""The small objects under `state/`: which delivery each day is read from, and what settle saw."""

from dataclasses import asdict, dataclass

import orjson

from schemas.lake import (
    ACTIVE_EVALUATION,
    CURRENT_STATE,
    DELIVERY_STATUS,
    ObjectStore,
    is_evaluation,
)
from transforms.context import FIRST_EVALUATION
from transforms.errors import StateError

_RESTORE = "restore an earlier version of it, or delete it and run: finops settle"


@dataclass(frozen=True, slots=True, order=True)
class CurrentDay:
    """One entry of `state/current`: this day of this scope is read from this delivery."""

    evaluation: str
    source: str
    billing_account_id: str
    billing_period: str
    charge_date: str
    delivery_id: str
    asserted_by: str
    asserted_at: str
    events: int


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """What settle found of one delivery; the columns of `delivery_status`."""

    delivery_id: str
    evaluation: str
    status: str
    detail: str
    stored: int


def active_evaluation(store: ObjectStore) -> str:
    """Return the evaluation the views show; the first one where none was ever activated.

    Raises:
        StateError: the object under `state/` is not what `activate` writes.
    """
    try:
        name = str(orjson.loads(store.get(ACTIVE_EVALUATION))["evaluation"])
    except KeyError:
        return FIRST_EVALUATION
    except (ValueError, TypeError) as error:
        raise StateError(f"{ACTIVE_EVALUATION} is damaged ({error}); {_RESTORE}") from error
    if not is_evaluation(name):
        raise StateError(f"{ACTIVE_EVALUATION} names {name[:40]!r}; {_RESTORE}")
    return name


def activate(store: ObjectStore, evaluation: str) -> None:
    """Let the views show an evaluation: one small object, replaced whole."""
    store.put(ACTIVE_EVALUATION, orjson.dumps({"evaluation": evaluation}) + b"\n")


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
        raise StateError(f"{CURRENT_STATE} is damaged ({error}); {_RESTORE}") from error


def write_current(store: ObjectStore, days: list[CurrentDay]) -> None:
    """Replace the current state: one put, so that a month flips whole or not at all."""
    store.put(CURRENT_STATE, _lines(sorted(days)))


def write_status(store: ObjectStore, statuses: list[DeliveryStatus]) -> None:
    """Replace what settle found."""
    store.put(DELIVERY_STATUS, _lines(statuses))


def _lines(values: list[CurrentDay] | list[DeliveryStatus]) -> bytes:
    return b"".join(orjson.dumps(asdict(value)) + b"\n" for value in values)
