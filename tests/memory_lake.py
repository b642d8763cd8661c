"""A lake in memory: everything that was sent is there, in the answers that settle asks for.

The stack in `tests/e2e` holds the same against Firehose and Athena; here a scenario takes
milliseconds, so that many can be told.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import orjson

from infra.local.store import MemoryStore
from producers.delivery import Delivery
from producers.identity import ingest_id
from producers.ingest import Ingest, Options
from producers.ingest_report import IngestReport
from producers.retry import Retry, RetryReport
from producers.sources import Source
from producers.sources.discovery import assemblies
from producers.sources.places import LocalFolder
from producers.sources.table_source import TableSource
from producers.spool import StoreSpool
from producers.transport import ScriptedTransport
from schemas.codec import Batch, decode
from schemas.current_state import read_current
from transforms.settle import SettleReport, settle

NOW = datetime(2026, 11, 25, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MemoryLake:
    """A store, a stream that everything arrives from at once, and the view over both."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.transport = ScriptedTransport()
        self.asked: list[str] = []

    def ingest(
        self,
        source: Source,
        reached: Callable[[str], None] = lambda step: None,
        **options: Any,
    ) -> IngestReport:
        """Ingest a source, without settling."""
        ingest = Ingest(
            source,
            self.delivery(),
            self.store,
            StoreSpool(self.store, ingest_id(source)),
            self.now,
            options=Options(**options),
            reached=reached,
        )
        report = ingest.run()
        assert report is not None
        return report

    def retry(self, **settings: str) -> RetryReport:
        """Retry every quarantined row."""
        return Retry(self.store, self.delivery(), self.now, settings).run(lambda row: True)

    def settle(self, *accepted: str, only_waiting: bool = False) -> SettleReport:
        """Settle."""
        return settle(self, self.store, NOW, frozenset(accepted), only_waiting=only_waiting)

    def delivery(self) -> Delivery:
        """Return a way into the stream."""
        return Delivery(self.transport, lambda seconds: None, Random(1), lambda: None)

    @staticmethod
    def now() -> int:
        """Return the moment in microseconds."""
        return (NOW - _EPOCH) // timedelta(microseconds=1)

    def shown(self) -> tuple[int, Decimal]:
        """Return rows and billed cost of what the view `charges` shows."""
        current = {
            (d.delivery_id, d.billing_period, d.charge_date) for d in read_current(self.store)
        }
        costs = [
            Decimal(event["billed_cost"])
            for (delivery, period, date, _), event in self._charges().items()
            if (delivery, period, date) in current
        ]
        return len(costs), sum(costs, Decimal(0))

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Answer the two questions of settle: rows by day, and assertions."""
        self.asked.append(sql)
        if "charges_stored" in sql:
            days = Counter(key[:3] for key in self._charges())
            names = ("delivery_id", "billing_period", "charge_date")
            return [{**dict(zip(names, day, strict=True)), "events": n} for day, n in days.items()]
        return [
            {
                **batch.envelope,
                **event,
                "asserted_at": (_EPOCH + timedelta(microseconds=event["asserted_at"])).replace(
                    tzinfo=None
                ),
                "days": orjson.dumps(event["days"]).decode(),
                "rejected": orjson.dumps(event["rejected"]).decode(),
                "path": "finops-1-2026-11-24-10-00-00-x.parquet",
            }
            for batch in self._batches()
            if not batch.is_charges
            for event in batch.events
        ]

    def _charges(self) -> dict[tuple[str, str, str, int], dict[str, Any]]:
        return {
            (
                batch.delivery_id,
                batch.envelope["billing_period"],
                batch.envelope["charge_date"],
                event["ordinal"],
            ): event
            for batch in self._batches()
            if batch.is_charges
            for event in batch.events
        }

    def _batches(self) -> Iterator[Batch]:
        for record in self.transport.accepted:
            batch = decode(record)
            assert isinstance(batch, Batch)
            yield batch


def only_source(folder: Path) -> Source:
    """Return the one FOCUS source in a folder."""
    place = LocalFolder(folder)
    (found,) = assemblies(place)
    return TableSource(found, place, "focus")


def dies_at(step: str) -> Callable[[str], None]:
    """Return what ends a process at a step."""

    def reached(name: str) -> None:
        if name == step:
            raise KeyboardInterrupt

    return reached


def ids(report: IngestReport) -> Sequence[str]:
    """Return the ids of an ingest's deliveries."""
    return [scope.delivery_id for scope in report.scopes]
