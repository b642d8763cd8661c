"""The continuous producer: CPU an event, latency from put to acknowledged, billed bytes an event.

Everything is sent to one local endpoint in a process of its own. The floor is what people write
first: a boto3 loop that puts one JSON event a record, 500 a call.
"""

import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from infra.local.aws.data_dir import running_server
from infra.wiring import Platform, connect
from producers.boto_transport import BotoTransport
from producers.limits import MAX_RECORDS_PER_CALL, Quota, billed_bytes
from producers.sources import ChargeRow
from producers.sources.simulator import Simulator
from producers.streams.simulated import SimulatedStream
from producers.writer import DeliveryWriter, WriterSettings
from schemas.tables import FOCUS

_EVENTS = 20_000
_ROUNDS = 3
_LINGERS = (0.5, 5.0, 30.0)
_RATES = (10, 1_000, 50_000)
_SECONDS = 10.0
UNPACED = Quota(10**9, 10**9, 10**12)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def run() -> None:
    """Print the tables."""
    rows = _rows(_EVENTS)
    objects = [_object(row) for row in rows]
    with endpoint() as (platform, _):
        _throughput(platform, rows, objects)
        _latency(platform, objects)


def _throughput(
    platform: Platform, rows: Sequence[ChargeRow], objects: Sequence[dict[str, Any]]
) -> None:
    print(
        f"Continuous producer, {_EVENTS:,} simulated events as fast as they go, to boto3's answer"
    )
    variants: dict[str, Callable[[], int]] = {
        "naive boto3 loop, one JSON event a record": lambda: _naive(platform, objects),
        "DeliveryWriter.put, FOCUS objects": lambda: _write(
            platform, lambda w: [w.put(o) for o in objects]
        ),
        "DeliveryWriter.put_row, mapped rows": lambda: _write(
            platform, lambda w: [w.put_row(row) for row in rows]
        ),
    }
    spent: dict[str, list[tuple[float, float, int]]] = {name: [] for name in variants}
    for _ in range(_ROUNDS):
        for name, work in variants.items():
            cpu, wall = time.process_time(), time.perf_counter()
            billed = work()
            spent[name].append((time.process_time() - cpu, time.perf_counter() - wall, billed))
            platform.flush()
    floor = [cpu for cpu, _, _ in spent[next(iter(spent))]]
    for name, rounds in spent.items():
        cpus = [cpu for cpu, _, _ in rounds]
        ratio = statistics.median(f / c for f, c in zip(floor, cpus, strict=True))
        a_core = _EVENTS / statistics.median(cpus)
        by_clock = _EVENTS / statistics.median(wall for _, wall, _ in rounds)
        each = rounds[0][2] / _EVENTS
        print(
            f"  {name:44}{a_core:9,.0f} events/s a core {ratio:5.2f} x"
            f"{by_clock:9,.0f}/s by the clock {each:7,.0f} B billed an event"
        )


def _latency(platform: Platform, objects: Sequence[dict[str, Any]]) -> None:
    print("  from put to acknowledged (on disk), and what an event is billed:")
    print("    offered/s   linger   achieved/s      p50       p99    B an event")
    for rate in _RATES:
        for linger in _LINGERS if rate < _RATES[-1] else _LINGERS[1:2]:
            seconds = max(_SECONDS, 2 * linger)
            achieved, waits, billed = _offered(platform, objects, rate, linger, seconds)
            cuts = statistics.quantiles(waits, n=100)
            print(f"    {rate:9,} {linger:7.1f}s {achieved:12,.0f} {_time(cuts[49])} "
                  f"{_time(cuts[98])} {billed:13,.0f}")  # fmt: skip


def _offered(
    platform: Platform, objects: Sequence[dict[str, Any]], rate: int, linger: float, seconds: float
) -> tuple[float, list[float], float]:
    """Offer events at a rate; return the rate achieved, each event's wait, billed bytes each."""
    began_at: list[float] = []
    waits: list[float] = []

    def acknowledged(safe: int) -> None:
        now = time.perf_counter()
        waits.extend(now - at for at in began_at[len(waits) : safe])

    wanted = int(rate * seconds)
    begin = time.perf_counter()
    with _writer(platform, WriterSettings(linger=linger, quota=UNPACED), acknowledged) as writer:
        for n, event in enumerate(islice(cycle(objects), wanted)):
            ahead = n / rate - (time.perf_counter() - begin)
            if ahead > 0.001:
                time.sleep(ahead)
            if -ahead > 1.0 and time.perf_counter() - begin > seconds:
                break  # It cannot keep up: what it did in the time is the answer.
            began_at.append(time.perf_counter())
            writer.put(event)
        took = time.perf_counter() - begin
        writer.flush()
    platform.flush()
    sent = writer.report().sent
    return len(began_at) / took, waits, sent.billed_bytes / max(1, sent.events)


def _naive(platform: Platform, objects: Sequence[dict[str, Any]]) -> int:
    client = platform.client("firehose")
    billed = 0
    for first in range(0, len(objects), MAX_RECORDS_PER_CALL):
        data = [
            json.dumps(event).encode() for event in objects[first : first + MAX_RECORDS_PER_CALL]
        ]
        billed += sum(map(billed_bytes, map(len, data)))
        client.put_record_batch(
            DeliveryStreamName=platform.names.stream, Records=[{"Data": one} for one in data]
        )
    return billed


def _write(platform: Platform, work: Callable[[DeliveryWriter], object]) -> int:
    with _writer(platform, WriterSettings(quota=UNPACED)) as writer:
        work(writer)
    return writer.report().sent.billed_bytes


@contextmanager
def _writer(
    platform: Platform,
    settings: WriterSettings,
    acknowledged: Callable[[int], None] = lambda safe: None,
) -> Iterator[DeliveryWriter]:
    transport = BotoTransport(platform.client("firehose"), platform.names.stream)
    with (
        tempfile.TemporaryDirectory() as spool,
        DeliveryWriter(
            "bench",
            transport,
            Path(spool),
            settings,
            chance=random.Random(1),
            acknowledged=acknowledged,
        ) as writer,
    ):
        yield writer


@contextmanager
def endpoint() -> Iterator[tuple[Platform, int]]:
    """Run the local endpoint in a process of its own; yield the way to it, and its id."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "infra.cli", "local", "up", "--data-dir", folder]
        server = subprocess.Popen(command, stdout=subprocess.PIPE)
        try:
            assert server.stdout is not None
            server.stdout.readline()
            running = running_server(Path(folder))
            assert running is not None, "it said that it serves"
            with connect(Path(folder), running.endpoint_url) as platform:
                yield platform, server.pid
        finally:
            server.kill()
            server.communicate()


def _rows(count: int) -> list[ChargeRow]:
    stream = SimulatedStream(Simulator(1, date(2026, 9, 1), 31))
    rows = [item.row for item in islice(stream.items(None), count) if item is not None]
    return [row for row in rows if isinstance(row, ChargeRow)]


def _object(row: ChargeRow) -> dict[str, Any]:
    """Return a row as a program has it: FOCUS names, text, a map of tags."""
    found: dict[str, Any] = {}
    for column in FOCUS:
        value = row.charge[column.name]
        if column.focus and value is not None:
            is_time = column.type == "timestamp"
            found[column.focus] = (
                (_EPOCH + timedelta(microseconds=value)).isoformat() if is_time else value
            )
    return found


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:7,.0f}ms" if seconds < 10 else f"{seconds:8,.1f}s"
