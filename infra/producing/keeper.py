"""What a continuous producer leaves in the lake beside its records: quarantine and receipts."""

from collections.abc import Callable, Mapping
from typing import Any

from producers import quarantine
from producers.receipts import Receipt, Receipts
from schemas.lake import ObjectStore


class LakeKeeper:
    """Keeps rejected rows and receipts in the lake's bucket.

    Args:
        store: the lake.
        now: microseconds since 1970 UTC.
    """

    def __init__(self, store: ObjectStore, now: Callable[[], int]) -> None:
        self._store = store
        self._now = now

    def rejected(self, delivery_id: str, number: int, lines: list[bytes]) -> None:
        """Keep rows that could not become events; the same number again replaces them."""
        quarantine.write(self._store, delivery_id, number, lines)

    def completed(self, end: Mapping[str, Any]) -> None:
        """Leave a receipt for each scope: an export of the same scope is not added unseen."""
        receipts = Receipts(self._store)
        for delivery_id, completed in end["deliveries"]:
            receipt = Receipt(
                delivery_id=delivery_id,
                ingest_id=end["ingest_id"],
                source=end["kind"],
                mode="append",
                mapper_version=end["mapper_version"],
                sent_at=0,
                completed=completed,
            )
            receipts.write(receipt.accepted(self._now()))
