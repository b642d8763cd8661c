"""Lakes for summaries and anomalies: daily costs of a few series, and the job's own ends."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson

from infra.local.store import MemoryStore
from schemas.lake import ACTIVE_EVALUATION, charges_partition
from transforms.anomalies import Anomaly

Costs = Mapping[str, Decimal]
"""By charge date."""


class CostLake:
    """A lake in memory whose charges are one usage row for each service and day.

    It answers the two questions of the jobs itself: tests of the SQL run on Athena.
    """

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.store = store or MemoryStore()
        self.store.put(ACTIVE_EVALUATION, orjson.dumps({"evaluation": "v1"}))
        self.services: dict[str, dict[str, Decimal]] = {}
        self.whose: dict[str, str] = {}
        """The owner of a service's resource, which is called after them; ana's otherwise."""
        self.told: list[list[Anomaly]] = []
        self.asked: list[str] = []
        self._writes = 0

    def deliver(self, service: str, costs: Costs) -> None:
        """Bring in a service's costs by day; what was there for these days is restated."""
        self.services.setdefault(service, {}).update(costs)
        for day in costs:
            self._writes += 1
            key = (
                f"processed/charges/{charges_partition('v1', day[:7], day)}/{self._writes}.parquet"
            )
            self.store.put(key, b"rows")

    def tell(self, anomalies: Any) -> None:
        """Take what people are told."""
        self.told.append(list(anomalies))

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Answer the summaries' question, and the one for resources."""
        self.asked.append(sql)
        resources = "resource_id" in sql
        return [
            {
                "charge_date": day,
                "billing_period": day[:7],
                "billing_account_id": "payer",
                "sub_account_id": "account",
                "service_name": service,
                "region_id": "us-east-1",
                "charge_category": "Usage",
                "charge_class": None,
                "owner": self.whose.get(service, "ana"),
                "billing_currency": "USD",
                "events": 1,
                "findings": 0,
                "billed_cost": cost,
                "effective_cost": cost,
                "list_cost": None,
                "untagged_cost": Decimal(0),
                "resource_id": f"{service}-{self.whose.get(service, 'ana')}",
                "cost": cost,
            }
            for service, costs in sorted(self.services.items())
            for day, cost in sorted(costs.items())
            if resources or f"'{day}'" in sql
        ]


def at(day: str, hour: int = 4) -> datetime:
    """Return a moment of a day, UTC."""
    return datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC)
