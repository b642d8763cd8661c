"""The law: whatever sequence of deliveries, copies, disorder and deaths, views show what it says.

A state machine does to the local stack what people, exports and bad luck do, and the same to a
model in memory; after every step the view `charges` has to be the model's.

Longer, by hand: python -m tests.e2e.test_delivery_law --examples 200 --seed 7
"""

import argparse
import json
import os
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
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
    initialize,
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
from producers.ingest import Options
from producers.ingest_report import IngestReport
from schemas.codec import Batch, decode
from tests.e2e.delivery_model import Charges, Delivery, Line, Model, Scope, Word
from tests.sources import no_s3
from transforms.audit import audit
from transforms.settle import settle

# --- what is delivered ------------------------------------------------------------------------

NEXT = {"2026-01": "2026-02", "2026-02": "2026-03"}
"""The billing periods, and the month after each."""
DATES = ("2026-01-31", "2026-02-01", "2026-02-02")
"""In either period: a charge may arise in one month and be billed in the next."""
AMOUNTS = ("0", "1", "-0.5", "2.25", "0.1234567890125", "0.0000000000004", "1e-13", "-3.5E-12")
"""The last ones have more digits than the lake stores; two lie exactly between two stored."""
BROKEN = "oops"
"""An amount that cannot be read; its line goes to quarantine."""
FILE = "file"
"""What belongs to no export."""
LAYOUTS = {"monthly": "overwritten", "daily": "legacy", "focus": "data exports"}
"""The exports, and how each is laid out."""

HEADER = (
    "BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,"
    "ChargePeriodEnd,ChargeCategory,ServiceName,ResourceId,BilledCost,EffectiveCost\n"
)


@dataclass(slots=True)
class Job:
    """Something that can be ingested again and again."""

    form: str
    """A file, or which export."""
    delivery: Delivery
    lines: tuple[Line, ...]
    """All of them, readable or not."""
    request: Request
    lay_out: Callable[[int], None]
    """Writes what tells when it was said, and which of an export's refreshes is current."""


def csv(lines: Sequence[Line]) -> str:
    """Write lines as a FOCUS file."""
    return HEADER + "".join(
        f"{line.account},USD,{line.period}-01T00:00:00Z,{NEXT[line.period]}-01T00:00:00Z,"
        f"{line.date}T00:00:00Z,{line.date}T01:00:00Z,Usage,Storage,{line.resource},"
        f"{line.billed},{line.effective}\n"
        for line in lines
    )


def file_job(folder: Path, name: str, lines: Sequence[Line], at: int) -> Job:
    """Write a file that belongs to no export: an instance of its own, by its content."""
    text = csv(lines)
    path = folder / f"{name}.csv"
    path.write_text(text, "utf-8")
    delivery = Delivery(f"file {text}", f"file {text}", at, readable(lines))
    request = Request(str(path))
    return Job(FILE, delivery, tuple(lines), request, lambda moment: touch(path, moment))


def export_job(
    folder: Path, export: str, period: str, name: str, lines: Sequence[Line], at: int
) -> Job:
    """Lay out a refresh of an export as AWS does; it is current while the manifest names it."""
    top, layout = folder / export, LAYOUTS[export]
    begin, end = (f"{month}01".replace("-", "") for month in (period, NEXT[period]))
    legacy = layout == "legacy"
    month = f"{begin}-{end}" if legacy else f"BILLING_PERIOD={period}"
    beside, data = (top, top / month) if legacy else (top / "metadata", top / "data" / month)
    parts = [csv(lines)]
    if layout != "overwritten":
        # A folder of its own for each refresh, with an id: two are never the same delivery.
        data, half = data / name, (len(lines) + 1) // 2
        parts = [csv(lines[:half]), csv(lines[half:])]
    keys = [(data / f"{export}-{n}.csv").relative_to(folder).as_posix() for n in range(len(parts))]
    document: dict[str, Any] = {"dataFiles": [f"s3://bills/{key}" for key in keys]}
    if legacy:
        document = {"assemblyId": name, "reportName": export, "reportKeys": keys}
    elif layout == "data exports":
        document["executionId"] = name

    def lay_out(moment: int) -> None:
        manifest = beside / month / f"{export}-Manifest.json"
        for folder_of in (data, manifest.parent):
            folder_of.mkdir(parents=True, exist_ok=True)
        for key, text in zip(keys, parts, strict=True):
            (folder / key).write_text(text, "utf-8")
        manifest.write_text(json.dumps(document), "utf-8")
        touch(manifest, moment)

    content = f"{export} {parts if layout == 'overwritten' else name}"
    delivery = Delivery(content, f"export {export}", at, readable(lines))
    request = Request(str(top), billing_period=period)
    return Job(export, delivery, tuple(lines), request, lay_out)


def readable(lines: Sequence[Line]) -> tuple[Line, ...]:
    return tuple(line for line in lines if line.billed != BROKEN)


def touch(path: Path, micros: int) -> None:
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
class Stack:
    """The local stack on a clock of its own, and how it is emptied."""

    folder: Path
    aws: LocalAws
    platform: Platform
    clock: ManualClock

    def empty(self) -> None:
        """Forget everything that was ever delivered."""
        self.aws.flush()
        store = self.aws.store(self.platform.names.bucket)
        for info in list(store.list("")):
            store.delete(info.key)
        self.inject(NO_FAULTS)

    def inject(self, faults: Faults) -> None:
        """Set the stream's faults; its chance and its count of records begin anew."""
        numbers = count()

        def refuses(ordinal: int, random: Random) -> bool:
            number = next(numbers)
            if not number:
                random.seed(1)
            return faults.refuses(number, random)

        self.aws.services.firehose.inject(replace(faults, refuses=refuses))

    def charges(self) -> Charges:
        """Return what the view shows."""
        return {
            (
                row["billing_account_id"],
                row["billing_period"],
                row["charge_date"],
                row["resource_id"] or "",
            ): (row["events"], row["billed"], row["effective"])
            for row in self.platform.query.rows(CHARGES)
        }

    def settle(self) -> None:
        """Run the job."""
        settle(self.platform.query, self.platform.store, self.clock.now())


@contextmanager
def started(folder: Path) -> Iterator[Stack]:
    """Start a stack."""
    clock = ManualClock(BEGIN)
    with start(folder / "finops", clock=clock) as (aws, platform):
        yield Stack(folder, aws, platform, clock)


class Killed(BaseException):
    """The process dies here."""


class Damages:
    """A Firehose client that breaks one record of charges, as a bad cable would."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._record = b""
        self.deliveries: set[str] = set()
        """Whose record it was."""

    def put_record_batch(self, **request: Any) -> Any:
        """Cut the last byte off the first record of charges, as often as it is put."""
        records = [record["Data"] for record in request["Records"]]
        for data in records:
            batch = decode(data)
            if not self._record and isinstance(batch, Batch) and batch.is_charges:
                self._record = data
                self.deliveries.add(batch.delivery_id)
        cut = [{"Data": data[:-1] if data == self._record else data} for data in records]
        return self._client.put_record_batch(**{**request, "Records": cut})


class Mortal:
    """A client whose process dies at one of its writes.

    Args:
        client: of S3 or of Firehose.
        writes: as many are done; the next one kills.
    """

    def __init__(self, client: Any, writes: Iterator[int]) -> None:
        self._client = client
        self._writes = writes

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        return partial(self._write, call) if name in WRITES else call

    def _write(self, call: Callable[..., Any], **request: Any) -> Any:
        if next(self._writes, None) is None:
            raise Killed
        return call(**request)


# --- the machine ------------------------------------------------------------------------------

READS = ("read", "safe-point", "decide")
SENT = ("sent-chunk", "quarantine", "claim")
SAID = ("receipt", "clear", "deliver", "settle")
STEPS = (*READS, "send", *SENT, "complete", *SAID)
"""Where an ingest may die: before it is decided, after its rows were sent, after its end was."""

CLAIMED = ("complete", "receipt")
"""Where it dies with its scopes claimed: what it had decided is said when it goes on."""

FINE, LATE, DAMAGED = "fine", "late", "damaged"
"""Late: the stream keeps everything for now. Damaged: one record of charges arrives broken."""
BETWEEN = tuple(f"after {n} writes" for n in range(26))
"""Where an ingest may die between any two steps; its command comes again at once."""
WRITES = ("put_object", "delete_object", "put_record_batch")

periods = st.sampled_from(sorted(NEXT))
forms = st.sampled_from([FILE, *LAYOUTS])
amounts = st.sampled_from(AMOUNTS)


def lines_of(billed: st.SearchStrategy[str]) -> st.SearchStrategy[Line]:
    return st.builds(
        Line,
        account=st.sampled_from(["a", "b"]),
        period=periods,
        date=st.sampled_from(DATES),
        resource=st.sampled_from(["disk", ""]),
        billed=billed,
        effective=amounts,
    )


a_line = lines_of(st.sampled_from((*AMOUNTS, BROKEN)))
good_lines = st.lists(lines_of(amounts), min_size=1, max_size=6)
moments = st.integers(-9, 9)
"""Minutes from the beginning: files may be older than what is said now, or of the future."""
words = st.sampled_from(Word)
fates = st.sampled_from([*[FINE] * 24, *[LATE] * 6, *[DAMAGED] * 3, *STEPS, *BETWEEN])
rarely = st.sampled_from([False, False, False, True])
all_faults = st.builds(
    Faults,
    duplicate_batches=st.booleans(),
    duplicate_objects=st.booleans(),
    reorder=st.booleans(),
    refuses=st.sampled_from([NO_FAULTS.refuses, lambda number, random: number % 7 == 3]),
)


@dataclass(frozen=True, slots=True)
class Command:
    """What a person types."""

    job: Job
    word: Word = Word.NOTHING
    resend: bool = False
    restart: bool = False


@dataclass(frozen=True, slots=True)
class Death:
    """Where a command died."""

    command: Command
    at: str


class Deliveries(RuleBasedStateMachine):
    """Does everything twice: to the stack and to the model."""

    stack: ClassVar[Stack]
    jobs = Bundle("jobs")

    def __init__(self) -> None:
        super().__init__()
        self.stack.empty()
        self._folder = Path(tempfile.mkdtemp(dir=self.stack.folder))
        self._begin = self.stack.platform.now_micros()
        self._model = Model()
        self._interrupted: dict[str, Death] = {}
        """What died, by content."""
        self._claimed: dict[str, Command] = {}
        """What once died with its scopes claimed, by content."""
        self._damaged: set[str] = set()
        self._numbers = count(1)
        self._changed = self._settled = False
        """Whether the last thing that happened was that faults changed, or a settle alone."""
        self._asked = False
        """Whether the view was compared since the last thing that happened."""

    # --- rules

    @initialize(target=jobs, form=forms, period=periods, lines=good_lines, at=moments)
    def something(self, form: str, period: str, lines: list[Line], at: int) -> Job:
        """Something to begin with."""
        job = self._job(form, period, lines, at)
        self._run(Command(job), FINE)
        return job

    @rule(
        target=jobs,
        form=st.none() | forms,
        period=periods,
        base=jobs | st.none(),
        gone=st.integers(0, 15),
        lines=st.lists(a_line, max_size=4),
        at=moments,
        word=words,
        fate=fates,
    )
    def something_new(
        self,
        form: str | None,
        period: str,
        lines: list[Line],
        at: int,
        base: Job | None = None,
        gone: int = 0,
        word: Word = Word.NOTHING,
        fate: str = FINE,
    ) -> Job | MultipleResults[Job]:
        """A file or a refresh of an export: all new, or much as something before.

        Args:
            form: a file, or which export; None is the base's.
            period: of an export without a base; a file may have any.
            lines: new ones.
            at: when it is said.
            base: its lines are in it too.
            gone: except for those whose bits are set.
            word: what is said about others.
            fate: what becomes of the ingest.
        """
        kept = base.delivery.lines if base else ()
        every = [line for i, line in enumerate(kept) if not gone >> i & 1] + lines
        if not every:
            return multiple()
        if kept:
            period = kept[0].period
        job = self._job(form or (base.form if base else FILE), period, every, at)
        self._run(Command(job, word), fate)
        return job

    @rule(
        job=jobs,
        at=st.none() | moments,
        word=words,
        resend=rarely,
        restart=rarely,
        fate=fates,
    )
    def again(
        self,
        job: Job,
        at: int | None = None,
        word: Word = Word.NOTHING,
        resend: bool = False,
        restart: bool = False,
        fate: str = FINE,
    ) -> None:
        """The same again, touched or not: sent twice, or A, B and A again."""
        if at is not None:
            job.delivery = replace(job.delivery, at=self._moment(at))
        self._run(Command(job, word, resend, restart), fate)

    @precondition(lambda self: self._interrupted)
    @rule(number=st.integers(0, 3), fate=fates)
    def the_interrupted_again(self, number: int = 0, fate: str = FINE) -> None:
        """What died goes on."""
        left = list(self._interrupted.values())
        self._run(replace(left[number % len(left)].command, restart=False), fate)

    @precondition(lambda self: not self._settled)
    @rule()
    def settle_again(self) -> None:
        """The stream delivers what it has, and settle runs."""
        self._happens()
        self._settled = True
        self.stack.aws.flush()
        self._model.land()
        self._settle()

    @precondition(lambda self: self._model.waits)
    @rule(seconds=st.sampled_from([61, 301]))
    def time_passes(self, seconds: int) -> None:
        """Some of what the stream has arrives, and settle runs."""
        self._happens()
        self.stack.clock.advance(by=timedelta(seconds=seconds))
        self.stack.aws.services.firehose.tick()
        self._model.trickle()
        self._settle()

    @precondition(lambda self: not self._changed)
    @rule(faults=all_faults)
    def faults_change(self, faults: Faults) -> None:
        """The stream doubles, disorders and refuses from now on, or no longer."""
        self._changed = True
        self.stack.inject(faults)

    # --- what must hold

    @invariant()
    def the_view_is_the_models(self) -> None:
        """After every step."""
        if not self._asked:
            found = self.stack.charges()
            assert self._model.may_show(found), f"{found}, not {self._model.charges()}"
            self._asked = True

    def teardown(self) -> None:
        """At the end everything arrives, nothing moves any more, and the lake accounts for it."""
        if not self._asked:
            return  # It failed on the way.
        for _ in range(2 if self._model.waits else 1):
            self.settle_again()
            self.the_view_is_the_models()
        report = audit(self.stack.platform.query, self.stack.platform.store)
        # What was damaged on its way, and not sent again, is all that may be missing.
        assert {gap.delivery_id for gap in report.gaps} <= self._damaged, report.gaps
        assert report.clean == self._model.whole, report.gaps
        self._compare_promises()

    def _compare_promises(self) -> None:
        """Compare what active deliveries promise, stored and residue, with their sources' sums."""
        promised: dict[Scope, Decimal] = defaultdict(Decimal)
        active: Counter[Scope] = Counter()
        for row in self.stack.platform.query.rows(ACTIVE):
            scope = (row["billing_account_id"], row["scope_period"])
            active[scope] += 1
            for entry in (entry for day in json.loads(row["days"]) for entry in day["sums"]):
                if entry["column_name"] == "billed_cost":
                    promised[scope] += Decimal(entry["stored"]) + Decimal(entry["residue"])
        assert promised == self._model.source_sums()
        assert active == {scope: len(held) for scope, held in self._model.shown.items()}

    # --- how

    def _job(self, form: str, period: str, lines: list[Line], at: int) -> Job:
        name, moment = f"{form}-{next(self._numbers)}", self._moment(at)
        if form == FILE:
            return file_job(self._folder, name, lines, moment)
        of_month = [replace(line, period=period) for line in lines]
        return export_job(self._folder, form, period, name, of_month, moment)

    def _run(self, command: Command, fate: str) -> None:
        """Run a command on the stack, and tell the model how far it came."""
        self._happens()
        platform, model, delivery = self.stack.platform, self._model, command.job.delivery
        died = self._interrupted.pop(delivery.content, None)
        claimed = died is not None and died.at in CLAIMED and not command.restart
        if model.has_claimed(delivery):
            # Its word was given; with another one, it would be another command.
            known = self._claimed[delivery.content]
            command = replace(command, word=known.word, resend=known.resend)
        if claimed:
            # See test_a_resend_after_an_interrupted_one_is_done_too.
            command = replace(command, resend=False)
        damages = Damages(platform.client("firehose"))
        if fate == DAMAGED and not (model.knows(delivery) or model.has_claimed(delivery)):
            platform = replace(platform, client=instead(platform.client, firehose=damages))
        if fate == LATE:
            platform = replace(platform, flush=lambda: None)
        if fate in BETWEEN:
            self._dies(command, BETWEEN.index(fate))
            command = replace(command, restart=False)
        came_to, report = ingested(platform, command, fate)
        if came_to in STEPS:
            self._interrupted[delivery.content] = Death(command, came_to)
        if came_to == "complete":
            self._claimed[delivery.content] = command
        self._damaged |= damages.deliveries
        if died is None or not claimed or self._model_ends(delivery, died, came_to):
            self._model_does(command, came_to, scopes_of(report, damages.deliveries))
        if came_to == "settle" or (came_to == "done" and fate != LATE):
            model.land()
        if came_to == "done":
            model.settle()

    def _dies(self, command: Command, writes: int) -> None:
        """Run a command that dies on its way, if it does not come to its end before."""
        left, client = iter(range(writes)), self.stack.platform.client
        mortal = {name: Mortal(client(name), left) for name in ("s3", "firehose")}
        ingested(replace(self.stack.platform, client=instead(client, **mortal)), command, FINE)

    def _model_ends(self, delivery: Delivery, died: Death, came_to: str) -> bool:
        """Say what had been claimed; tell whether the command at hand was begun after that."""
        if came_to == died.at == "complete":
            return False
        self._model.say(delivery)
        return came_to not in ("receipt", "clear")

    def _model_does(self, command: Command, came_to: str, lost: Collection[Scope]) -> None:
        """Do what a command does up to a step."""
        model, delivery = self._model, command.job.delivery
        now = self.stack.platform.now_micros()
        if came_to not in READS:
            refuses = model.refuses(delivery, command.word)
            assert (came_to == "refused") == refuses, f"{came_to}; by the model: {refuses}"
        if came_to in (*SENT, "complete", *SAID, "done"):
            model.send(delivery, resend=command.resend, lost=lost)
        if came_to in ("complete", *SAID, "done"):
            model.claim(delivery, command.word, now, resend=command.resend)
        if came_to in (*SAID, "done"):
            model.say(delivery)

    def _settle(self) -> None:
        self.stack.settle()
        self._model.settle()

    def _happens(self) -> None:
        self._asked = self._changed = self._settled = False
        self.stack.clock.advance(by=timedelta(minutes=1))

    def _moment(self, minutes: int) -> int:
        """Return a moment at which nothing else was said, so that no tie is left to chance."""
        return self._begin + minutes * 60_000_000 + next(self._numbers) * 10_000


def ingested(platform: Platform, command: Command, fate: str) -> tuple[str, IngestReport | None]:
    """Ingest; return the step it died at, `refused` or `done`, and the report of what is done."""

    def reached(step: str) -> None:
        if step == fate:
            raise Killed

    conflict = {
        Word.NOTHING: OnConflict.REFUSE,
        Word.REPLACE: OnConflict.REPLACE,
        Word.ADD: OnConflict.ADD,
    }[command.word]
    options = Options(on_conflict=conflict, resend=command.resend, max_rejected=1.0)
    command.job.lay_out(command.job.delivery.at)
    (source,) = open_sources(command.job.request, no_s3)
    try:
        report, _ = run_ingest(platform, source, options, restart=command.restart, reached=reached)
    except Killed:
        return fate, None
    except ScopeHeldError:
        return "refused", None
    return "done", report


def scopes_of(report: IngestReport | None, deliveries: set[str]) -> set[Scope]:
    return {
        (said.scope.billing_account_id, said.scope.billing_period)
        for said in (report.scopes if report else ())
        if said.delivery_id in deliveries
    }


def instead(client: Callable[[str], Any], **others: Any) -> Callable[[str], Any]:
    return lambda service: others[service] if service in others else client(service)


# --- the tests --------------------------------------------------------------------------------


def hold(stack: Stack, examples: int, steps: int, chance: int | None = None) -> None:
    """Look for a sequence that breaks the law; without a chance given, always the same ones."""

    class TheLaw(Deliveries):
        pass

    TheLaw.stack = stack
    run_state_machine_as_test(
        TheLaw if chance is None else seed(chance)(TheLaw),
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


@pytest.mark.long
def test_any_sequence_of_deliveries_shows_what_a_simple_model_says(stack: Stack) -> None:
    """The law, on a few sequences that are always the same."""
    hold(stack, examples=5, steps=8)


# What once broke the law, as short as it can be said.

A, B = (
    Line("a", "2026-01", date, "disk", billed, billed)
    for date, billed in (("2026-01-31", "1"), ("2026-02-01", "2.25"))
)


@pytest.fixture
def law(stack: Stack) -> Deliveries:
    """The machine, driven by hand."""

    class Whole(Deliveries):
        pass

    Whole.stack = stack
    return Whole()


def new(
    law: Deliveries,
    lines: list[Line],
    word: Word = Word.NOTHING,
    fate: str = FINE,
    *,
    form: str = FILE,
    at: int = -5,
) -> Job:
    job = law.something_new(form, "2026-01", lines, at, word=word, fate=fate)
    assert isinstance(job, Job)
    return job


def test_an_interrupted_ingest_is_decided_anew(law: Deliveries) -> None:
    """A dies before it sends; B comes, and holds the scope; A goes on, and needs a word now."""
    new(law, [A], fate="send")
    new(law, [B])
    law.the_interrupted_again()
    law.the_view_is_the_models()


def test_a_delivery_that_died_before_its_receipt_holds_its_scope(law: Deliveries) -> None:
    """A's end is in the stream: B needs a word, as if A had not died."""
    new(law, [A], fate="receipt")
    new(law, [B])
    law.the_view_is_the_models()


def test_a_command_after_one_that_died_at_its_end_does_something(law: Deliveries) -> None:
    """A dies when all is done but its spool; B replaces it; then A has to replace B."""
    a = new(law, [A], fate="clear")
    new(law, [B], Word.REPLACE)
    law.again(a, word=Word.REPLACE)
    law.the_view_is_the_models()


def test_what_was_replaced_stays_replaced_when_the_other_is_said_again(law: Deliveries) -> None:
    """A file, replaced by an export, whose old refresh comes again; the file is added then."""
    a = new(law, [A])
    old = new(law, [B], Word.REPLACE, form="daily")
    new(law, [A, B], form="daily", at=8)
    law.again(old, at=9)
    law.again(a, word=Word.ADD)
    law.the_view_is_the_models()


def test_what_is_added_counts_beside_a_delivery_that_holds_the_same_day(law: Deliveries) -> None:
    """B replaced A and left its unchanged day with A; then A is added."""
    a = new(law, [A])
    new(law, [A, B], Word.REPLACE)
    law.again(a, word=Word.ADD)
    law.the_view_is_the_models()


def test_the_order_of_refreshes_does_not_matter(law: Deliveries) -> None:
    """The first refresh, said of two moments, and another in between that comes last."""
    a = new(law, [A], form="daily", at=-5)
    law.again(a, at=5)
    new(law, [B], form="daily", at=0)
    law.the_view_is_the_models()


def test_a_delivery_without_a_readable_row_holds_nothing(law: Deliveries) -> None:
    """Every row of the scope is in quarantine: another file needs no word."""
    new(law, [replace(A, billed=BROKEN)])
    new(law, [B])
    law.the_view_is_the_models()


def test_a_copy_of_an_exports_file_is_an_instance_of_its_own(law: Deliveries) -> None:
    """An export that AWS overwrites in place; its old file, kept by a person, is added later."""
    new(law, [A], form="monthly")
    new(law, [B], form="monthly", at=0)
    new(law, [A], Word.ADD, at=5)
    law.the_view_is_the_models()


def test_a_claim_that_was_never_said_gives_its_export_no_right(law: Deliveries) -> None:
    """A refresh replaces a file and dies before it says so; the next one needs a word itself."""
    new(law, [A])
    new(law, [B], Word.REPLACE, "complete", form="daily")
    new(law, [A, B], form="daily", at=8)
    law.the_view_is_the_models()


def test_a_claim_that_was_never_said_is_begun_anew(law: Deliveries) -> None:
    """B replaces A and dies before it says so; with --restart it replaces A all the same."""
    new(law, [A])
    b = new(law, [B], Word.REPLACE, "complete")
    law.again(b, word=Word.REPLACE, restart=True)
    law.the_view_is_the_models()


def test_a_death_between_a_claim_and_its_checkpoint_changes_nothing(law: Deliveries) -> None:
    """B replaces A, and is killed at each write on its way; the same command goes on."""
    for number, fate in enumerate(BETWEEN[8:14]):
        a, b = (replace(line, account=f"account {number}") for line in (A, B))
        new(law, [a])
        new(law, [b], Word.REPLACE, fate)
    law.the_view_is_the_models()


@pytest.mark.parametrize("step", ["complete", "receipt"])
def test_a_command_after_an_interrupted_one_is_done_too(law: Deliveries, step: str) -> None:
    """B dies with its scope claimed; A replaces it; then B has to replace A."""
    b = new(law, [B], fate=step)
    new(law, [A], Word.REPLACE)
    law.again(b, word=Word.REPLACE)
    law.the_view_is_the_models()


def test_a_resend_after_an_interrupted_one_is_done_too(law: Deliveries) -> None:
    """B dies before its receipt; A replaces it; B is sent again, and has to replace A."""
    b = new(law, [B], fate="receipt")
    new(law, [A], Word.REPLACE)
    ingested(law.stack.platform, Command(b, Word.REPLACE, resend=True), FINE)
    assert {date for _, _, date, _ in law.stack.charges()} == {B.date}


def test_of_two_refreshes_that_are_added_the_last_one_counts(law: Deliveries) -> None:
    """A file replaces an export; two of the export's refreshes, older than that, are added."""
    a = new(law, [A], form="daily")
    new(law, [A, B], Word.REPLACE)
    law.again(a, word=Word.ADD)
    new(law, [B], Word.ADD, form="daily")
    law.the_view_is_the_models()
    law.again(a, word=Word.ADD)
    law.the_view_is_the_models()


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
