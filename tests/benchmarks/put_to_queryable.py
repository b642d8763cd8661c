"""A million simulated events, from `put` to an answer of Athena's: time, memory, who spends it.

The endpoint is a process of its own, and so is each environment of the transform function, as they
are for a person who runs `finops local up` and a producer beside it.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path

from infra.wiring import Platform
from producers.boto_transport import BotoTransport
from producers.sources.simulator import Simulator
from producers.streams.simulated import SimulatedStream
from producers.writer import DeliveryWriter, WriterSettings
from tests.benchmarks.memory import peak
from tests.benchmarks.producing import UNPACED, endpoint

_EVENTS = 1_000_000
_TICKS = 100.0


@dataclass(slots=True)
class _Spent:
    """Seconds by the clock, and of each process's CPU."""

    clock: float = 0.0
    here: float = 0.0
    endpoint: float = 0.0
    functions: float = 0.0


def run(events: int = _EVENTS) -> None:
    """Print the table."""
    print(f"From put to queryable, {events:,} simulated events")
    began = time.process_time()
    for _ in islice(_stream().items(None), min(events, 50_000)):
        pass
    simulating = (time.process_time() - began) * events / min(events, 50_000)
    with tempfile.TemporaryDirectory() as spool, endpoint() as (platform, pid):
        platform.activate_first_evaluation()
        delivering = _Spent()
        with _measured(whole := _Spent(), pid):
            _produce(platform, Path(spool), events, delivering, pid)
            with _measured(asking := _Spent(), pid):
                sql = "select count(*) as n, sum(billed_cost) as cost from charges"
                (row,) = platform.query.rows(sql)
        assert row["n"] == events, row
        endpoint_peak = peak(pid)
        functions = [peak(child) for child in _children(pid)]
    here = peak()
    print(f"  {whole.clock:,.0f} s by the clock, {events / whole.clock:,.0f} events a second")
    print(f"  after the last put {delivering.clock:.1f} s until all is delivered")
    print(f"  the query {asking.clock:.1f} s")
    each = 1e6 / events
    for name, seconds in (
        ("producer: simulating", simulating),
        ("producer: encoding, packing, syncing, sending", whole.here - simulating - asking.here),
        ("transform function", whole.functions),
        ("endpoint: accepting, conversion to Parquet, S3", whole.endpoint - asking.endpoint),
        ("endpoint: the query", asking.endpoint),
    ):
        print(f"  {name:50}{seconds:9,.0f} s of CPU {seconds * each:8,.0f} us an event")
    function = max(functions, default=0)
    told = (("producer", here), ("endpoint", endpoint_peak), ("function", function))
    print("  peak memory: " + ", ".join(f"{name} {n / 2**20:,.0f} MiB" for name, n in told))


def _produce(platform: Platform, spool: Path, events: int, delivering: _Spent, pid: int) -> None:
    stream = _stream()
    transport = BotoTransport(platform.client("firehose"), platform.names.stream)
    settings = WriterSettings(quota=UNPACED)
    with DeliveryWriter("bench", transport, spool, settings, kind=stream.kind) as writer:
        for item in islice(stream.items(None), events):
            assert item is not None
            writer.put_row(item.row)
    with _measured(delivering, pid):
        platform.flush()


def _stream() -> SimulatedStream:
    return SimulatedStream(Simulator(1, date(2026, 9, 1), 31))


@contextmanager
def _measured(spent: _Spent, pid: int) -> Iterator[None]:
    """Add what passes to what was spent."""
    clock, here = time.perf_counter(), time.process_time()
    there, functions = _cpu(pid), sum(map(_cpu, _children(pid)))
    yield
    spent.clock += time.perf_counter() - clock
    spent.here += time.process_time() - here
    spent.endpoint += _cpu(pid) - there
    spent.functions += sum(map(_cpu, _children(pid))) - functions


def _cpu(pid: int) -> float:
    """Return a process's seconds of CPU (proc(5), /proc/pid/stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _children(pid: int) -> list[int]:
    text = "".join(path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children"))
    return sorted({int(child) for child in text.split()})
