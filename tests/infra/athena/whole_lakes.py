"""Lakes with everything in them: files ingested, settled and written as the stack writes them.

The producers, the transform, the converter's types and settle are the real ones; the stream between
them is in memory, so that no test waits for a server.
"""

from collections import defaultdict
from pathlib import Path

import orjson
import pyarrow as pa

from infra.athena.catalog import views
from infra.local.athena import LocalAthena
from infra.local.firehose.openx import columns
from infra.local.firehose.parquet import write_parquet
from infra.local.firehose.settings import OpenX, Parquet
from infra.replay.columnar import Columnar
from infra.replay.row_path import lake_schema, lake_types
from producers.decision import OnConflict
from producers.sources import Source
from schemas.codec import Member, split_members
from schemas.lake import ACTIVE_EVALUATION, charges_partition
from schemas.tables import CHARGES_STORED, DELIVERIES_STORED, TABLES
from tests.memory_lake import MemoryLake
from transforms.context import default_context
from transforms.core import Failed, transform

_OPENX = OpenX(case_insensitive=False, dots_to_underscores=False, mappings={})
_PARQUET = Parquet("SNAPPY", dictionary=True, page_size=1024 * 1024)


def write_lake(lake: Path, *sources: Source) -> Path:
    """Ingest sources one after the other, settle after each, and write the lake they make.

    A later source that fills the scope of an earlier one replaces it.
    """
    memory = MemoryLake()
    for source in sources:
        memory.ingest(source, max_rejected=1.0, on_conflict=OnConflict.REPLACE)
        memory.settle()
    _write_charges(lake, memory.transport.accepted)
    _write_deliveries(lake, memory.transport.accepted)
    for info in memory.store.list("state/"):
        put(lake / info.key, memory.store.get(info.key))
    put(lake / ACTIVE_EVALUATION, b'{"evaluation": "v1"}')
    return lake


def athena(lake: Path) -> LocalAthena:
    """Return an engine over a lake, with the shipped views."""
    return LocalAthena(lake, TABLES, views())


def put(path: Path, body: bytes) -> None:
    """Write a file, and the folders it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)


def charges_folder(lake: Path, period: str, day: str) -> Path:
    """Return the folder of a day's charges."""
    return lake / CHARGES_STORED.prefix / charges_partition("v1", period, day)


def _write_charges(lake: Path, records: list[bytes]) -> None:
    members = [m for m in split_members(b"".join(records)) if isinstance(m, Member)]
    for (period, day), table in Columnar(default_context()).judge(members).tables.items():
        put(charges_folder(lake, period, day) / "finops-1.parquet", write_parquet(table, _PARQUET))


def _write_deliveries(lake: Path, records: list[bytes]) -> None:
    rows: dict[str, list[dict[str, object]]] = defaultdict(list)
    for record in records:
        result = transform(record, default_context())
        assert not isinstance(result, Failed)
        if result.partition_keys["table"] == "deliveries":
            rows[result.partition_keys["partition"]] += map(orjson.loads, result.data.splitlines())
    for partition, found in rows.items():
        arrays, misfits = columns(found, lake_types(), _OPENX)
        assert not misfits
        table = pa.Table.from_arrays(arrays, schema=lake_schema())
        folder = lake / DELIVERIES_STORED.prefix / partition
        put(folder / "finops-1.parquet", write_parquet(table, _PARQUET))
