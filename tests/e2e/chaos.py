"""Everything goes wrong at once, with kills; then a redrive and a compaction: nothing is lost.

By hand: python -m tests.e2e.chaos --events 500000 --kills 60 --seed 1

A producer puts numbered events into a local AWS that is a process of its own. Faults of every kind
strike it, and both are killed, by `kill -9` and by the fault that lets the server kill itself. When
all events are put, faults are cleared, what failed is put back, partitions are compacted, and every
event must count once, with money and residues exact.
"""

import argparse
import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import orjson

from infra.commands.redrive import redrive
from infra.compaction.compacting import compact
from infra.local.aws.fault_control import FAULTS_PATH
from infra.local.clock import SystemClock
from infra.local.firehose import Kind
from infra.redriving import Chosen
from infra.wiring import Platform, connect
from producers.faulty_transport import NOTHING_WRONG
from tests.producers.writer import mortal
from tests.producers.writer.counted import Counted, check_views
from tests.producers.writer.evidence import Life
from tests.producers.writer.numbered import Expected
from tests.producers.writer.on_disk import on_disk
from transforms.audit import AuditReport, audit
from transforms.compaction.job import Selection
from transforms.compaction.planning import Criteria

NAME = "chaos"
PATIENCE = 120.0
LAST_DEADLINE = 900.0
REDRIVES = 3
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": Kind.THROTTLE, "rate": 0.3},
    {"kind": Kind.FAIL_CALL, "rate": 0.3},
    {"kind": Kind.FAIL_AFTER_ACCEPT, "rate": 0.3},
    {"kind": Kind.SLOW, "rate": 0.2, "delay": 0.05},
    {"kind": Kind.DROP_CONNECTION, "rate": 0.3},
    {"kind": Kind.LAMBDA_ERROR, "rate": 0.6},
    {"kind": Kind.LAMBDA_TIMEOUT, "rate": 0.6},
    {"kind": Kind.LAMBDA_THROTTLED, "rate": 0.6},
    {"kind": Kind.OVERSIZED_REPLY, "rate": 0.6},
    {"kind": Kind.MISSING_IDS, "rate": 0.3},
    {"kind": Kind.S3_DOWN, "rate": 0.5},
    {"kind": Kind.DUPLICATE, "rate": 0.5},
    {"kind": Kind.REORDER, "rate": 1.0},
    {"kind": Kind.CRASH, "rate": 0.2},
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How large a run is: events, processes killed, and the seed of everything else."""

    events: int
    kills: int
    seed: int

    @property
    def again(self) -> str:
        """The command that repeats it."""
        return (
            f"python -m tests.e2e.chaos --events {self.events} --kills {self.kills} "
            f"--seed {self.seed}"
        )


@dataclass(slots=True)
class Result:
    """What a run found."""

    plan: Plan
    producers_killed: int = 0
    servers_killed: int = 0
    servers_crashed: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    redriven: int = 0
    copies: int = 0
    seconds: float = 0.0
    audited: AuditReport | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def kills(self) -> int:
        """Processes that died in the middle of their work."""
        return self.producers_killed + self.servers_killed + self.servers_crashed

    def table(self) -> str:
        """Return it for people."""
        lines = [
            f"{self.plan.events:,} events, seed {self.plan.seed}: {self.seconds:.0f} s",
            f"killed: {self.producers_killed} producers, {self.servers_killed} servers; "
            f"{self.servers_crashed} servers killed themselves",
            "strikes: " + ", ".join(f"{kind} {n:,}" for kind, n in sorted(self.struck.items())),
            f"events put back from errors/: {self.redriven:,}; copies in raw/: {self.copies:,}",
        ]
        if self.problems:
            lines += [f"{len(self.problems)} problems", *(f"  {p}" for p in self.problems[:20])]
            lines.append(f"again: {self.plan.again}")
        else:
            lines.append("audit clean, each event counts once, money and residues exact")
        return "\n".join(lines)


def run(plan: Plan, folder: Path, say: Callable[[str], None] = lambda line: None) -> Result:
    """Make everything go wrong, repair it, and check."""
    result = Result(plan)
    began = time.monotonic()
    chance = random.Random(plan.seed)
    server = _Server(folder / "finops")
    producer = _Producer(plan, folder / "producer", chance)
    try:
        while result.kills < plan.kills and producer.left > 0:
            _round(result, server, producer, chance)
            say(f"{producer.position + 1:,} events safe, {result.kills} killed, "
                f"{time.monotonic() - began:.0f} s")  # fmt: skip
        _finish(result, server, producer, say)
    finally:
        server.kill()
    result.seconds = time.monotonic() - began
    return result


def _round(result: Result, server: "_Server", producer: "_Producer", chance: random.Random) -> None:
    """Let a producer work under some faults, and kill it, or the server, or neither."""
    server.up()
    for given in chance.sample(FAULTS, chance.randint(2, 5)):
        server.fault({**given, "seed": chance.randrange(1 << 30)})
    victim = chance.choice(["producer", "producer", "server", "nobody"])
    process, life = producer.begin(server.url, until=producer.target(result.kills))
    if victim != "nobody":
        _wait(lambda: not process.is_alive() or Life.read(life.lines).safe > life.dies_from, 10)
        time.sleep(chance.uniform(0, 0.3))
    if victim == "producer" and process.is_alive():
        process.kill()
        result.producers_killed += 1
    if victim == "server" and server.alive:
        server.count(result.struck)
        server.kill()
        result.servers_killed += 1
    producer.end(process)
    if server.alive:
        with contextlib.suppress(OSError):
            server.flush()
        server.count(result.struck)
        server.clear()
    elif victim != "server":
        result.servers_crashed += 1
        result.struck[Kind.CRASH] += 1


def _finish(
    result: Result, server: "_Server", producer: "_Producer", say: Callable[[str], None]
) -> None:
    """Repair everything, and check."""
    plan = result.plan
    server.kill()
    server.up()
    process, _ = producer.begin(server.url, until=plan.events, deadline=LAST_DEADLINE)
    producer.end(process, LAST_DEADLINE)
    if producer.left:
        result.problems.append(f"{producer.left} events were never put")
    say("all events are put; repairing")
    with connect(server.data_dir, server.url) as platform:
        platform.make_views()
        platform.flush()
        for _ in range(REDRIVES):
            report = redrive(platform, Chosen())
            result.redriven += report.put_events
            if not report.lines:
                break
        if report.lines or not report.clean:
            result.problems.append(f"the redrive leaves something behind: {report}")
        # Old and new files lie side by side; a day later the old ones go.
        for clock in (SystemClock(), _Later()):
            compacted = compact(
                replace(platform, clock=clock), Selection(), Criteria(timedelta(0), min_files=2)
            )
            if not compacted.clean:
                result.problems.append(f"the compaction leaves something behind: {compacted}")
            _check(result, platform)
        said = subprocess.run(
            [sys.executable, "-m", "infra.cli", "audit", "--data-dir", str(server.data_dir)],
            capture_output=True,
            text=True,
            check=False,
        )
        if said.returncode:
            result.problems.append(
                f"finops audit exits {said.returncode}: {said.stdout}{said.stderr}"
            )


def _check(result: Result, platform: Platform) -> None:
    plan = result.plan
    counted = Counted(plan.events)
    counted.look(platform)
    expected = Expected.of(range(plan.events))
    lacking = counted.lacks(plan.events, ())
    if lacking:
        result.problems.append(f"{len(lacking)} events are lost, {lacking[0]} is the first")
    counted.check_completions(expected.total)
    result.problems += counted.problems
    result.problems += check_views(platform, expected)
    result.audited = report = audit(platform.query, platform.store)
    result.copies = counted.copies
    result.problems += [f"audit: {gap.kind} {gap.delivery_id} {gap.detail}" for gap in report.gaps]
    for what, found, right in (
        ("events", report.events, plan.events),
        ("events that only errors/ has", report.failed_events, 0),
        ("deliveries never completed", len(report.open_deliveries), 0),
    ):
        if found != right:
            result.problems.append(f"audit counts {found} {what}, it is {right}")


class _Later(SystemClock):
    """The machine's clock, a day ahead."""

    def now(self) -> datetime:
        """Return the moment."""
        return super().now() + timedelta(days=1, hours=1)


class _Server:
    """`finops local up` over a data directory, as often as it is needed."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def up(self) -> None:
        """Start it, if it does not run."""
        if self.alive:
            return
        self.kill()  # One that ended by itself leaves its pipe.
        command = [sys.executable, "-m", "infra.cli", "local", "up",
                   "--port", str(self._port), "--data-dir", str(self.data_dir)]  # fmt: skip
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        # Its last line before it serves; the pipe stays open, or its next word would end it.
        for line in self._process.stdout:
            if line.startswith(b"export AWS_REGION"):
                return
        raise AssertionError(f"the server ended with {self._process.wait()}")

    def kill(self) -> None:
        """End it with `kill -9`."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def fault(self, document: dict[str, Any]) -> None:
        """Add a fault."""
        self._call("POST", FAULTS_PATH, document)

    def count(self, struck: Counter[str]) -> None:
        """Count how often each fault that is on has struck."""
        with contextlib.suppress(OSError):
            for fault in self._call("GET", FAULTS_PATH)["faults"]:
                struck[fault["kind"]] += fault["strikes"]

    def clear(self) -> None:
        """End all faults."""
        with contextlib.suppress(OSError):
            self._call("DELETE", FAULTS_PATH)

    def flush(self) -> None:
        """Deliver what is buffered."""
        self._call("POST", "/_local/flush")

    def _call(self, method: str, path: str, document: dict[str, Any] | None = None) -> Any:
        body = None if document is None else orjson.dumps(document)
        request = urllib.request.Request(self.url + path, data=body, method=method)
        with self._opener.open(request, timeout=60) as answer:
            text = answer.read()
        return orjson.loads(text) if text else {}


class _Producer:
    """One producer's processes, one after the other."""

    def __init__(self, plan: Plan, folder: Path, chance: random.Random) -> None:
        folder.mkdir()
        self._plan = plan
        self._folder = folder
        self._chance = chance
        self._numbers = count()
        self.position = -1

    @property
    def left(self) -> int:
        """How many events no entry on disk tells of."""
        return self._plan.events - 1 - self.position

    def target(self, kills: int) -> int:
        """Return how far the next process comes, so that what is left suffices for the others."""
        share = self.left / max(1, self._plan.kills - kills + 1)
        return self.position + 2 + int(self._chance.uniform(0.3, 1.2) * share)

    def begin(self, url: str, until: int, deadline: float = 1.0) -> tuple[Any, mortal.Life]:
        """Start the next process."""
        until = min(until, self._plan.events)
        life = mortal.Life(
            endpoint_url=url,
            stream="finops",
            name=NAME,
            folder=self._folder,
            number=next(self._numbers),
            until=until,
            batch_bytes=max(2_000, self._plan.events // max(1, self._plan.kills) * 15),
            spool_bytes=1 << 30,
            close_every=self._chance.uniform(1.0, 5.0),
            faults=NOTHING_WRONG,
            dies_at="",
            dies_from=self.position + 1,
            deadline=deadline,
        )
        process = mortal.CONTEXT.Process(target=mortal.live, args=(life,))
        process.start()
        return process, life

    def end(self, process: Any, patience: float = PATIENCE) -> None:
        """Wait for its end, and look how far it came."""
        process.join(patience)
        if process.exitcode is None:
            os.kill(process.pid, signal.SIGKILL)
            process.join()
        self.position = on_disk(self._folder / "spool" / NAME).position


def _wait(true: Callable[[], bool], patience: float) -> None:
    until = time.monotonic() + patience
    while not true() and time.monotonic() < until:
        time.sleep(0.02)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def main() -> None:
    """Run it by hand."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=500_000)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with _folder() as folder:
        result = run(
            Plan(given.events, given.kills, given.seed),
            folder,
            lambda line: print(line, flush=True),
        )
    print(result.table())
    sys.exit(bool(result.problems))


if __name__ == "__main__":
    main()
