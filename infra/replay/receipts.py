"""What was replayed whole: a receipt for each object of raw/, so that a replay can be resumed.

raw/ is immutable, so what was replayed once under an evaluation never has to be again. A receipt
is written after the rows it is for; without it, the object's rows are written anew, the same.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from schemas.errors import StateError
from schemas.lake import REPLAYS, ObjectStore
from transforms.tallies import Day

_DIGITS = 20


@dataclass(frozen=True, slots=True)
class Receipt:
    """One object of raw/ as it was replayed: its events by day, and what could not be read."""

    raw_key: str
    days: Mapping[Day, int] = field(default_factory=dict)
    failed: Mapping[str, int] = field(default_factory=dict)
    """Records that could not be answered, by reason; they are in errors/ too."""

    @property
    def events(self) -> int:
        """How many events the object holds, copies counted."""
        return sum(self.days.values())


class Receipts:
    """The receipts of one evaluation.

    Args:
        store: the lake.
        evaluation: whose.
    """

    def __init__(self, store: ObjectStore, evaluation: str) -> None:
        self._store = store
        self._prefix = f"{REPLAYS}{evaluation}/"
        self._known = {info.key for info in store.list(self._prefix)}

    def __len__(self) -> int:
        return len(self._known)

    def read(self, raw_key: str) -> Receipt | None:
        """Return the receipt of an object of raw/; None where it was not replayed whole.

        Raises:
            StateError: it is damaged.
        """
        key = self._key(raw_key)
        if key not in self._known:
            return None
        try:
            document = orjson.loads(self._store.get(key))
            days = {(d, p, c): int(n) for d, p, c, n in document["days"]}
            if document["raw_key"] != raw_key:
                raise ValueError(f"it is of {document['raw_key']}")
            return Receipt(raw_key, days, dict(document["failed"]))
        except KeyError:
            return None
        except (ValueError, TypeError) as error:
            raise StateError(
                f"{key} is damaged ({error}); replay again with: finops replay --again"
            ) from error

    def write(self, receipt: Receipt) -> None:
        """Write down that an object was replayed whole; its rows are there already."""
        key = self._key(receipt.raw_key)
        days = [[*day, events] for day, events in sorted(receipt.days.items())]
        document = {"raw_key": receipt.raw_key, "days": days, "failed": dict(receipt.failed)}
        self._store.put(key, orjson.dumps(document) + b"\n")
        self._known.add(key)

    def _key(self, raw_key: str) -> str:
        return f"{self._prefix}{name_of(raw_key)}.json"


def name_of(raw_key: str) -> str:
    """Return a short name of an object of raw/ that is safe in a file name."""
    return hashlib.sha256(raw_key.encode()).hexdigest()[:_DIGITS]
