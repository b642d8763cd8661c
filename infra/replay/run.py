"""Replay: read raw/, judge again, write the rows under their evaluation, verify, say done.

Everything it writes has a name made from the object of raw/ it comes from, so whatever is killed
at whatever moment is finished by the same command, and saying it twice changes nothing.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from infra.local.firehose.parquet import write_parquet
from infra.local.firehose.settings import Parquet
from infra.replay.columnar import Columnar
from infra.replay.present import Present, days_with_rows
from infra.replay.receipts import Receipt, Receipts, name_of
from infra.replay.selection import Selection
from schemas.codec import Member, Unreadable, envelope_of, split_members
from schemas.lake import RAW, ObjectStore, charges_partition
from schemas.registry import CHARGE_RECORDED
from schemas.tables import CHARGES_STORED
from transforms.context import Context
from transforms.ports import Query
from transforms.tallies import Day
from transforms.verification import Verified, verify

PIECE_BYTES = 4 * 1024 * 1024
"""Bytes of raw/ that are judged at a time, some 100,000 events: they bound the memory."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a replay is."""

    objects: int
    of_objects: int
    raw_bytes: int
    """Bytes of raw/ that are done."""
    of_raw_bytes: int
    events: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a replay did, and whether the evaluation holds what raw/ does."""

    evaluation: str
    raw_objects: int
    resumed: int
    """Objects of raw/ that an earlier replay had finished."""
    events: int
    """Events of the selected part of the log, copies counted."""
    written: int
    """Rows written now; the others were there."""
    objects: int
    """Objects written now."""
    failed: dict[str, int]
    """Records nobody can answer, by reason; their bytes are in errors/."""
    verified: Verified

    @property
    def clean(self) -> bool:
        """Whether the evaluation holds every event, in number and in money."""
        return not self.verified.gaps


class Replay:
    """One replay: give it the lake and an evaluation, and run it.

    Args:
        store: the lake, as objects.
        query: the lake, in SQL.
        context: the evaluation.
        selection: which part of the log.
        parquet: how the stream writes its files; the rows written here look the same.
        again: write anew what an earlier replay had finished, too.
        progress: called after each piece.
    """

    def __init__(
        self,
        store: ObjectStore,
        query: Query,
        context: Context,
        selection: Selection,
        parquet: Parquet,
        *,
        again: bool = False,
        progress: Callable[[Progress], None] = lambda progress: None,
    ) -> None:
        self._store = store
        self._query = query
        self._context = context
        self._columnar = Columnar(context)
        self._selection = selection
        self._parquet = parquet
        self._again = again
        self._progress = progress
        self._days: Counter[Day] = Counter()
        self._failed: Counter[str] = Counter()
        self._written = self._objects = 0

    def run(self) -> Report:
        """Replay, and verify what was replayed.

        Raises:
            FinopsError: a receipt is damaged, or a query has no answer.
        """
        raw = list(self._store.list(RAW))
        receipts = Receipts(self._store, self._context.evaluation)
        before = days_with_rows(self._query, self._context.evaluation, self._selection)
        present = Present(self._query, self._context.evaluation, before)
        resumed = done = 0
        total = sum(info.size for info in raw)
        for number, info in enumerate(raw, start=1):
            at = Progress(number, len(raw), done, total, self._days.total())
            receipt = None if self._again else receipts.read(info.key)
            if receipt is None:
                receipt = self._object(info.key, present, at)
                if self._selection.is_everything:
                    receipts.write(receipt)
            else:
                resumed += 1
            self._take(receipt)
            done += info.size
        self._progress(Progress(len(raw), len(raw), done, total, self._days.total()))
        verified = verify(self._query, self._store, self._context.evaluation, self._days)
        return Report(
            evaluation=self._context.evaluation,
            raw_objects=len(raw),
            resumed=resumed,
            events=self._days.total(),
            written=self._written,
            objects=self._objects,
            failed=dict(sorted(self._failed.items())),
            verified=verified,
        )

    def _object(self, raw_key: str, present: Present, at: Progress) -> Receipt:
        """Replay the selected part of one object of raw/, a piece at a time."""
        days: Counter[Day] = Counter()
        failed: Counter[str] = Counter()
        for number, members in self._pieces(raw_key, days, failed):
            judged = self._columnar.judge(members)
            failed.update(result.reason.value for result in judged.failed)
            own = f"replay-{name_of(raw_key)}-{number:04}-"
            by_day = _by_day(judged.tables)
            for day, rows in by_day.items():
                days[day] += rows.num_rows
            known = present.elsewhere(by_day, own)
            for day, rows in by_day.items():
                self._write(day, _without(rows, known.get(day, frozenset())), own)
                present.wrote(day)
            done = at.raw_bytes + sum(len(member.body) for member in members)
            at = replace(at, raw_bytes=done, events=at.events + _rows(by_day))
            self._progress(at)
        return Receipt(raw_key, dict(days), dict(failed))

    def _pieces(
        self, raw_key: str, days: Counter[Day], failed: Counter[str]
    ) -> Iterator[tuple[int, list[Member]]]:
        """Yield the selected records of an object in numbered pieces, counting them by day.

        A record belongs to a piece by where it begins in the object, whatever else is selected: the
        same piece of the same object always has the same name.
        """
        body = self._store.get(raw_key)
        number = at = 0
        piece: list[Member] = []
        for member in split_members(body):
            if piece and at // PIECE_BYTES != number:
                yield number, piece
                piece = []
            number = at // PIECE_BYTES
            at += len(member.body)
            if isinstance(member, Unreadable):
                failed[member.reason.value] += 1
                continue
            head = envelope_of(member)
            if isinstance(head, Unreadable):
                failed[head.reason.value] += 1
                continue
            schema, envelope = head
            if schema.name == CHARGE_RECORDED and self._selection.wants(envelope):
                piece.append(member)
                day = envelope["delivery_id"], envelope["billing_period"], envelope["charge_date"]
                days[day] += 0  # to be verified, even if none of its events can be read
        if piece:
            yield number, piece

    def _write(self, day: Day, rows: pa.Table, own: str) -> None:
        if not rows.num_rows:
            return
        delivery, period, date = day
        partition = charges_partition(self._context.evaluation, period, date)
        name = f"{own}{name_of(delivery)}.parquet"
        body = write_parquet(rows, self._parquet)
        self._store.put(f"{CHARGES_STORED.prefix}{partition}/{name}", body)
        self._written += rows.num_rows
        self._objects += 1

    def _take(self, receipt: Receipt) -> None:
        """Add what an object of raw/ holds of the selected days."""
        names = ("delivery_id", "billing_period", "charge_date")
        for day, events in receipt.days.items():
            if self._selection.wants(dict(zip(names, day, strict=True))):
                self._days[day] += events
        self._failed.update(receipt.failed)


def _rows(by_day: Mapping[Day, pa.Table]) -> int:
    """Return how many rows were judged."""
    return sum(rows.num_rows for rows in by_day.values())


def _by_day(tables: Mapping[tuple[str, str], pa.Table]) -> dict[Day, pa.Table]:
    """Split the rows of each partition by delivery; most have one."""
    found = {}
    for (period, date), table in tables.items():
        deliveries = pc.unique(table["delivery_id"]).to_pylist()
        for delivery in deliveries:
            rows = table
            if len(deliveries) > 1:
                rows = table.filter(pc.equal(table["delivery_id"], delivery))
            found[(delivery, period, date)] = rows
    return found


def _without(rows: pa.Table, known: Collection[int]) -> pa.Table:
    """Return the rows that are not known yet, each once."""
    ordinals = rows["ordinal"]
    if known:
        rows = rows.filter(pc.invert(pc.is_in(ordinals, pa.array(sorted(known), pa.int64()))))
        ordinals = rows["ordinal"]
    if pc.count_distinct(ordinals).as_py() == rows.num_rows:
        return rows
    first: dict[int, int] = {}
    for position, ordinal in enumerate(ordinals.to_pylist()):
        first.setdefault(ordinal, position)
    return rows.take(pa.array(sorted(first.values()), pa.int64()))
