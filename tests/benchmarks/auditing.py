"""Auditing a lake: time, peak memory and bytes read an event; everything, and what changed.

`python -m tests.benchmarks.auditing 5000000` is the issue's figure; `make bench` runs a small part
of it. The lake is files in a folder, asked by the local engine; each audit runs in a process of its
own, whose peak memory the system counts. The engine reads processed/ in that same process.
"""

import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from infra.athena.catalog import views
from infra.auditing import tally_columns
from infra.local.athena import LocalAthena
from infra.local.firehose.parquet import write_parquet
from infra.local.firehose.settings import Parquet
from infra.local.store import DirectoryStore
from infra.replay.columnar import Columnar
from schemas.codec import Member, compress, split_members
from schemas.lake import charges_partition
from schemas.tables import CHARGES_STORED, TABLES
from tests import samples
from tests.benchmarks import bills
from tests.benchmarks.memory import peak
from transforms.audit import audit
from transforms.auditing.contents import leave_all
from transforms.context import default_context

EVENTS = 100_000
_BASE = 25_000
"""Events of one delivery; the lake has as many deliveries as it takes."""
_OBJECT_BYTES = 4 * 1024 * 1024
_PARQUET = Parquet("SNAPPY", dictionary=True, page_size=1024 * 1024)
_NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
_WAYS = {
    "everything, one by one": "rows",
    "everything, in columns": "columns",
    "the same again: nothing is new": "kept",
    "one delivery is new": "new",
}


class Counting(DirectoryStore):
    """A folder that counts what is read from it."""

    read = 0

    def get(self, key: str) -> bytes:
        """Return an object and count its bytes."""
        body = super().get(key)
        self.read += len(body)
        return body


def run(events: int = EVENTS) -> None:
    """Print what each way of auditing a lake of so many events takes."""
    print(f"Audit of {events:,} events, hourly bills by resource")
    with tempfile.TemporaryDirectory() as folder:
        _python("--make", folder, "0", str(events // _BASE))
        for label, way in _WAYS.items():
            if way == "new":
                _python("--make", folder, str(events // _BASE), "1")
            told = json.loads(_python("--audit", folder, way))
            cpu = told["cpu"] / events * 1e6
            print(
                f"  {label:32} {told['seconds']:7.2f} s, {cpu:6.2f} us of CPU "
                f"an event, {told['peak_mb']:.0f} MB peak, bytes an event: "
                f"{told['read'] / events:.2f} read, {told['scanned'] / events:.2f} scanned"
            )


def _python(*arguments: str) -> str:
    command = [sys.executable, "-m", "tests.benchmarks.auditing", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def _make(folder: Path, first: int, deliveries: int) -> None:
    """Write raw/ and processed/ of some deliveries."""
    store = DirectoryStore(folder)
    columnar = Columnar(default_context())
    messages = [
        member.message
        for member in split_members(b"".join(bills.records(samples.REAL, _BASE)))
        if isinstance(member, Member)
    ]
    for number in range(first, first + deliveries):
        own = f"{number:024}".encode()
        members = [Member(m.replace(bills.DELIVERY.encode(), own, 1), b"") for m in messages]
        members = [Member(m.message, compress(m.message)) for m in members]
        hour = f"2026/{9 + number // 672:02}/{1 + number // 24 % 28:02}/{number % 24:02}"
        for part, body in enumerate(_objects(members)):
            name = f"finops-1-{hour.replace('/', '-')}-00-{part:02}-{number}"
            store.put(f"raw/{hour}/{name}", body)
        for (period, date), rows in columnar.judge(members).tables.items():
            partition = charges_partition("v1", period, date)
            body = write_parquet(rows, _PARQUET)
            store.put(f"{CHARGES_STORED.prefix}{partition}/{number}.parquet", body)


def _objects(members: list[Member]) -> Iterator[bytes]:
    parts: list[bytes] = []
    for member in members:
        parts.append(member.body)
        if sum(map(len, parts)) >= _OBJECT_BYTES:
            yield b"".join(parts)
            parts = []
    yield b"".join(parts)


class _Engine:
    """The local engine, and how much it was given to read."""

    def __init__(self, folder: Path) -> None:
        self._athena = LocalAthena(folder, TABLES, views())
        self.scanned = 0

    def rows(self, sql: str) -> list[dict[str, object]]:
        """Answer a query."""
        result = self._athena.query(sql)
        self.scanned += result.bytes_scanned
        names = [name for name, _ in result.columns]
        return [dict(zip(names, row, strict=True)) for row in result.rows]


def _audit(folder: Path, way: str) -> None:
    """Audit once and print what it took, as JSON."""
    store, engine = Counting(folder), _Engine(folder)
    # As the command line has it: millions of short-lived objects, hardly a cycle.
    gc.set_threshold(200_000, 50, 50)
    began, used = time.perf_counter(), time.process_time()
    report = audit(
        engine,
        store,
        "v1",
        now=_NOW,
        keep=None if way == "rows" else store,
        tally=leave_all if way == "rows" else tally_columns,
    )
    seconds, cpu = time.perf_counter() - began, time.process_time() - used
    assert report.clean, report.gaps[:3]
    assert (report.decoded_objects == 0) is (way == "kept")
    peak_mb = peak() / 2**20
    told = {"seconds": seconds, "cpu": cpu, "peak_mb": peak_mb}
    print(json.dumps({**told, "read": store.read, "scanned": engine.scanned}))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--make", folder, first, deliveries]:
            _make(Path(folder), int(first), int(deliveries))
        case ["--audit", folder, way]:
            _audit(Path(folder), way)
        case [count]:
            run(int(count))
