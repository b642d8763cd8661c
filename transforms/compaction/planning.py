"""Which partitions are worth compacting, and which have to wait: a pure function of a listing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Literal

from schemas.lake import partition_of
from transforms.compaction.ports import Stored
from transforms.compaction.records import Partition, Record

TARGET_FILE_BYTES = 128 * 1024 * 1024
"""A new file is closed at this size: below some 128 MB a query spends its time opening files
(Athena user guide, "Optimize file sizes")."""
SMALL_FILE_BYTES = TARGET_FILE_BYTES // 2
"""Two files below it fit into one."""
MIN_FILES = 4
"""So many small files are worth rewriting a partition for, by default."""
QUIET = timedelta(hours=24)
"""A partition is left alone until its newest object is so old, by default: rows come late."""
KEEP = timedelta(hours=24)
"""Old files stay so long after the switch: who listed them before finds them all the while. Athena
ends a query after 30 minutes by default, after 4 hours at most."""
LEASE = timedelta(minutes=15)
"""A compaction that was writing is taken to have died after so long. It may only be slow: then it
is told at its next conditional put that the partition is no longer its own."""

PREFIX = "compacted-"
"""What the names of files begin with that compaction wrote."""

Verdict = Literal["due", "few", "busy", "held", "waiting", "compact"]
"""due: to be compacted. few: not enough small files. busy: an object is too young. held: another
compaction is writing. waiting: compacted, the old files are not deleted yet. compact: it is."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """What is asked for."""

    older_than: timedelta = QUIET
    min_files: int = MIN_FILES


@dataclass(frozen=True, slots=True)
class Candidate:
    """One partition, what lies there, and whether its turn has come."""

    partition: Partition
    verdict: Verdict
    files: tuple[Stored, ...]

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file.size for file in self.files)


def by_partition(objects: Iterable[Stored]) -> dict[Partition, list[Stored]]:
    """Group the files that a table reads by their partition; others are none of our business."""
    found: dict[Partition, list[Stored]] = defaultdict(list)
    for stored in objects:
        partition = partition_of(stored.key)
        if partition is not None and _is_read(stored.key):
            found[partition].append(stored)
    return dict(found)


def plan(
    partitions: Mapping[Partition, Sequence[Stored]],
    records: Mapping[Partition, Record],
    criteria: Criteria,
    now: datetime,
) -> list[Candidate]:
    """Judge every partition.

    Args:
        partitions: their files.
        records: what earlier compactions left unfinished.
        criteria: what is worth it.
        now: the moment, aware.
    """
    return [
        Candidate(partition, _verdict(files, records.get(partition), criteria, now), tuple(files))
        for partition, files in sorted(partitions.items())
    ]


def abandoned(record: Record, now: datetime) -> bool:
    """Tell whether who wrote a record has died before the switch."""
    return record.phase == "writing" and now - record.since >= LEASE


def _verdict(
    files: Sequence[Stored], record: Record | None, criteria: Criteria, now: datetime
) -> Verdict:
    if record is not None and record.phase == "switched":
        return "waiting"
    if record is not None and not abandoned(record, now):
        return "held"
    # What a dead compaction left is as young as its death, and nobody waits for more of it.
    own = {file.path for file in record.new} if record is not None else set()
    if any(now - f.modified < criteria.older_than for f in files if f.key not in own):
        return "busy"
    if record is not None:
        return "due"
    if _is_compact(files):
        return "compact"
    return "due" if len(files) > 1 and _small(files) >= criteria.min_files else "few"


def _small(files: Sequence[Stored]) -> int:
    return sum(file.size < SMALL_FILE_BYTES for file in files)


def _is_compact(files: Sequence[Stored]) -> bool:
    """Tell whether all files come from one compaction: doing it again would give the same."""
    compactions = {_compaction(file.key) for file in files}
    return len(compactions) == 1 and compactions != {None}


def compacted_name(compaction: str, content: str) -> str:
    """Return the name of a new file, by what went into the compaction and what is in the file.

    So no new file has the name of an old one, and a name never stands for two contents.
    """
    return f"{PREFIX}{compaction}-{content}.parquet"


def _compaction(key: str) -> str | None:
    name = PurePosixPath(key).name
    return name.removeprefix(PREFIX).partition("-")[0] if name.startswith(PREFIX) else None


def _is_read(key: str) -> bool:
    """Tell whether Athena reads an object: hidden ones, and what is no Parquet, it does not."""
    hidden = any(part.startswith(("_", ".")) for part in key.split("/"))
    return key.endswith(".parquet") and not hidden
