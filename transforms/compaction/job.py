"""Compact partitions, and delete what earlier compactions replaced: steps that are safe to die at.

A compaction reads all files of a partition, writes new ones on this machine, and compares them.
Only then does the lake see anything: the record that names the new files, the new files, and with
one put the record that names the old ones as superseded. A later run deletes those, after comparing
again.

Until then old and new lie side by side. No view shows it: an event is one row there, however often
it is stored. So there is no moment at which a query has to know what a compaction is doing.
"""

import filecmp
import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, get_args

from schemas.lake import COMPACTIONS, charges_partition
from schemas.tables import CHARGES_STORED
from transforms.compaction.planning import (
    KEEP,
    Candidate,
    Criteria,
    abandoned,
    by_partition,
    compacted_name,
    plan,
)
from transforms.compaction.ports import ChangedError, Objects, Rows, Stored, UnfitError
from transforms.compaction.records import Listed, Partition, Record, read_record, record_key
from transforms.compaction.verification import Figures, differences

_DIGITS = 16

Step = Literal[
    "read", "write", "verify", "announce", "put", "check", "switch", "recheck", "delete", "forget"
]
"""What a compaction is about to do, in this order; the last three are of a later run."""
STEPS: tuple[Step, ...] = get_args(Step)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which partitions; None is all."""

    evaluation: str | None = None
    billing_period: str | None = None
    first: str | None = None
    """The first charge date."""
    last: str | None = None
    """The last charge date, included."""

    def wants(self, partition: Partition) -> bool:
        """Tell whether a partition is selected."""
        evaluation, period, date = partition
        return (
            self.evaluation in (None, evaluation)
            and self.billing_period in (None, period)
            and (self.first is None or date >= self.first)
            and (self.last is None or date <= self.last)
        )

    @property
    def prefix(self) -> str:
        """What the keys of all selected files begin with."""
        prefix = CHARGES_STORED.prefix
        if self.evaluation is None:
            return prefix
        prefix += f"evaluation={self.evaluation}/"
        return f"{prefix}billing_period={self.billing_period}/" if self.billing_period else prefix


@dataclass(frozen=True, slots=True)
class Compacted:
    """What became of one partition that was due."""

    partition: Partition
    done: bool
    detail: str
    """Why not; empty where it is done."""
    files: int = 0
    new_files: int = 0
    size: int = 0
    new_size: int = 0
    rows: int = 0
    """Different rows: as many as the new files hold."""
    copies: int = 0
    """Rows that were there more than once, and are no more."""
    alarming: bool = False
    """Whether it is more than waiting for another run."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """What became of the files that an earlier compaction replaced."""

    partition: Partition
    done: bool
    detail: str
    files: int = 0
    size: int = 0
    alarming: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found and did."""

    partitions: dict[str, int]
    """How many partitions there are by verdict (`transforms.compaction.planning.Verdict`)."""
    due: list[Candidate] = field(default_factory=list)
    compacted: list[Compacted] = field(default_factory=list)
    deleted: list[Deleted] = field(default_factory=list)
    waiting: int = 0
    """Old files that a later run deletes."""
    waiting_size: int = 0

    @property
    def clean(self) -> bool:
        """Whether nothing needs a person."""
        alarms = [c.alarming for c in self.compacted] + [d.alarming for d in self.deleted]
        return not any(alarms)


class Compaction:
    """One run over a lake.

    Args:
        objects: the lake.
        rows: reads and writes files of rows.
        current: returns the deliveries that a partition is read from now; only the layout of the
            new files depends on it.
        queries_running: whether a query runs now, which may have listed files and not read them.
        now: returns the moment, aware.
        scratch: a folder of this machine for the files of one partition at a time, old and new.
        reached: told of each step before it is done.
    """

    def __init__(
        self,
        objects: Objects,
        rows: Rows,
        current: Callable[[Partition], Collection[str]],
        queries_running: Callable[[], bool],
        now: Callable[[], datetime],
        scratch: Path,
        reached: Callable[[Step], None] = lambda step: None,
    ) -> None:
        self._objects = objects
        self._rows = rows
        self._current = current
        self._queries_running = queries_running
        self._now = now
        self._scratch = scratch
        self._reached = reached

    def run(
        self,
        selection: Selection = Selection(),
        criteria: Criteria = Criteria(),  # noqa: B008 frozen
        *,
        dry_run: bool = False,
    ) -> Report:
        """Delete what is superseded long enough, then compact what is due.

        Raises:
            StateError: a record is damaged.
        """
        deleted = [] if dry_run else list(self._sweep(selection))
        records = dict(self._records(selection))
        listed = by_partition(self._objects.list(selection.prefix))
        found = {p: files for p, files in listed.items() if selection.wants(p)}
        known = {partition: record for partition, (record, _) in records.items()}
        candidates = plan(found, known, criteria, self._now())
        due = [candidate for candidate in candidates if candidate.verdict == "due"]
        compacted = []
        if not dry_run:
            for candidate in due:
                held = records.get(candidate.partition)
                compacted.append(self._compact(candidate, held[1] if held else None))
        waiting = [
            file
            for record, _ in dict(self._records(selection)).values()
            if record.phase == "switched"
            for file in record.old
        ]
        return Report(
            partitions=dict(sorted(Counter(c.verdict for c in candidates).items())),
            due=due,
            compacted=compacted,
            deleted=deleted,
            waiting=len(waiting),
            waiting_size=sum(file.size for file in waiting),
        )

    def _records(self, selection: Selection) -> Iterator[tuple[Partition, tuple[Record, str]]]:
        for stored in self._objects.list(COMPACTIONS):
            try:
                body, etag = self._objects.read(stored.key)
            except KeyError:
                continue  # another run has just finished it
            record = read_record(stored.key, body)
            if selection.wants(record.partition):
                yield record.partition, (record, etag)

    def _compact(self, candidate: Candidate, etag: str | None) -> Compacted:
        with TemporaryDirectory(dir=self._scratch) as folder:
            try:
                return self._compacted(candidate, etag, Path(folder))
            except ChangedError:
                return Compacted(candidate.partition, False, "its files changed meanwhile")
            except UnfitError as error:
                return Compacted(candidate.partition, False, str(error), alarming=True)

    def _compacted(self, candidate: Candidate, etag: str | None, folder: Path) -> Compacted:
        partition, files = candidate.partition, candidate.files
        self._reached("read")
        old_paths = self._fetched(files, folder)
        old = self._rows.figures(old_paths)
        _refuse_contradictions(old)
        self._reached("write")
        current = self._current(partition)
        new_paths = self._rows.rewrite(old_paths, current, folder)
        self._reached("verify")
        new = self._rows.figures(new_paths)
        _refuse_differences(old, new)
        for path in old_paths:
            path.unlink()  # the disk holds no more than it must
        new_files = _named(partition, files, new_paths)
        record = Record(
            partition,
            "writing",
            self._now(),
            tuple(Listed(file.key, file.size, file.etag) for file in files),
            tuple(Listed(key, path.stat().st_size, None) for key, path in new_files),
        )
        self._reached("announce")
        key = record_key(partition)
        if etag is None:
            etag = self._objects.create(key, record.body())
        else:
            etag = self._objects.replace(key, record.body(), etag)
        if etag is None:
            return Compacted(partition, False, "another run has begun with it")
        present = {file.key: file for file in self._files(partition)}
        if not all(_is_same(present.get(file.path), file) for file in record.old):
            # It was compacted, or removed, while this run was at it.
            self._objects.remove(key, etag)
            raise ChangedError
        written = []
        for key_of_file, path in new_files:
            self._reached("put")
            new_etag = self._objects.upload(path, key_of_file)
            written.append(Listed(key_of_file, path.stat().st_size, new_etag))
        self._reached("check")
        if not self._is_stored(written, new_paths, folder):
            self._undo(record, etag, written)
            raise UnfitError("what was stored is not what was written; nothing was replaced")
        self._reached("switch")
        switched = Record(partition, "switched", self._now(), record.old, tuple(written))
        if self._objects.replace(key, switched.body(), etag) is None:
            return Compacted(partition, False, "it took so long that another run took over")
        return Compacted(
            partition,
            True,
            "",
            files=len(files),
            new_files=len(written),
            size=candidate.size,
            new_size=sum(file.size for file in written),
            rows=new.rows,
            copies=old.copies,
        )

    def _fetched(self, files: Sequence[Stored], folder: Path) -> list[Path]:
        """Download objects as they were listed."""
        paths = []
        for number, file in enumerate(files):
            path = folder / f"old-{number:06}.parquet"
            self._objects.download(file.key, file.etag, path)
            paths.append(path)
        return paths

    def _is_stored(self, written: Sequence[Listed], paths: Sequence[Path], folder: Path) -> bool:
        """Read every new object back, and compare its bytes with the file that was verified."""
        copy = folder / "stored"
        for file, path in zip(written, paths, strict=True):
            self._objects.download(file.path, file.etag or "", copy)
            if not filecmp.cmp(path, copy, shallow=False):
                return False
        return True

    def _undo(self, record: Record, etag: str, written: Sequence[Listed]) -> None:
        """Take new objects away that are not as they should be, and the record with them."""
        for file in written:
            self._objects.remove(file.path, file.etag or "")
        self._objects.remove(record.key, etag)

    def _sweep(self, selection: Selection) -> Iterator[Deleted]:
        """Delete the old files of every compaction that was switched long enough ago."""
        for partition, (record, etag) in list(self._records(selection)):
            if record.phase == "switched":
                if self._now() - record.since >= KEEP:
                    yield self._delete(record, etag)
            elif abandoned(record, self._now()) and not self._files(partition):
                # Its evaluation was removed.
                self._objects.remove(record.key, etag)

    def _delete(self, record: Record, etag: str) -> Deleted:
        partition = record.partition
        present = {file.key: file for file in self._files(partition)}
        # One that is no longer what was compacted is a file like any other now, and stays.
        old = [present[f.path] for f in record.old if _is_same(present.get(f.path), f)]
        new = [present[f.path] for f in record.new if f.path in present]
        if old:
            self._reached("recheck")
            try:
                problem = self._not_held(old, new)
            except ChangedError:
                return Deleted(partition, False, "its files changed meanwhile")
            if problem:
                self._objects.remove(record.key, etag)
                detail = f"{problem}; nothing was deleted, and it will be compacted anew"
                return Deleted(partition, False, detail, alarming=True)
            if self._queries_running():
                return Deleted(partition, False, "a query is running; the next run deletes them")
            for file in old:
                self._reached("delete")
                self._objects.remove(file.key, file.etag)
        self._reached("forget")
        self._objects.remove(record.key, etag)
        return Deleted(partition, True, "", len(old), sum(file.size for file in old))

    def _not_held(self, old: Sequence[Stored], new: Sequence[Stored]) -> str:
        """Say why the rows of old files are not all in the new ones; nothing where they are."""
        with TemporaryDirectory(dir=self._scratch) as folder:
            paths = self._fetched([*new, *old], Path(folder))
            try:
                held = self._rows.figures(paths[: len(new)])
                together = self._rows.figures(paths)
            except UnfitError as error:
                return str(error)
        return "; ".join(differences(together, held))

    def _files(self, partition: Partition) -> list[Stored]:
        prefix = f"{CHARGES_STORED.prefix}{charges_partition(*partition)}/"
        return by_partition(self._objects.list(prefix)).get(partition, [])


def _refuse_contradictions(old: Figures) -> None:
    if names := old.contradictions():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        raise UnfitError(
            f"rows of delivery {names[0]}{more} have the same ordinal and versions and differ; "
            "compare them in charges_stored"
        )


def _refuse_differences(old: Figures, new: Figures) -> None:
    found = differences(old, new)
    if new.copies:
        found.append(f"{new.copies:,} rows were written more than once")
    if found:
        raise UnfitError(f"the new files would not be equivalent: {'; '.join(found)}")


def _named(
    partition: Partition, old: Sequence[Stored], paths: Sequence[Path]
) -> list[tuple[str, Path]]:
    """Return the new files with their keys."""
    compaction = hashlib.sha256()
    for file in old:
        compaction.update(f"{file.key}\0{file.etag}\0".encode())
    folder = f"{CHARGES_STORED.prefix}{charges_partition(*partition)}"
    named = []
    for path in paths:
        with path.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()[:_DIGITS]
        name = compacted_name(compaction.hexdigest()[:_DIGITS], content)
        named.append((f"{folder}/{name}", path))
    return named


def _is_same(stored: Stored | None, listed: Listed) -> bool:
    return stored is not None and stored.etag == listed.etag
