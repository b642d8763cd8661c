"""A producer, killed again and again: nothing acknowledged is lost, nothing counts twice.

By hand: python -m tests.producers.writer.kill_run --events 1000000 --kills 200 --seed 1

Each life of the producer is a process that drives a `DeliveryWriter` into the embedded AWS and
dies by SIGKILL: at a step, by its own hand, or at a random moment, by ours. The stream throttles
at times, loses answers at times, and at times is down, so that spools are left to be drained.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from infra.local.aws.server import LocalAws
from infra.wiring import Platform, start
from producers.faulty_transport import NOTHING_WRONG, TransportFaults
from tests.producers.writer import mortal
from tests.producers.writer.counted import Counted, check_audit, check_views
from tests.producers.writer.evidence import Evidence, Life, Window
from tests.producers.writer.numbered import Expected
from tests.producers.writer.on_disk import OnDisk, on_disk
from transforms.audit import AuditReport

NAME = "mortal"
LONGEST_LIFE = 180.0
LAST_DEADLINE = 900.0
ROUND = (
    *("send", "accepted", "mark", "spool-write", "outside"),
    *("drain send", "drain accepted", "drain mark", "outside", "close"),
)
"""Every ten lives, in an order of chance. `close` is no kill: the delivery ends, the spool stays.
`drain` dies at the first chance, with what an earlier life left in the spool."""

FINE = NOTHING_WRONG
THROTTLING = TransportFaults(throttles=0.3)
FAILING = TransportFaults(
    throttles=0.1, fails_before=0.2, fails_after=0.2, slow=0.1, slow_seconds=0.02
)
DOWN = TransportFaults(fails_before=1.0)


@dataclass(frozen=True, slots=True)
class Plan:
    """How large a run is.

    Attributes:
        events: what the source has.
        kills: how many lives end by a kill.
        seed: decides who dies where, and when the stream fails.
        looks: how often, on the way, all that was acknowledged is looked for.
    """

    events: int
    kills: int
    seed: int
    looks: int = 4


@dataclass(slots=True)
class Result:
    """What a run found."""

    plan: Plan
    evidence: Evidence
    kills: int = 0
    lives: int = 0
    seconds: float = 0.0
    checked_seconds: float = 0.0
    copies: int = 0
    deliveries: int = 0
    audited: AuditReport | None = None
    problems: list[str] = field(default_factory=list)

    def finish(self) -> None:
        """Add what the run as a whole must show."""
        self.problems[:0] = self.evidence.problems
        if self.problems:
            return
        for window in Window:
            if window is not Window.ELSEWHERE and not self.evidence.windows[window]:
                self.problems.append(f"nobody was killed {window}")
        if self.kills < self.plan.kills:
            self.problems.append(f"{self.kills} were killed of {self.plan.kills}")

    def table(self) -> str:
        """Return it for people."""
        plan, evidence = self.plan, self.evidence
        twice = sum(evidence.twice.values())
        lines = [
            f"{plan.events:,} events, {self.kills} kills in {self.lives} lives, seed {plan.seed}: "
            f"{self.seconds:.0f} s, and {self.checked_seconds:.0f} s for the checks",
            "killed (a life may count in two windows)",
            *(f"  {window:32}{evidence.windows[window]:>8,}" for window in Window),
            f"records sent twice: {twice:,} sendings, of {evidence.records:,} records",
            *(f"  {fate:48}{n:>8,}" for fate, n in sorted(evidence.twice.items())),
            f"copies of events in raw/: {self.copies:,}; each event counts once in the views",
        ]
        if self.audited is not None:
            report = self.audited
            lines.append(
                f"audit: {'clean' if report.clean else 'NOT CLEAN'}, {report.events:,} events in "
                f"{report.raw_records:,} records, {self.deliveries} deliveries, "
                f"{report.billed.get('USD')} USD billed"
            )
        if self.problems:
            lines += [f"{len(self.problems)} problems", *(f"  {p}" for p in self.problems[:20])]
            lines.append(
                "again: python -m tests.producers.writer.kill_run "
                f"--events {plan.events} --kills {plan.kills} --seed {plan.seed}"
            )
        else:
            lines.append("nothing acknowledged was lost, nothing counts twice, the money is exact")
        return "\n".join(lines)


def run(
    plan: Plan,
    folder: Path,
    aws: LocalAws,
    platform: Platform,
    say: Callable[[str], None] = lambda line: None,
) -> Result:
    """Kill a producer as planned, let the last one finish, and check everything."""
    platform.activate_first_evaluation()
    folder.mkdir()
    result = Result(plan, Evidence())
    counted = Counted(plan.events)
    began = time.monotonic()
    checking = 0.0
    lives = _Lives(plan, folder, aws, platform.names.stream, result)
    looks = iter([plan.kills * n // plan.looks for n in range(1, plan.looks + 1)])
    next_look = next(looks)
    for way in lives.ways():
        lives.live(way)
        if result.lives % 10 == 0:
            say(
                f"life {result.lives}: {result.kills} kills, {result.evidence.safe:,} events safe, "
                f"{len(lives.waiting):,} records wait, {time.monotonic() - began:.0f} s"
            )
        if result.kills >= next_look:
            next_look = next(looks, plan.kills + 1)
            checking -= time.monotonic()
            aws.flush()
            counted.look(platform)
            _check_nothing_lacks(result, counted, lives.disk)
            checking += time.monotonic()
        if result.problems or result.evidence.problems:
            break
    else:
        lives.finish()
    result.seconds = time.monotonic() - began - checking
    if not (result.problems or result.evidence.problems):
        say("all events are put; checking")
        checking -= time.monotonic()
        aws.flush()
        counted.look(platform)
        _check_nothing_lacks(result, counted, lives.disk)
        _check_everything(result, counted, platform)
        checking += time.monotonic()
    result.problems += counted.problems
    result.checked_seconds = checking
    result.finish()
    return result


def _check_everything(result: Result, counted: Counted, platform: Platform) -> None:
    """Each event counts once, and the money is exact, by the views and by what was promised."""
    expected = Expected.of(range(result.plan.events))
    counted.check_completions(expected.total)
    result.problems += check_views(platform, expected)
    result.audited, wrong = check_audit(platform, expected.total)
    result.problems += wrong
    result.copies, result.deliveries = counted.copies, len(counted.completions)
    if result.copies != result.audited.raw_copies:
        result.problems.append(f"audit counts {result.audited.raw_copies} copies in raw/")


def _check_nothing_lacks(result: Result, counted: Counted, disk: OnDisk) -> None:
    """Whatever was acknowledged is in raw/ or in the spool."""
    lacking = counted.lacks(result.evidence.safe, disk.waiting)
    if lacking:
        result.problems.append(
            f"{len(lacking)} events were acknowledged and are lost, {lacking[0]} is the first"
        )


class _Lives:
    """One producer's lives, one after the other."""

    def __init__(
        self, plan: Plan, folder: Path, aws: LocalAws, stream: str, result: Result
    ) -> None:
        self._plan = plan
        self._folder = folder
        self._aws = aws
        self._stream = stream
        self._result = result
        self._chance = random.Random(plan.seed)
        self._numbers = count()
        self.disk = OnDisk((), 0, -1)
        self.waiting: frozenset[str] = frozenset()

    def ways(self) -> Iterator[str]:
        """Yield how each life is to end, until there were enough kills."""
        while self._result.kills < self._plan.kills:
            for way in self._chance.sample(ROUND, len(ROUND)):
                if self._result.kills >= self._plan.kills or self._left <= 0:
                    return
                if way.startswith("drain") and not self.waiting:
                    # Somebody has to leave something first.
                    yield "leave"
                yield way

    def finish(self) -> None:
        """Let the last one end by itself, with a stream that takes everything."""
        self._end(self._life("", self._plan.events, FINE, LAST_DEADLINE))
        if self.waiting:
            self._wrong(f"{len(self.waiting)} records wait at the end")
        if self._left:
            self._wrong(f"{self._left} events were never put")

    def live(self, way: str) -> None:
        """Let one live, and die in this way."""
        step = way.removeprefix("drain ")
        dies_from = self._target()
        if way == "close":
            faults = self._chance.choice([DOWN, THROTTLING])
            self._end(self._life("", dies_from, faults, self._chance.uniform(0, 0.5)))
        elif way == "leave":
            self._end(self._life("spool-write", dies_from, DOWN))
        elif way == "outside":
            faults = self._chance.choice([FINE, THROTTLING, FAILING, DOWN])
            life = self._life("", self._plan.events, faults, LAST_DEADLINE)
            self._end(life, outside=dies_from)
        else:
            weather = [FINE, THROTTLING, FAILING]
            if step in ("send", "spool-write"):
                weather.append(DOWN)
            drains = way.startswith("drain")
            self._end(self._life(step, 0 if drains else dies_from, self._chance.choice(weather)))

    @property
    def _left(self) -> int:
        """How many events no entry on disk tells of."""
        return self._plan.events - 1 - self.disk.position

    def _target(self) -> int:
        """Return how far the next one comes: so that what is left suffices for those who follow."""
        share = self._left / (self._plan.kills - self._result.kills + 1)
        return self.disk.position + 1 + int(self._chance.uniform(0.2, 1.2) * share)

    def _life(
        self, step: str, number: int, faults: TransportFaults, deadline: float = 0.0
    ) -> mortal.Life:
        """Return a life that dies at a step from a number on, or without one ends there."""
        per_life = self._plan.events / self._plan.kills
        return mortal.Life(
            endpoint_url=self._aws.endpoint_url,
            stream=self._stream,
            name=NAME,
            folder=self._folder,
            number=next(self._numbers),
            until=self._plan.events if step else number,
            # Some ten batches a life, of some 150 Avro bytes an event.
            batch_bytes=max(2_000, int(per_life / 10 * 150)),
            # Small enough that segments are ended and removed, large enough for bad times.
            spool_bytes=max(1_000_000, int(per_life * 2_000)),
            close_every=self._chance.uniform(0.5, 3.0),
            faults=faults,
            dies_at=step,
            dies_from=number if step else 0,
            deadline=deadline,
        )

    def _end(self, life: mortal.Life, outside: int | None = None) -> None:
        """Let a process live until it ends, and judge it."""
        before = self.waiting
        process = mortal.CONTEXT.Process(target=mortal.live, args=(life,))
        process.start()
        if outside is not None:
            self._kill(process, life, outside)
        process.join(LONGEST_LIFE)
        if process.exitcode is None:
            process.kill()
            process.join()
            self._wrong(f"life {life.number} did not end, {life}")
        killed = process.exitcode == -signal.SIGKILL
        if not killed and process.exitcode != 0:
            self._wrong(f"life {life.number} ended with {process.exitcode}, {life}")
        self.disk = on_disk(self._folder / "spool" / NAME)
        self.waiting = frozenset(map(mortal.short, self.disk.waiting))
        told = Life.read(life.lines)
        life.lines.unlink(missing_ok=True)
        if not killed and not told.closed:
            self._wrong(f"life {life.number} ended and did not say so, {life}")
        self._result.evidence.judge(life.number, told, before, self.waiting, self.disk)
        self._result.lives += 1
        self._result.kills += killed

    def _kill(self, process: ForkServerProcess, life: mortal.Life, number: int) -> None:
        """Kill it at some moment after it has acknowledged so many events."""
        patience = time.monotonic() + LONGEST_LIFE / 4
        while process.is_alive() and time.monotonic() < patience:
            if Life.read(life.lines).safe >= number:
                time.sleep(self._chance.uniform(0, 0.05))
                break
            time.sleep(0.005)
        if process.pid is not None and process.is_alive():
            os.kill(process.pid, signal.SIGKILL)

    def _wrong(self, what: str) -> None:
        self._result.problems.append(what)


def main() -> None:
    """Run it by hand."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    plan = Plan(given.events, given.kills, given.seed)
    with (
        tempfile.TemporaryDirectory() as folder,
        start(Path(folder) / "finops") as (aws, platform),
    ):
        result = run(plan, Path(folder) / "producer", aws, platform, lambda s: print(s, flush=True))
    print(result.table())
    sys.exit(bool(result.problems))


if __name__ == "__main__":
    main()
