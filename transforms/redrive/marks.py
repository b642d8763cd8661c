"""What redrives did, kept beside the lake's other state: one object for each object of errors/.

    state/redrives/<hash of the error object's key>.json

A mark is written after the stream has accepted what it tells of. A process that dies between the
two sends the same events again, with the same ids, and no view changes.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass

import orjson

from schemas.errors import StateError
from schemas.lake import REDRIVES, ObjectStore
from transforms.auditing.ordinals import pack, unpack
from transforms.tallies import Day

PUT = "put"
"""It was put back."""
THERE = "there"
"""Its rows had arrived otherwise."""
COVERED = "covered"
"""Another line tells of the same failure, and was put back."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What became of one line."""

    number: int
    action: str
    round: int
    """How often its events have been put back by then."""
    at_millis: int
    """When, before it was put."""
    delivery_id: str
    billing_period: str
    charge_date: str
    events: str
    """Those that were put; see `transforms.auditing.ordinals`."""

    @property
    def day(self) -> Day:
        """Whose events they were."""
        return (self.delivery_id, self.billing_period, self.charge_date)

    @classmethod
    def of(
        cls, number: int, action: str, nth: int, at_millis: int, day: Day, events: Iterable[int]
    ) -> "Mark":
        """Make a mark."""
        return cls(number, action, nth, at_millis, *day, pack(events))

    def ordinals(self) -> set[int]:
        """Return the events."""
        return unpack(self.events)


class Marks:
    """All marks.

    Args:
        store: the lake.

    Raises:
        StateError: one of the objects is damaged.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._marks: dict[str, dict[int, Mark]] = defaultdict(dict)
        for info in store.list(REDRIVES):
            try:
                document = orjson.loads(store.get(info.key))
                marks = [Mark(**mark) for mark in document["lines"]]
                for mark in marks:
                    mark.ordinals()
                self._marks[document["key"]] = {mark.number: mark for mark in marks}
            except (ValueError, TypeError, KeyError) as error:
                raise StateError(
                    f"{info.key} is damaged ({error}); restore an earlier version of it, or delete "
                    "it: its records are put back once more, and no view changes"
                ) from error

    def __iter__(self) -> Iterator[Mark]:
        for marks in self._marks.values():
            yield from marks.values()

    def of(self, key: str) -> Mapping[int, Mark]:
        """Return the marks of an object of errors/, by line."""
        return self._marks.get(key, {})

    def add(self, key: str, marks: Iterable[Mark]) -> None:
        """Mark lines of an object of errors/: one put, so that they are marked or are not."""
        known = self._marks[key]
        known.update({mark.number: mark for mark in marks})
        document = {"key": key, "lines": [asdict(known[number]) for number in sorted(known)]}
        name = hashlib.sha256(key.encode()).hexdigest()[:24]
        self._store.put(f"{REDRIVES}{name}.json", orjson.dumps(document) + b"\n")
