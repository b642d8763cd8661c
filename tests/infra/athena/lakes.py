"""A tiny lake, written as Firehose's converter writes it, and tables of every shape in use."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.tables import Column, Table

FINDING = "struct<rule:string,amount:decimal(38,12)>"
COST = pa.decimal128(38, 12)
ARROW = {
    "id": pa.int64(),
    "name": pa.string(),
    "cost": COST,
    "qty": COST,
    "at": pa.timestamp("us"),
    "tags": pa.map_(pa.string(), pa.string()),
    "labels": pa.list_(pa.string()),
    "findings": pa.list_(pa.struct([("rule", pa.string()), ("amount", COST)])),
}
ITEMS = Table(
    name="items",
    prefix="processed/items/",
    format="parquet",
    columns=(
        Column("id", "bigint", "Number."),
        Column("name", "string", "Name."),
        Column("cost", "decimal(38,12)", "Money."),
        Column("qty", "decimal(38,12)", "Quantity."),
        Column("at", "timestamp", "Instant."),
        Column("tags", "map<string,string>", "Tags."),
        Column("labels", "array<string>", "Labels."),
        Column("findings", f"array<{FINDING}>", "Findings."),
    ),
    partitions=(Column("period", "string", "Month."), Column("day", "string", "Day.")),
    meaning="Items.",
)
STATE = Table(
    name="state",
    prefix="state/",
    format="json",
    columns=(Column("day", "string", "Day."), Column("events", "bigint", "Count.")),
    partitions=(),
    meaning="State.",
)
ROWS: tuple[dict[str, Any], ...] = (
    {
        "id": 1,
        "name": "one,uno",
        "cost": Decimal("98765432109876.123456789012"),
        "qty": Decimal("3"),
        "at": datetime(2026, 1, 31, 23, 0, 0, 500_600),
        "tags": [("team", "x"), ("Env", "prod")],
        "labels": ["b", "a"],
        "findings": [
            {"rule": "spike", "amount": Decimal("1.5")},
            {"rule": "tags", "amount": Decimal("0.000000000001")},
        ],
    },
    {
        "id": 2,
        "name": None,
        "cost": Decimal("-0.000000000001"),
        "qty": Decimal("7"),
        "at": datetime(2026, 2, 1, 1, 0),
        "tags": [],
        "labels": [None, "c"],
        "findings": [],
    },
    {
        "id": 3,
        "name": "three",
        "cost": Decimal("10"),
        "qty": Decimal("0"),
        "at": None,
        "tags": None,
        "labels": None,
        "findings": None,
    },
)


def write_items(
    lake: Path,
    day: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    columns: Sequence[str] = tuple(ARROW),
) -> Path:
    """Write rows as one file of `items` in the partition of `day`, and return its path."""
    schema = pa.schema([(name, ARROW[name]) for name in columns])
    folder = lake / ITEMS.prefix / f"period={day[:7]}" / f"day={day}"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{len(list(folder.iterdir()))}.parquet"
    table = pa.Table.from_pylist([{n: r.get(n) for n in columns} for r in rows], schema=schema)
    pq.write_table(
        table,
        path,
        version="1.0",
        data_page_version="1.0",
        compression="snappy",
        use_deprecated_int96_timestamps=True,
        store_decimal_as_integer=False,
    )
    return path


def write_garbage(lake: Path, day: str) -> None:
    """Write a file of `items` that fails every query that opens it."""
    folder = lake / ITEMS.prefix / f"period={day[:7]}" / f"day={day}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "garbage.parquet").write_bytes(b"this is no parquet file")
