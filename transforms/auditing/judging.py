"""Judge the days of some partitions: every event of raw/ is a row, failed, or on its way.

Works on a batch of partitions at a time: their ordinals, from every place, are what is in memory.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from schemas.lake import ERRORS, RAW, ObjectStore
from transforms.auditing.books import NOWHERE, Books, Entry, Partition
from transforms.auditing.flight import Flight, Stage
from transforms.auditing.recount import ALL, Wanted, recount
from transforms.auditing.rows import Rows, files_of, newest, read_rows
from transforms.auditing.verdict import DayVerdict, Gap
from transforms.deliveries import PromisedDay, landed_at
from transforms.error_objects import error_type
from transforms.ports import Query
from transforms.tallies import Day, Sums, add_sums, billed, difference

_COPIES = 2


@dataclass(frozen=True, slots=True)
class Promised:
    """What a delivery promises of one day, and when its completion reached the stream."""

    day: PromisedDay
    stage: Stage


@dataclass(slots=True)
class _Found:
    """What the three places hold of one day, and what follows from it."""

    recorded: set[int] = field(default_factory=set)
    copies: int = 0
    entries: list[Entry] = field(default_factory=list)
    overlap: bool = False
    rows: Rows = field(default_factory=Rows)
    failed: dict[str, set[int]] = field(default_factory=dict)
    lost: dict[Stage, set[int]] = field(default_factory=dict)
    orphaned: set[int] = field(default_factory=set)
    sums: dict[str, Sums] = field(default_factory=dict)
    """Of everything recorded, and of each part that has no row."""


class Judge:
    """Judges partitions of the lake under one evaluation.

    Args:
        query: the lake, in SQL.
        store: the lake, as objects.
        evaluation: whose rows.
        books: the tallies of raw/ and errors/, up to date.
        flight: what is on its way; None where nothing can be.
    """

    def __init__(
        self,
        query: Query,
        store: ObjectStore,
        evaluation: str,
        books: Books,
        flight: Flight | None,
    ) -> None:
        self._query, self._store, self._evaluation = query, store, evaluation
        self._books, self._flight = books, flight

    def judge(
        self,
        partitions: Collection[Partition],
        promises: Mapping[Day, Promised],
        only: Collection[Day] | None = None,
    ) -> Iterator[DayVerdict]:
        """Yield a verdict on every day of every delivery in some partitions.

        Args:
            partitions: which.
            promises: what deliveries promise of days in them.
            only: these days, where it is given.
        """
        found: dict[Day, _Found] = defaultdict(_Found)
        for partition in partitions:
            for entry in self._books.entries(partition):
                if only is None or entry.day in only:
                    _take(found[entry.day], entry)
        in_lake = {partition for partition in partitions if partition != NOWHERE}
        if in_lake:
            for day, rows in read_rows(self._query, self._evaluation, in_lake).items():
                if only is None or day in only:
                    found[day].rows = rows
        for day in promises:
            found.setdefault(day, _Found())
        for here in found.values():
            self._sort_out(here)
        self._money(found)
        files = self._files(found)
        for day in sorted(found):
            promise = promises.get(day)
            yield self._verdict(day, found[day], promise, files.get(day, []))

    def _sort_out(self, here: _Found) -> None:
        """Tell where each event is that has no row."""
        seen = here.rows.ordinals
        taken = set(seen)
        for kind, ordinals in here.failed.items():
            here.failed[kind] = ordinals - taken
            taken |= ordinals
        lost = here.recorded - taken
        here.orphaned = seen - here.recorded
        if lost and self._flight is not None:
            # The newest copy counts: it may be on its way again.
            for stage in (Stage.IN_FLIGHT, Stage.LATE):
                for entry in here.entries:
                    if lost and self._flight.stage(landed_at(entry.object)) == stage:
                        young = lost & entry.seen()
                        here.lost[stage] = here.lost.get(stage, set()) | young
                        lost = lost - young
        here.lost[Stage.GONE] = lost

    def _money(self, found: Mapping[Day, _Found]) -> None:
        """Take the sums of what is recorded and of each part without a row."""
        again: dict[Day, Wanted] = {}
        for day, here in found.items():
            parts: dict[str, set[int]] = here.failed | {str(s): o for s, o in here.lost.items()}
            parts = {name: ordinals & here.recorded for name, ordinals in parts.items()}
            parts = {name: ordinals for name, ordinals in parts.items() if ordinals}
            several = any(ordinals != here.recorded for ordinals in parts.values())
            if here.overlap or several:
                again[day] = Wanted({entry.object for entry in here.entries}, parts)
                continue
            total: Sums = {}
            for entry in here.entries:
                add_sums(total, entry.total())
            here.sums = {ALL: total, **dict.fromkeys(parts, total)}
        for day, sums in recount(self._store, again).items():
            found[day].sums = sums

    def _files(self, found: Mapping[Day, _Found]) -> dict[Day, list[str]]:
        doubled = {day[1:] for day, here in found.items() if here.rows.copies}
        if not doubled:
            return {}
        return files_of(self._query, self._evaluation, doubled, at_least=_COPIES)

    def _verdict(
        self, day: Day, here: _Found, promise: Promised | None, files: list[str]
    ) -> DayVerdict:
        verdict = DayVerdict(
            *day,
            recorded=len(here.recorded),
            copies=here.copies,
            processed=len(here.rows.ordinals),
            doubled=here.rows.copies,
            files=files if here.rows.copies else [],
            failed={kind: len(ordinals) for kind, ordinals in here.failed.items() if ordinals},
            in_flight=len(here.lost.get(Stage.IN_FLIGHT, ())),
            late=len(here.lost.get(Stage.LATE, ())),
            missing=len(here.lost[Stage.GONE]),
            orphaned=len(here.orphaned),
        )
        recorded = here.sums[ALL]
        verdict.bill("recorded", recorded)
        verdict.bill("processed", here.rows.sums)
        failed: Sums = {}
        for kind in here.failed:
            add_sums(failed, here.sums.get(kind, {}))
        verdict.bill("failed", failed)
        on_its_way: Sums = {}
        for stage in (Stage.IN_FLIGHT, Stage.LATE):
            add_sums(on_its_way, here.sums.get(stage, {}))
        verdict.bill("in_flight", on_its_way)
        missing = here.sums.get(Stage.GONE, {})
        verdict.bill("missing", missing)
        without_row: Sums = {}
        for sums in (failed, on_its_way, missing):
            add_sums(without_row, sums)
        rest = difference(difference(recorded, without_row), here.rows.sums)
        verdict.gaps += self._gaps(day, here, missing, rest, verdict)
        if promise is not None:
            self._keeps(day, promise, recorded, verdict)
        return verdict

    def _gaps(
        self, day: Day, here: _Found, missing: Sums, rest: Sums, verdict: DayVerdict
    ) -> Iterable[Gap]:
        if here.lost[Stage.GONE]:
            yield gap("missing-in-processed", day, verdict.missing, missing, _NOWHERE_ELSE)
        if here.orphaned:
            stage = self._stage_of_rows(day)
            if stage == Stage.GONE:
                sums = {key: -value for key, value in rest.items()}
                yield gap(
                    "missing-in-raw", day, verdict.orphaned, sums, "in processed/, not in raw/"
                )
                return
            # The backup has a buffer of its own: the row may be there before the record.
            verdict.in_flight += verdict.orphaned if stage == Stage.IN_FLIGHT else 0
            verdict.late += verdict.orphaned if stage == Stage.LATE else 0
            verdict.orphaned = 0
        elif rest:
            columns = ", ".join(sorted({name for _, name in rest}))
            yield gap("money-differs", day, 0, rest, f"raw/ and processed/ differ in {columns}")

    def _stage_of_rows(self, day: Day) -> Stage:
        if self._flight is None:
            return Stage.GONE
        files = files_of(self._query, self._evaluation, [day[1:]], at_least=1)
        return self._flight.stage(newest(files.get(day, ())))

    def _keeps(self, day: Day, promised: Promised, recorded: Sums, verdict: DayVerdict) -> None:
        """Compare what a delivery promised with what is recorded, in number and in every sum."""
        promise = promised.day
        verdict.promised = promise.events
        verdict.bill("promised", promise.stored())
        for (currency, column), (_, residue) in promise.sums.items():
            if column == "billed_cost":
                verdict.billed.setdefault(currency, {})["residue"] = residue
        missing = promise.events - verdict.recorded
        sums = difference(promise.stored(), recorded)
        if missing > 0 and promised.stage != Stage.GONE:
            # Records and their completion go through different buffers.
            verdict.in_flight += missing if promised.stage == Stage.IN_FLIGHT else 0
            verdict.late += missing if promised.stage == Stage.LATE else 0
        elif missing and not (verdict.recorded or verdict.processed):
            verdict.gaps.append(gap("missing-in-raw", day, missing, sums, _NOWHERE))
        elif verdict.recorded and (missing or sums):
            detail = f"promised {promise.events} events, raw/ has {verdict.recorded}"
            verdict.gaps.append(gap("promise-differs", day, missing, sums, detail))


_NOWHERE = "promised, and nowhere in the lake"
_NOWHERE_ELSE = "in raw/, nowhere else"


def gap(kind: str, day: Day, events: int, sums: Sums, detail: str) -> Gap:
    """Return a gap of one day."""
    return Gap(kind, *day, events=events, billed=billed(sums), detail=detail)


def _take(here: _Found, entry: Entry) -> None:
    ordinals = entry.seen()
    if entry.object.startswith(RAW):
        again = len(here.recorded & ordinals)
        here.overlap = here.overlap or bool(again)
        here.copies += entry.copies + again
        here.recorded |= ordinals
        here.entries.append(entry)
    elif entry.object.startswith(ERRORS):
        here.failed.setdefault(error_type(entry.object), set()).update(ordinals)


def batches(
    partitions: Iterable[Partition], sizes: Mapping[Partition, int], most: int
) -> Iterator[Sequence[Partition]]:
    """Group partitions in order, so that each group has about as many events as is bearable."""
    group: list[Partition] = []
    events = 0
    for partition in partitions:
        size = sizes.get(partition, 0)
        if group and (events + size > most or group[-1][0] != partition[0]):
            yield group
            group, events = [], 0
        group.append(partition)
        events += size
    if group:
        yield group
