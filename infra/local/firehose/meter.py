"""What AWS would bill for each stream, counted as it happens and kept in a small file."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

from infra.local.firehose.diagnostics import ObjectKind
from infra.local.firehose.prices import Usage, rounded


@dataclass(slots=True)
class Counts:
    """What one stream took and stored, by its ARN."""

    records: int = 0
    bytes: int = 0
    """As they were put."""
    ingested: int = 0
    """Each record rounded up, as it is billed."""
    converted: int = 0
    partitioned: int = 0
    main_objects: int = 0
    partition_objects: int = 0
    """Of the main objects, those of dynamic partitioning."""
    error_objects: int = 0
    backup_objects: int = 0

    @property
    def usage(self) -> Usage:
        """What is billed of it."""
        return Usage(self.ingested, self.converted, self.partitioned, self.partition_objects)


class Meter:
    """The counts of all streams. Safe to share between threads.

    Puts are counted in memory and written down by `save`, which a server calls with every tick; a
    killed process loses the counts since then, though not the records.

    Args:
        clock: says since when it counts.
        file: where the counts are kept; None keeps them in memory.
        report: is told of a file that cannot be read or written, one line each.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        file: Path | None = None,
        report: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._file = file
        self._report = report
        self._lock = Lock()
        self._saving = Lock()
        self._changed = False
        self.since, self._streams = self._read() or (clock(), {})

    def accepted(self, arn: str, sizes: Sequence[int], *, converts: bool, partitions: bool) -> None:
        """Count the records of one put."""
        billed = sum(map(rounded, sizes))
        with self._lock:
            counts = self._of(arn)
            counts.records += len(sizes)
            counts.bytes += sum(sizes)
            counts.ingested += billed
            counts.converted += billed if converts else 0
            counts.partitioned += billed if partitions else 0

    def stored(self, arn: str, kind: ObjectKind, *, partitions: bool) -> None:
        """Count an object."""
        with self._lock:
            counts = self._of(arn)
            if kind is ObjectKind.BACKUP:
                counts.backup_objects += 1
            elif kind is ObjectKind.ERRORS:
                counts.error_objects += 1
            else:
                counts.main_objects += 1
                counts.partition_objects += partitions

    def counts(self) -> dict[str, Counts]:
        """Return a copy of everything, by ARN."""
        with self._lock:
            return {arn: Counts(**asdict(counts)) for arn, counts in sorted(self._streams.items())}

    def save(self) -> None:
        """Write it down, if anything was counted since the last time."""
        if self._file is None or not self._changed:
            return
        with self._saving:
            self._changed = False
            half = self._file.with_suffix(".new")
            try:
                half.write_text(json.dumps(document(self)), "utf-8")
                half.replace(self._file)
            except OSError as error:
                self._changed = True
                self._report(
                    f"{self._file}: cannot be written ({error.strerror}); what Firehose would "
                    "bill is counted in memory until then: make room"
                )

    def _read(self) -> tuple[datetime, dict[str, Counts]] | None:
        """Return what the file has; one that cannot be read is kept aside, and counting is new."""
        if self._file is None or not self._file.exists():
            return None
        try:
            return load(json.loads(self._file.read_text("utf-8")))
        except ValueError as error:
            aside = self._file.replace(self._file.with_suffix(".damaged"))
            self._report(f"{aside}: cannot be read ({error}); the bill begins anew: look at it")
            return None

    def _of(self, arn: str) -> Counts:
        self._changed = True
        return self._streams.setdefault(arn, Counts())


def document(meter: Meter) -> dict[str, Any]:
    """Return the counts as JSON has them; `load` reads them again."""
    streams = {arn: asdict(counts) for arn, counts in meter.counts().items()}
    return {"since": meter.since.isoformat(), "streams": streams}


def load(given: Any) -> tuple[datetime, dict[str, Counts]]:
    """Read a document.

    Raises:
        ValueError: it is none.
    """
    try:
        streams = {arn: Counts(**counts) for arn, counts in given["streams"].items()}
        return datetime.fromisoformat(given["since"]), streams
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("no counts of a meter") from error
