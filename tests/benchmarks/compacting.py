"""Compaction: time, memory and bytes by event, and what a query reads before and after.

`python -m tests.benchmarks.compacting 5000000` is the issue's figure; `make bench` runs 200,000.
Compaction and deletion run in processes of their own, whose peak memory the system counts.
"""

import json
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from infra.athena.catalog import views
from infra.compaction.parquet_rows import ParquetRows
from infra.local.athena import LocalAthena
from infra.local.firehose.parquet import write_parquet
from infra.local.firehose.settings import Parquet
from infra.replay.columnar import Columnar
from schemas.codec import Member, split_members
from schemas.lake import ACTIVE_EVALUATION, CURRENT_STATE, charges_partition
from schemas.tables import CHARGES_STORED, TABLES
from tests import samples
from tests.benchmarks import bills
from tests.benchmarks.memory import peak
from tests.compaction.folder import FolderObjects
from transforms.compaction.job import Compaction, Selection
from transforms.compaction.planning import KEEP, Criteria
from transforms.context import default_context

EVENTS = 200_000
_FILE_EVENTS = 20_000
"""Events of a delivery: a file on each of four weeks' days. A lake has as many as it needs."""
_COPIES_OF = 10
"""One in so many deliveries is there twice."""
_PARQUET = Parquet("SNAPPY", dictionary=True, page_size=1024 * 1024)
_SERVICE = "service_name"
_QUERY = """
select sub_account_id, sum(effective_cost) as cost, count(*) as events
from charges where charge_date between '{first}' and '{last}' and service_name = '{service}'
group by 1 order by 1
"""
_READ = ("service_name", "sub_account_id", "effective_cost", "delivery_id", "ordinal",
         "delivery_mode", "baseline_version", "policy_version")  # fmt: skip
"""What the view reads for the query."""


def run(events: int = EVENTS) -> None:
    """Make a lake, ask, compact, delete, and ask again."""
    with tempfile.TemporaryDirectory() as folder:
        lake = Path(folder, "lake")
        dates = make_lake(lake, events)
        found = sorted((lake / CHARGES_STORED.prefix).rglob("*.parquet"))
        size = sum(path.stat().st_size for path in found)
        print(
            f"Compaction, {events:,} events on {len(dates)} days, {len(found):,} files of "
            f"{size / len(found):,.0f} bytes, every {_COPIES_OF}th delivery twice"
        )
        before = _ask(lake, dates)
        for what in ("compact", "delete"):
            _print_run(what, events, _in_its_own_process(what, lake))
        after = _ask(lake, dates)
        assert after.pop("answer") == before.pop("answer")
        print(f"  one service, {len(dates)} days, by account: the same answer")
        for name, value in before.items():
            print(f"    {name:44}{value:>14,.0f} before{after[name]:>14,.0f} after")


def one(what: str, lake: Path) -> None:
    """Do one run over a lake and print what it took, as JSON."""
    objects = FolderObjects(lake)
    # Files are as old as this process says: a day, and a day more for what replaces them.
    later = timedelta(days=2) if what == "compact" else timedelta(days=3) + KEEP
    with (
        tempfile.TemporaryDirectory() as scratch,
        ParquetRows(_PARQUET, Path(scratch)) as rows,
    ):
        job = Compaction(
            *(objects, rows, _current, lambda: False),
            *(lambda: datetime.now(UTC) + later, Path(scratch)),  # noqa: TID251 files' own clock
        )
        began, cpu = time.perf_counter(), time.process_time()
        report = job.run(Selection(), Criteria(min_files=2))
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    assert report.clean
    print(
        json.dumps(
            {
                "seconds": seconds,
                "cpu": cpu,
                "read": objects.bytes_read,
                "written": objects.bytes_written,
                "peak_mb": peak() / 2**20,
                "files": [c.files for c in report.compacted] or [d.files for d in report.deleted],
                "copies": sum(c.copies for c in report.compacted),
            }
        )
    )


def _current(partition: tuple[str, str, str]) -> set[str]:
    return {bills.DELIVERY}


def _in_its_own_process(what: str, lake: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.compacting", "--one", what, str(lake)]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    told: dict[str, float] = json.loads(said)
    return told


def _print_run(what: str, events: int, told: dict[str, float]) -> None:
    each = told["cpu"] / events * 1e6
    print(
        f"  {what:8}{told['seconds']:7.1f} s ({each:.1f} us of CPU an event), "
        f"peak {told['peak_mb']:,.0f} MB, {told['read'] / events:,.0f} bytes an event read, "
        f"{told['written'] / events:,.0f} written, {told['copies']:,} copies left out"
    )


def make_lake(lake: Path, events: int) -> list[str]:
    """Write deliveries, each a file a day; the first is the truth, and the others are appended."""
    bodies = bills.records(samples.GENERATED, _FILE_EVENTS, 1_000_000, unlike=True)
    members = [m for m in split_members(b"".join(bodies)) if isinstance(m, Member)]
    tables = Columnar(default_context()).judge(members).tables
    for number in range(max(1, events // _FILE_EVENTS)):
        for (period, date), table in tables.items():
            body = write_parquet(_as_delivery(table, number), _PARQUET)
            folder = lake / CHARGES_STORED.prefix / charges_partition("v1", period, date)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"finops-1-{number:06}.parquet").write_bytes(body)
            if number % _COPIES_OF == 0:
                (folder / f"finops-1-{number:06}-again.parquet").write_bytes(body)
    state = [
        {"evaluation": "v1", "billing_period": p, "charge_date": d, "delivery_id": bills.DELIVERY}
        for p, d in tables
    ]
    _put(lake / CURRENT_STATE, b"\n".join(map(orjson.dumps, state)))
    _put(lake / ACTIVE_EVALUATION, b'{"evaluation": "v1"}')
    return sorted(date for _, date in tables)


def _as_delivery(table: pa.Table, number: int) -> pa.Table:
    if not number:
        return table
    names = {"delivery_id": f"{number:024}", "delivery_mode": "append"}
    for name, value in names.items():
        column = pa.repeat(value, table.num_rows)
        table = table.set_column(table.column_names.index(name), name, column)
    return table


def _put(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)


def _ask(lake: Path, dates: list[str]) -> dict[str, object]:
    """Ask for one service's cost, and see what the files' minima and maxima would skip."""
    athena = LocalAthena(lake, TABLES, views())
    services = athena.rows(f"select {_SERVICE} as s from charges group by 1 order by count(*), 1")
    service = str(services[len(services) // 2]["s"])
    query = _QUERY.format(first=dates[0], last=dates[-1], service=service)
    athena.query(query)
    began = time.perf_counter()
    found = athena.query(query)
    seconds = time.perf_counter() - began
    needed, groups = _needed(lake, service)
    return {
        "answer": found.rows,
        "files": found.files_scanned,
        "bytes of the files": found.bytes_scanned,
        "ms (DuckDB)": seconds * 1000,
        "row groups that can hold the service": groups,
        "bytes of the view's columns in those": needed,
    }


def _needed(lake: Path, service: str) -> tuple[int, int]:
    needed = groups = 0
    for path in (lake / CHARGES_STORED.prefix).rglob("*.parquet"):
        metadata = pq.read_metadata(path)
        names = [metadata.schema.column(n).path for n in range(metadata.num_columns)]
        for number in range(metadata.num_row_groups):
            group = metadata.row_group(number)
            known = group.column(names.index(_SERVICE)).statistics
            if known.min <= service <= known.max:
                groups += 1
                needed += sum(
                    group.column(names.index(name)).total_compressed_size for name in _READ
                )
    return needed, groups


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        one(sys.argv[2], Path(sys.argv[3]))
    else:
        run(int(sys.argv[1]))
