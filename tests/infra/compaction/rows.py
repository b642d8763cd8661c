"""Charge rows for Parquet files, and files of them as Firehose's converter writes them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from infra.local.firehose.parquet import write_parquet
from infra.local.firehose.settings import Parquet
from infra.replay.row_path import lake_schema

PARQUET = Parquet("SNAPPY", dictionary=True, page_size=1024 * 1024)
_NOTHING: Mapping[str, Any] = dict.fromkeys(lake_schema().names)


def row(ordinal: int, delivery: str = "d1", **given: Any) -> dict[str, Any]:
    """Return a row with every kind of value; `given` goes over it."""
    return {
        **_NOTHING,
        "delivery_id": delivery,
        "ordinal": ordinal,
        "delivery_mode": "overwrite",
        "billing_currency": "USD",
        "billing_period_start": datetime(2026, 9, 1),
        "charge_period_start": datetime(2026, 9, 3, 4, 5, 6, 789012),
        "billed_cost": Decimal("0.000000000001") * ordinal,
        "service_name": f"s{ordinal % 3}",
        "sub_account_id": f"a{ordinal % 2}",
        "tags": [("CostCenter", "x"), ("costcenter", "y")] if ordinal % 2 else [],
        "x_extensions": None,
        "missing_tags": ["Team", "Owner"] if ordinal % 2 else [],
        "findings": [{"rule": "r", "amount": Decimal(1)}] if ordinal % 3 else None,
        "rules_version": "v1",
        "policy_version": "p",
        "baseline_version": "none",
        **given,
    }


def write(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write rows as a file of the lake."""
    table = pa.Table.from_pylist([dict(r) for r in rows], schema=lake_schema())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(write_parquet(table, PARQUET))
    return path


def read(paths: Iterable[Path]) -> pa.Table:
    """Read files as they lie there, in order."""
    return pa.concat_tables([pq.ParquetFile(path).read() for path in paths])


def sorted_table(table: pa.Table) -> pa.Table:
    """Return a table in an order of its own."""
    return table.sort_by(
        [(name, "ascending") for name in ("delivery_id", "ordinal", "baseline_version")]
    )
