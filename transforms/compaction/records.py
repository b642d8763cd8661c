"""The record of a compaction: one small object a partition, from first write to last delete.

It is the list of superseded files, the lock, and the only thing that is ever switched. As JSON
lines it is also the table `compactions`: a line a file. While the new files are being written,
theirs are the rows that do not count; one put turns that round.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import orjson

from schemas.errors import StateError
from schemas.lake import COMPACTIONS

Partition = tuple[str, str, str]
"""(evaluation, billing period, charge date)."""
Phase = Literal["writing", "switched"]

NOT_COUNTED = """
substr("$path", strpos("$path", 'processed/')) in (select path from compactions where not counts)
"""
"""A condition on `charges_stored`, for who counts stored rows: this one is a copy that compaction
made, and its original is there. On AWS a path begins with the bucket, locally it does not.

Only for counting copies, never for leaving rows out of an answer: a query may have listed the files
before the new ones were there, and read this list after the old ones were on it."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One file of a record."""

    path: str
    size: int
    etag: str | None
    """None while it is being written."""


@dataclass(frozen=True, slots=True)
class Record:
    """Where the compaction of a partition stands."""

    partition: Partition
    phase: Phase
    since: datetime
    """When the phase began, aware."""
    old: tuple[Listed, ...]
    new: tuple[Listed, ...]

    @property
    def key(self) -> str:
        """Where it lies."""
        return record_key(self.partition)

    def body(self) -> bytes:
        """Return its lines, as the table reads them."""
        evaluation, period, date = self.partition
        lines = []
        for kind, files in (("old", self.old), ("new", self.new)):
            counts = (kind == "new") == (self.phase == "switched")
            for file in files:
                line = {
                    "evaluation": evaluation,
                    "billing_period": period,
                    "charge_date": date,
                    "phase": self.phase,
                    "since": self.since.isoformat(),
                    "kind": kind,
                    "counts": counts,
                    "path": file.path,
                    "bytes": file.size,
                    "etag": file.etag,
                }
                lines.append(orjson.dumps(line) + b"\n")
        return b"".join(lines)


def record_key(partition: Partition) -> str:
    """Return where the record of a partition lies; none of the three parts can hold a dot."""
    return f"{COMPACTIONS}{'.'.join(partition)}.json"


def read_record(key: str, body: bytes) -> Record:
    """Read a record.

    Raises:
        StateError: it is damaged.
    """
    try:
        lines = [orjson.loads(line) for line in body.splitlines()]
        first = lines[0]
        files: dict[str, list[Listed]] = {"old": [], "new": []}
        for line in lines:
            files[line["kind"]].append(Listed(line["path"], line["bytes"], line["etag"]))
        partition = first["evaluation"], first["billing_period"], first["charge_date"]
        since = datetime.fromisoformat(first["since"])
        if record_key(partition) != key or first["phase"] not in ("writing", "switched"):
            raise ValueError(f"it is of {partition}, {first['phase']}")
        return Record(partition, first["phase"], since, tuple(files["old"]), tuple(files["new"]))
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise StateError(
            f"{key} is damaged ({error}); delete it and run: finops compact (no row depends on it)"
        ) from error
