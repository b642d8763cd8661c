"""Whatever lies there, dies, comes late or asks meanwhile: no view ever answers otherwise."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from infra.local.clock import ManualClock
from schemas.lake import COMPACTIONS
from tests.compaction.memory import (
    FOLDER,
    Died,
    JsonRows,
    MemoryObjects,
    MortalObjects,
    Row,
    charges,
    charges_all,
    file_of,
    rows_in,
)
from transforms.compaction.job import STEPS, Compaction, Report, Selection, Step
from transforms.compaction.planning import KEEP, Criteria
from transforms.compaction.ports import Objects

START = datetime(2026, 9, 10, tzinfo=UTC)
EAGER = Criteria(older_than=timedelta(hours=1), min_files=2)
ALL = Selection()

DELIVERIES = ("d1", "d2", "d3", "hourly")
ROWS = st.builds(
    lambda delivery, ordinal, baseline: Row(
        delivery,
        ordinal,
        baseline,
        "append" if delivery == "hourly" else "overwrite",
        # A pure function of event and baseline, as law 3 has it.
        cost=ordinal * 10 + len(delivery) + (baseline == "b2"),
    ),
    st.sampled_from(DELIVERIES),
    st.integers(0, 5),
    st.sampled_from(["none", "b2"]),
)
FILES = st.lists(ROWS, min_size=1, max_size=8)
HOURS = st.sampled_from([0, 0.5, 2, 25])
STATES = st.frozensets(st.sampled_from(DELIVERIES[:3]))


@dataclass(frozen=True)
class Asked:
    """A query that has listed its files and not read them yet."""

    began: datetime
    files: list[str]
    answer: dict[tuple[str, int], Row]


class Lake(RuleBasedStateMachine):
    """One partition, its views, everything that goes on there."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock(START)
        self.objects = MemoryObjects(self.clock.now)
        self.rows = JsonRows()
        self.current: frozenset[str] = frozenset()
        self.expected: set[Row] = set()
        self.queries: list[Asked] = []
        self.elsewhere: list[Asked] = []
        self.damaged = False
        self.files = 0
        self.replayed = False
        self._scratch = TemporaryDirectory()

    def teardown(self) -> None:
        """Nothing happens for days: few files, each row once, no record left."""
        with self._scratch:
            self.queries.clear()
            for _ in range(5):
                self.wait(25)
                self.run()
        assert not list(self.objects.list(COMPACTIONS))
        self.the_views_answer_as_ever()
        files = self.listed()
        if len(files) > 1:
            rows = rows_in(self.objects)
            assert len(rows) == len(set(rows))
            assert all("compacted-" in key for key in files)

    def wait(self, hours: float) -> None:
        """Time passes."""
        self.clock.advance(by=timedelta(hours=hours))

    def run(
        self,
        objects: Objects | None = None,
        reached: Callable[[Step], None] = lambda step: None,
    ) -> Report:
        """Compact, once; nothing needs a person unless a person was at it."""
        # Of two runs at once both say so: one of them may die before anybody has heard it.
        damaged = self.damaged
        report = self.job(objects or self.objects, reached).run(ALL, EAGER)
        assert report.clean or damaged, report
        self.damaged = self.damaged and report.clean
        return report

    def job(self, objects: Objects, reached: Callable[[Step], None]) -> Compaction:
        """Return what a run is."""
        return Compaction(
            objects,
            self.rows,
            lambda partition: self.current,
            lambda: bool(self.queries),
            self.clock.now,
            Path(self._scratch.name),
            reached,
        )

    @initialize(files=st.lists(FILES, min_size=1, max_size=6), current=STATES)
    def begin(self, files: list[list[Row]], current: frozenset[str]) -> None:
        """Some files, some state."""
        self.current = current
        for rows in files:
            self.late_file(rows)

    @rule(rows=FILES)
    def late_file(self, rows: list[Row]) -> None:
        """Firehose or a replay writes, whenever it likes."""
        self.files += 1
        self.objects.put(f"{FOLDER}finops-1-{self.files:04}.parquet", file_of(rows))
        self.expected |= set(rows)

    @rule(current=STATES)
    def settle(self, current: frozenset[str]) -> None:
        """Another delivery is the truth."""
        self.current = current

    @rule(hours=HOURS)
    def compact(self, hours: float) -> None:
        """A run that ends."""
        self.wait(hours)
        self.run()

    @rule(hours=HOURS, changes=st.integers(0, 8), after=st.booleans())
    def die(self, hours: float, changes: int, after: bool) -> None:
        """A run that is killed before or after a change of the lake."""
        self.wait(hours)
        with suppress(Died):
            self.run(MortalObjects(self.objects, changes, after=after))

    @rule(hours=HOURS, step=st.sampled_from(STEPS), rows=FILES | st.none(), stalled=HOURS)
    def stall(self, hours: float, step: Step, rows: list[Row] | None, stalled: float) -> None:
        """A run that stands still, while time passes, a file lands, and another run comes by."""
        waiting = True

        def reached(name: Step) -> None:
            nonlocal waiting
            if name == step and waiting:
                waiting = False
                self.wait(stalled)
                if rows is not None:
                    self.late_file(rows)
                self.run()

        self.wait(hours)
        self.run(reached=reached)

    # A query that listed before would miss, by the replay's doing, what lies elsewhere since.
    @precondition(lambda self: not self.queries and not self.elsewhere)
    @rule(number=st.integers(0, 20), more=FILES | st.just([]))
    def replay_again(self, number: int, more: list[Row]) -> None:
        """A replay writes a file anew, under its name: what lies nowhere else, and what is new."""
        keys = [key for key in self.listed() if "finops-" in key]
        if keys:
            key = keys[number % len(keys)]
            others = [other for other in self.listed() if other != key]
            known = {row.event for row in rows_in(self.objects, others)}
            own = [row for row in rows_in(self.objects, [key]) if row.event not in known] + more
            # A replay takes any row of an event for its own; the views take the lowest.
            left = charges_all([*own, *rows_in(self.objects, others)])
            if own and left == charges_all([*more, *self.expected]):
                self.objects.put(key, file_of(own))
                self.expected |= set(more)
                self.replayed = True

    @rule()
    def ask(self) -> None:
        """A query of the workgroup lists its files, and reads them later."""
        self.queries.append(self.asked())

    @precondition(lambda self: self.queries)
    @rule()
    def answer(self) -> None:
        """It finds every file, and what was there when it began."""
        self.read(self.queries.pop())

    @precondition(lambda self: b"switched" not in b"".join(self.records()))
    @rule()
    def ask_elsewhere(self) -> None:
        """Another engine lists what is there before a switch."""
        self.elsewhere.append(self.asked())

    @precondition(lambda self: self.elsewhere)
    @rule()
    def answer_elsewhere(self) -> None:
        """It has a day."""
        asked = self.elsewhere.pop()
        if self.clock.now() - asked.began < KEEP:
            self.read(asked)

    @precondition(lambda self: not self.queries and not self.elsewhere)
    @rule(number=st.integers(0, 20))
    def lose(self, number: int) -> None:
        """A person deletes a new file by hand while the old ones are all there."""
        for body in self.records():
            lines = [orjson.loads(line) for line in body.splitlines()]
            old = [line["path"] for line in lines if line["kind"] == "old"]
            new = [line["path"] for line in lines if line["kind"] == "new"]
            key = new[number % len(new)]
            rest = [other for other in self.listed() if other != key]
            same = charges_all(rows_in(self.objects, rest)) == charges_all(self.expected)
            if set(old) <= set(rest) and same and key in self.objects.stored:
                del self.objects.stored[key]
                self.damaged = self.replayed = True

    def asked(self) -> Asked:
        """Return a query that begins now."""
        listed = self.listed()
        return Asked(self.clock.now(), listed, charges_all(rows_in(self.objects, listed)))

    def read(self, asked: Asked) -> None:
        """Every file is there, and the answer is what it was."""
        assert charges_all(rows_in(self.objects, asked.files)) == asked.answer

    def listed(self) -> list[str]:
        """Return the files that a query would list now."""
        return [stored.key for stored in self.objects.list(FOLDER)]

    def records(self) -> list[bytes]:
        """Return the records of what is not finished."""
        return [self.objects.read(s.key)[0] for s in self.objects.list(COMPACTIONS)]

    @invariant()
    def the_views_answer_as_ever(self) -> None:
        """All that was ever believed, and the truth now."""
        rows = rows_in(self.objects)
        assert charges_all(rows) == charges_all(self.expected)
        assert charges(rows, self.current) == charges(self.expected, self.current)

    @invariant()
    def no_copy_of_a_compaction_counts(self) -> None:
        """The table `compactions` tells them: what is left has every row."""
        if not self.records():
            self.replayed = False
        if self.replayed:
            return  # something else was at the files, and counted the new ones
        not_counted = {key for body in self.records() for key in not_counting(body)}
        rows = rows_in(self.objects, [k for k in self.listed() if k not in not_counted])
        assert charges_all(rows) == charges_all(self.expected)


def not_counting(body: bytes) -> set[str]:
    """Return the files of a record whose rows do not count."""
    lines = map(orjson.loads, body.splitlines())
    return {line["path"] for line in lines if not line["counts"]}


TestLake = Lake.TestCase
TestLake.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
