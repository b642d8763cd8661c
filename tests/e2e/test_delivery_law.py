"""The law: any sequence of deliveries, copies, disorder, corrections and deaths shows what it says.

A state machine does to the local stack what people, exports and bad luck do, and to a model in
memory the same; after every step the view `charges` has to be the model's.

Longer, by hand: python -m tests.e2e.test_delivery_law --examples 200 --seed 7
"""

import argparse
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from infra.ingesting import Request, open_sources, run_ingest
from infra.local.aws.server import LocalAws
from infra.local.clock import ManualClock
from infra.local.firehose import NO_FAULTS, Faults
from infra.wiring import Platform, start
from producers.decision import OnConflict, ScopeHeldError
from producers.ingest import IngestReport, Options
from schemas.codec import Batch, decode
from tests.e2e.delivery_model import Delivery, Line, Model, Scope, Word
from tests.sources import no_s3
from transforms.athena_query import AthenaQuery
from transforms.audit import audit
from transforms.settle import settle

# --- what is delivered ------------------------------------------------------------------------

PERIODS = ("2026-01", "2026-02")
DATES = ("2026-01-31", "2026-02-01", "2026-02-02")
"""In either period: a charge may arise in one month and be billed in the next."""
AMOUNTS = ("0", "1", "-0.5", "2.25", "0.1234567890125", "0.0000000000004", "1e-13", "-3.5E-12")
"""The last ones have more digits than the lake stores; one lies exactly between two stored."""
LAYOUTS = {"daily": "legacy", "focus": "data exports"}

_ENDS = {"2026-01": "2026-02", "2026-02": "2026-03"}
_MINUTE = 60_000_000
_APART = 10_000
"""Microseconds between two things said in one minute: Athena knows milliseconds."""


def _header() -> str:
    return (
        "BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,"
        "ChargePeriodEnd,ChargeCategory,ServiceName,ResourceId,BilledCost,EffectiveCost\n"
    )


def _csv(lines: Sequence[Line]) -> str:
    return _header() + "".join(
        f"{line.account},USD,{line.period}-01T00:00:00Z,{_ENDS[line.period]}-01T00:00:00Z,"
        f"{line.date}T00:00:00Z,{line.date}T01:00:00Z,Usage,Storage,{line.resource},"
        f"{line.billed},{line.effective}\n"
        for line in lines
    )


@dataclass(slots=True)
class Job:
    """Something that can be ingested again and again, and how it is laid out to be."""

    delivery: Delivery
    request: Request
    lay_out: Callable[[int], None]
    """Writes what tells when it was said, and which of an export's refreshes is current."""


def _file(folder: Path, name: str, lines: Sequence[Line], at: int) -> Job:
    text = _csv(lines)
    path = folder / f"{name}.csv"
    path.write_text(text, "utf-8")
    delivery = Delivery(text, f"file {text}", at, tuple(lines))
    return Job(delivery, Request(str(path)), lambda moment: _touch(path, moment))


def _assembly(
    folder: Path, export: str, period: str, name: str, lines: Sequence[Line], at: int
) -> Job:
    """Lay out a refresh of an export as AWS does, in two files; the month's manifest comes later.

    Every refresh has an id, so no two are the same delivery, whatever their rows.
    """
    top = folder / export
    if LAYOUTS[export] == "legacy":
        days = f"{period}-01".replace("-", "") + "-" + f"{_ENDS[period]}-01".replace("-", "")
        data, month = top / days / name, top / days
        keys = [f"cur/{export}/{days}/{name}/{export}-{n}.csv" for n in (1, 2)]
        document: dict[str, Any] = {"assemblyId": name, "reportName": export, "reportKeys": keys}
    else:
        part = f"BILLING_PERIOD={period}"
        data, month = top / "data" / part / name, top / "metadata" / part
        keys = [f"exports/{export}/data/{part}/{name}/{export}-0000{n}.csv" for n in (1, 2)]
        document = {"executionId": name, "dataFiles": [f"s3://bills/{key}" for key in keys]}
    data.mkdir(parents=True)
    half = (len(lines) + 1) // 2
    for key, some in zip(keys, (lines[:half], lines[half:]), strict=True):
        (data / key.rpartition("/")[2]).write_text(_csv(some), "utf-8")

    def lay_out(moment: int) -> None:
        month.mkdir(parents=True, exist_ok=True)
        manifest = month / f"{export}-Manifest.json"
        manifest.write_text(json.dumps(document), "utf-8")
        _touch(manifest, moment)

    delivery = Delivery(f"{export} {period} {name}", f"export {export}", at, tuple(lines))
    return Job(delivery, Request(str(top), billing_period=period), lay_out)


def _touch(path: Path, micros: int) -> None:
    os.utime(path, ns=(micros * 1_000, micros * 1_000))


# --- the stack --------------------------------------------------------------------------------

BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)

CHARGES = """
select billing_account_id, billing_period, charge_date, resource_id, count(*) as events,
       sum(billed_cost) as billed, sum(effective_cost) as effective
from charges group by 1, 2, 3, 4
"""
ACTIVE = """
select billing_account_id, scope_period, json_format(cast(days as json)) as days
from deliveries where status = 'active'
"""


@dataclass(frozen=True, slots=True)
class Impatient(Platform):
    """A platform whose queries are looked at often: the law asks one after every step."""

    @property
    def query(self) -> AthenaQuery:
        """The lake in SQL."""
        names = self.names

        def pause(seconds: float) -> None:
            time.sleep(min(seconds, 0.005))

        return AthenaQuery(
            self.client("athena"), self.client("s3"), names.database, names.workgroup, pause, 0.001
        )


@dataclass(frozen=True, slots=True)
class Stack:
    """The local stack, and how it is emptied."""

    folder: Path
    aws: LocalAws
    platform: Platform
    clock: ManualClock

    def empty(self) -> None:
        """Forget everything that was ever delivered, and all chance."""
        self.aws.flush()
        store = self.aws.store(self.platform.names.bucket)
        for info in list(store.list("")):
            store.delete(info.key)
        self.inject(NO_FAULTS)

    def inject(self, faults: Faults) -> None:
        """Set the stream's faults, whose chance begins anew with the next record."""
        numbers = count()

        def refuses(ordinal: int, random: Random) -> bool:
            number = next(numbers)
            if not number:
                random.seed(1)
            return faults.refuses(number, random)

        self.aws.services.firehose.inject(replace(faults, refuses=refuses))


@contextmanager
def started(folder: Path) -> Iterator[Stack]:
    """Start a stack that lives on a clock of its own."""
    clock = ManualClock(BEGIN)
    with start(folder / "finops", clock=clock) as (aws, platform):
        known = {f.name: getattr(platform, f.name) for f in fields(Platform)}
        yield Stack(folder, aws, Impatient(**known), clock)


class Killed(BaseException):
    """The process dies here."""


class Damages:
    """A Firehose client that breaks one record of charges, as a bad cable would."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._record = b""
        self.damaged: list[str] = []
        """Of which delivery."""

    def put_record_batch(self, **request: Any) -> Any:
        """Cut the last byte off the first record, whenever it is put."""
        records = [record["Data"] for record in request["Records"]]
        for data in records:
            batch = decode(data)
            if not self._record and isinstance(batch, Batch) and batch.is_charges:
                self._record = data
                self.damaged.append(batch.delivery_id)
        cut = [{"Data": data[:-1] if data == self._record else data} for data in records]
        return self._client.put_record_batch(**{**request, "Records": cut})


# --- the machine ------------------------------------------------------------------------------

SAYS_NOTHING = ("read", "safe-point", "decide", "send")
SENDS_ROWS = ("sent-chunk", "quarantine", "complete")
COMPLETES = ("receipt", "clear", "deliver")
STEPS = (*SAYS_NOTHING, *SENDS_ROWS, *COMPLETES, "settle")
"""Where an ingest may die, by how far its rows and its end came."""
REMEMBERS = ("send", *SENDS_ROWS, "receipt")
"""Where it dies with a decision taken, so that only the same command continues it."""

FINE, LATE, DAMAGED = "fine", "late", "damaged"
"""Late: the stream keeps everything for now. Damaged: one record of charges arrives broken."""

lines = st.builds(
    Line,
    account=st.sampled_from(["a", "b"]),
    period=st.sampled_from(PERIODS),
    date=st.sampled_from(DATES),
    resource=st.sampled_from(["disk", ""]),
    billed=st.sampled_from(AMOUNTS),
    effective=st.sampled_from(AMOUNTS),
)
some_lines = st.lists(lines, min_size=1, max_size=6)
few_lines = st.lists(lines, max_size=2)
moments = st.integers(-9, 9)
"""Minutes from the example's beginning: files may be older than the last word, or of the future."""
words = st.sampled_from(Word)
exports = st.sampled_from(sorted(LAYOUTS))
deaths = st.sampled_from(STEPS)
fates = st.sampled_from([FINE, FINE, LATE]) | deaths
first_fates = fates | st.just(DAMAGED)
all_faults = st.builds(
    Faults,
    duplicate_batches=st.booleans(),
    duplicate_objects=st.booleans(),
    reorder=st.booleans(),
    refuses=st.sampled_from([NO_FAULTS.refuses, lambda ordinal, random: ordinal % 7 == 3]),
)


@dataclass(slots=True)
class Command:
    """What a person typed."""

    job: Job
    word: Word
    resend: bool = False


class Deliveries(RuleBasedStateMachine):
    """Does everything twice: to the stack and to the model."""

    stack: ClassVar[Stack]
    known = Bundle("known")

    def __init__(self) -> None:
        super().__init__()
        self.stack.empty()
        self._folder = Path(tempfile.mkdtemp(dir=self.stack.folder))
        self._begin = self.stack.platform.now_micros()
        self._model = Model()
        self._interrupted: dict[str, Command] = {}
        self._damaged: set[str] = set()
        self._written = 0
        self._asked = False
        self._sound = True

    # --- rules

    @rule(target=known, lines=some_lines, at=moments, word=words, fate=first_fates)
    def a_file(self, lines: list[Line], at: int, word: Word, fate: str) -> Job:
        """A new file."""
        return self._new_file(lines, at, word, fate)

    @rule(
        target=known,
        base=known,
        drop=st.integers(0, 15),
        more=few_lines,
        at=moments,
        word=words,
        fate=first_fates,
    )
    def a_changed_file(
        self, base: Job, drop: int, more: list[Line], at: int, word: Word, fate: str
    ) -> Job | MultipleResults[Job]:
        """A snapshot of what another delivery said, with some days changed, gone or new."""
        lines = _changed(base, drop, more)
        return self._new_file(lines, at, word, fate) if lines else multiple()

    @rule(
        target=known,
        export=exports,
        period=st.sampled_from(PERIODS),
        lines=some_lines,
        at=moments,
        word=words,
        fate=first_fates,
    )
    def an_assembly(
        self, export: str, period: str, lines: list[Line], at: int, word: Word, fate: str
    ) -> Job:
        """A refresh of an export."""
        return self._new_assembly(export, period, lines, at, word, fate)

    @rule(
        target=known,
        export=exports,
        base=known,
        drop=st.integers(0, 15),
        more=few_lines,
        at=moments,
        word=words,
        fate=first_fates,
    )
    def a_changed_assembly(
        self, export: str, base: Job, drop: int, more: list[Line], at: int, word: Word, fate: str
    ) -> Job | MultipleResults[Job]:
        """The next refresh of an export, or of another one that says nearly the same."""
        lines = _changed(base, drop, more)
        if not lines:
            return multiple()
        return self._new_assembly(export, lines[0].period, lines, at, word, fate)

    @rule(job=known, at=st.none() | moments, word=words, resend=st.booleans(), fate=fates)
    def again(self, job: Job, at: int | None, word: Word, resend: bool, fate: str) -> None:
        """The same again, touched or not; A, B and A again is made of this."""
        command = self._interrupted.get(job.delivery.content)
        if command is None:
            command = Command(job, word, resend)
        if at is not None:
            self._say_at(job, at)
        self._run(command, fate)

    @precondition(lambda self: self._interrupted)
    @rule(number=st.integers(0, 9), fate=fates)
    def the_interrupted_command_again(self, number: int, fate: str) -> None:
        """What died goes on."""
        left = list(self._interrupted.values())
        self._run(left[number % len(left)], fate)

    @rule()
    def settle_again(self) -> None:
        """The stream delivers what it has, and settle runs."""
        self._begun()
        self.stack.platform.flush()
        self._model.land()
        self._settle()

    @rule(faults=all_faults)
    def faults_change(self, faults: Faults) -> None:
        """The stream doubles, disorders or refuses from now on."""
        self.stack.inject(faults)

    # --- what must hold

    @invariant()
    def the_view_is_the_model(self) -> None:
        """After every step."""
        if self._asked:
            return
        self._compare()
        self._asked = self._sound = True

    def teardown(self) -> None:
        """At the end everything arrives, and the lake accounts for all of it."""
        if not self._sound:
            return  # It failed already.
        self.settle_again()
        self._compare()
        self._settle()
        self._compare()
        platform = self.stack.platform
        report = audit(platform.query, platform.store)
        # What was damaged on its way and never sent again is the only thing that may be missing.
        assert {gap.delivery_id for gap in report.gaps} <= self._damaged, report.gaps
        assert report.clean == self._model.whole, report.gaps
        self._compare_promises()

    # --- how

    def _new_file(self, lines: list[Line], at: int, word: Word, fate: str) -> Job:
        job = _file(self._folder, self._name("file"), lines, self._moment(at))
        job.lay_out(job.delivery.at)
        return self._first(job, word, fate)

    def _new_assembly(
        self, export: str, period: str, lines: list[Line], at: int, word: Word, fate: str
    ) -> Job:
        of_month = [replace(line, period=period) for line in lines]
        moment = self._moment(at)
        job = _assembly(self._folder, export, period, self._name("refresh"), of_month, moment)
        return self._first(job, word, fate)

    def _first(self, job: Job, word: Word, fate: str) -> Job:
        same = self._interrupted.get(job.delivery.content)
        self._run(same or Command(job, word), fate)
        return job

    def _run(self, command: Command, fate: str) -> None:
        """Run a command on the stack, and tell the model how far it came."""
        self._begun()
        job, word, resend = command.job, command.word, command.resend
        model, platform, delivery = self._model, self.stack.platform, job.delivery
        job.lay_out(delivery.at)
        damages = Damages(platform.client("firehose"))
        if fate == DAMAGED and not model.knows(delivery):
            platform = replace(platform, client=_instead(platform.client, firehose=damages))
        if fate == LATE:
            platform = replace(platform, flush=lambda: None)
        refused = model.refuses(delivery, word)
        came_to, report = _ingested(platform, command, fate)
        self._interrupted.pop(delivery.content, None)
        if came_to in REMEMBERS:
            self._interrupted[delivery.content] = command
        if came_to in ("read", "safe-point", "decide"):
            return
        assert (came_to == "refused") == refused, (
            f"the stack came to {came_to}, the model {'refuses' if refused else 'does not refuse'}"
        )
        if came_to not in ("refused", "send"):
            lost = _scopes_of(report, damages.damaged)
            self._damaged.update(damages.damaged)
            model.send(delivery, resend=resend, lost=lost)
            if came_to not in SENDS_ROWS:
                model.complete(delivery, word, platform.now_micros(), resend=resend)
                if came_to == "settle" or (came_to == "done" and fate != LATE):
                    model.land()
                if came_to == "done":
                    model.settle()

    def _settle(self) -> None:
        platform = self.stack.platform
        settle(platform.query, platform.store, platform.clock.now())
        self._model.settle()

    def _compare(self) -> None:
        found = {
            (
                row["billing_account_id"],
                row["billing_period"],
                row["charge_date"],
                row["resource_id"] or "",
            ): (row["events"], row["billed"], row["effective"])
            for row in self.stack.platform.query.rows(CHARGES)
        }
        assert found == self._model.charges()

    def _compare_promises(self) -> None:
        """What active deliveries promise, stored and residue, is their sources' sum."""
        promised: dict[Scope, Decimal] = {}
        deliveries: Counter[Scope] = Counter()
        for row in self.stack.platform.query.rows(ACTIVE):
            scope = (row["billing_account_id"], row["scope_period"])
            deliveries[scope] += 1
            sums = [entry for day in json.loads(row["days"]) for entry in day["sums"]]
            promised[scope] = promised.get(scope, Decimal(0)) + sum(
                Decimal(entry["stored"]) + Decimal(entry["residue"])
                for entry in sums
                if entry["column_name"] == "billed_cost"
            )
        assert promised == self._model.source_sums()
        assert deliveries == {scope: len(held) for scope, held in self._model.shown.items()}

    def _begun(self) -> None:
        self._asked = self._sound = False
        self.stack.clock.advance(by=timedelta(minutes=1))

    def _moment(self, minutes: int) -> int:
        """Return a moment that nothing else was said at, so that no tie is left to chance."""
        self._written += 1
        return self._begin + minutes * _MINUTE + self._written * _APART

    def _say_at(self, job: Job, minutes: int) -> None:
        job.delivery = replace(job.delivery, at=self._moment(minutes))

    def _name(self, kind: str) -> str:
        return f"{kind}-{self._written + 1}"


def _changed(base: Job, drop: int, more: list[Line]) -> list[Line]:
    kept = [line for i, line in enumerate(base.delivery.lines) if not drop >> i & 1]
    return kept + more


def _ingested(platform: Platform, command: Command, fate: str) -> tuple[str, IngestReport | None]:
    """Return how far the stack came: the step it died at, `refused` or `done`."""

    def reached(step: str) -> None:
        if step == fate:
            raise Killed

    on_conflict = {
        Word.NOTHING: OnConflict.REFUSE,
        Word.REPLACE: OnConflict.REPLACE,
        Word.ADD: OnConflict.ADD,
    }[command.word]
    (source,) = open_sources(command.job.request, no_s3)
    options = Options(on_conflict=on_conflict, resend=command.resend)
    try:
        report, _ = run_ingest(platform, source, options, reached=reached)
    except Killed:
        return fate, None
    except ScopeHeldError:
        return "refused", None
    return "done", report


def _scopes_of(report: IngestReport | None, deliveries: Sequence[str]) -> set[Scope]:
    return {
        (said.scope.billing_account_id, said.scope.billing_period)
        for said in (report.scopes if report else ())
        if said.delivery_id in deliveries
    }


def _instead(client: Callable[[str], Any], **others: Any) -> Callable[[str], Any]:
    return lambda service: others.get(service) or client(service)


def hold(stack: Stack, examples: int, steps: int, chance: int | None = None) -> None:
    """Look for a sequence that breaks the law; without a chance of its own, always the same."""

    class TheLaw(Deliveries):
        pass

    TheLaw.stack = stack
    machine = TheLaw if chance is None else seed(chance)(TheLaw)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=chance is None,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with started(tmp_path_factory.mktemp("law")) as stack:
        yield stack


def test_any_sequence_of_deliveries_shows_what_a_simple_model_says(stack: Stack) -> None:
    """The law, on a few sequences that are always the same."""
    hold(stack, examples=6, steps=8)


def main() -> None:
    """Look longer, by hand."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=200)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, started(Path(folder)) as stack:
        began = time.monotonic()
        hold(stack, given.examples, given.steps, given.seed)
        print(f"{given.examples} examples held, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
