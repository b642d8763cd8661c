"""The Lambda's spool: records that the stream did not accept, as objects until it does.

    spool/records/<microseconds>-<hash>.spool     one call's leftovers, as one entry of a spool file

Each invocation drains the oldest first. Two at once may send the same records: their ids are the
same. An object that cannot be read stays where it is, and is told of.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from producers.packing import Record
from producers.sending import Sender
from producers.spool_entry import HEADER, encode, read_entry
from schemas.lake import SPOOL, ObjectStore

RECORDS = f"{SPOOL}records/"


@dataclass(slots=True)
class Drained:
    """What became of the records that waited."""

    sent: int = 0
    left: int = 0
    """Records that the stream still did not accept."""
    unreadable: list[str] = field(default_factory=list)
    """Keys of objects that are damaged; nothing of them was sent."""


class StoreOutbox:
    """Keeps records in the lake's bucket.

    Args:
        store: the lake.
        now: microseconds since 1970 UTC.
    """

    def __init__(self, store: ObjectStore, now: Callable[[], int]) -> None:
        self._store = store
        self._now = now

    def keep(self, records: Sequence[Record]) -> None:
        """Keep records, durable when the call returns; the same ones again are kept once."""
        content = hashlib.sha256(b"".join(record.data for record in records)).hexdigest()[:24]
        if not any(content in key for key in self._keys()):
            self._put(f"{RECORDS}{self._now():020}-{content}.spool", records)

    def drain(self, sender: Sender) -> Drained:
        """Send what waits, oldest first, and stop where the stream takes no more.

        Raises:
            DeliveryError: the service refuses the call for good; nothing is lost.
        """
        drained = Drained()
        for key in self._keys():
            records = self._get(key)
            if records is None:
                drained.unreadable.append(key)
                continue
            if drained.left:
                drained.left += len(records)
                continue
            left = self._send(sender, records)
            drained.sent += len(records) - len(left)
            drained.left += len(left)
            if not left:
                self._store.delete(key)
            elif len(left) < len(records):
                self._put(key, left)
        return drained

    def _send(self, sender: Sender, records: Sequence[Record]) -> list[Record]:
        """Send one object's records, a call's worth at a time; return those not accepted."""
        left = list(records)
        while left:
            size = fitting = 0
            for record in left[: sender.max_records]:
                size += len(record.data)
                if fitting and size > sender.max_bytes:
                    break
                fitting += 1
            outcome = sender.send(left[:fitting])
            if outcome.failed:
                return [left[i] for i in outcome.failed] + left[fitting:]
            left = left[fitting:]
        return left

    def _keys(self) -> list[str]:
        return [info.key for info in self._store.list(RECORDS)]

    def _put(self, key: str, records: Sequence[Record]) -> None:
        self._store.put(key, HEADER + b"".join(encode(1, {}, records)))

    def _get(self, key: str) -> list[Record] | None:
        try:
            body = self._store.get(key)
        except KeyError:
            return []  # Another invocation sent it meanwhile.
        found = read_entry(body, len(HEADER)) if body.startswith(HEADER) else None
        return None if found is None else found[0].records
