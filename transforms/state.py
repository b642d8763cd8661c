"""The small objects under `state/`: the active evaluation, and what settle saw of each delivery."""

from dataclasses import asdict, dataclass

import orjson

from schemas.errors import StateError
from schemas.lake import ACTIVE_EVALUATION, DELIVERY_STATUS, ObjectStore, is_evaluation
from transforms.context import FIRST_EVALUATION

_RESTORE = "restore an earlier version of it, or delete it and run: finops settle"


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """What settle found of one delivery; the columns of `delivery_status`."""

    delivery_id: str
    evaluation: str
    status: str
    detail: str
    stored: int


def active_evaluation(store: ObjectStore, first: str = FIRST_EVALUATION) -> str:
    """Return the evaluation the views show; `first` where none was ever activated.

    Raises:
        StateError: the object under `state/` is not what `activate` writes.
    """
    try:
        name = str(orjson.loads(store.get(ACTIVE_EVALUATION))["evaluation"])
    except KeyError:
        return first
    except (ValueError, TypeError) as error:
        raise StateError(f"{ACTIVE_EVALUATION} is damaged ({error}); {_RESTORE}") from error
    if not is_evaluation(name):
        raise StateError(f"{ACTIVE_EVALUATION} names {name[:40]!r}; {_RESTORE}")
    return name


def activate(store: ObjectStore, evaluation: str) -> None:
    """Let the views show an evaluation: one small object, replaced whole."""
    store.put(ACTIVE_EVALUATION, orjson.dumps({"evaluation": evaluation}) + b"\n")


def activate_first(store: ObjectStore, evaluation: str) -> None:
    """Write down what the views show where nobody has yet; never takes an activation back."""
    if not any(info.key == ACTIVE_EVALUATION for info in store.list(ACTIVE_EVALUATION)):
        activate(store, evaluation)


def read_status(store: ObjectStore) -> list[DeliveryStatus]:
    """Return what the last settle found; nothing before the first.

    Raises:
        StateError: the object is damaged.
    """
    try:
        body = store.get(DELIVERY_STATUS)
    except KeyError:
        return []
    try:
        return [DeliveryStatus(**orjson.loads(line)) for line in body.splitlines()]
    except (ValueError, TypeError) as error:
        raise StateError(f"{DELIVERY_STATUS} is damaged ({error}); {_RESTORE}") from error


def write_status(store: ObjectStore, statuses: list[DeliveryStatus]) -> None:
    """Replace what settle found."""
    store.put(DELIVERY_STATUS, b"".join(orjson.dumps(asdict(s)) + b"\n" for s in statuses))
