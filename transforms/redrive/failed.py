"""One line of errors/ as a redrive sees it: which events it holds, and their money."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.codec import Batch, Unreadable
from schemas.lake import is_date, is_month
from transforms.auditing.contents import day_of, day_of_row
from transforms.error_objects import ErrorLine
from transforms.tallies import Day, Sums, add_amounts, billed

KINDS = {
    "processing-failed": "processing",
    "format-conversion-failed": "conversion",
    "metadata-extraction-failed": "partitioning",
    "activePartitionExceeded": "partitioning",
}
"""Firehose's error output types, and what people call them."""

NO_ORIGINAL = "no-original"
"""The reason of a line that tells of rows whose record raw/ does not hold."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A failed record: its line, and the events it holds."""

    key: str
    number: int
    kind: str
    """Processing, conversion, partitioning, or Firehose's own word for anything else."""
    code: str
    arrival_millis: int
    day: Day | None
    """The day of the delivery its events are of; of a completion the delivery alone; None where
    nobody can read it."""
    events: frozenset[int]
    """Ordinals; of a completion, its revisions."""
    is_rows: bool = False
    """Whether Firehose kept the transform's answer: the original lies in raw/."""
    reason: str = ""
    """Why it cannot be read; empty where it can."""
    billed: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The name that `finops quarantine show` takes."""
        return f"{self.key.rsplit('/', 1)[-1]}:{self.number}"

    @property
    def is_completion(self) -> bool:
        """Whether it closes a delivery instead of holding charges."""
        return self.day is not None and self.day[1:] == ("", "")

    @classmethod
    def of(cls, line: ErrorLine) -> "Failed":
        """Read a line."""
        content = line.content()
        if isinstance(content, Unreadable):
            return cls(*_head(line), day=None, events=frozenset(), reason=content.reason.value)
        if isinstance(content, Batch):
            rows = content.events
            day = day_of(content) if content.is_charges else (content.delivery_id, "", "")
            return cls(*_head(line), day, _events(rows, day), billed=_billed(rows, day))
        first = content[0]
        charges = "billing_currency" in first
        day = day_of_row(first) if charges else (first["delivery_id"], "", "")
        return cls(*_head(line), day, _events(content, day), True, billed=_billed(content, day))


def in_lake(day: Day) -> bool:
    """Tell whether a day may have rows; a text that is no date has none."""
    return is_month(day[1]) and is_date(day[2])


def _head(line: ErrorLine) -> tuple[str, int, str, str, int]:
    kind = KINDS.get(line.type, line.type)
    return (line.key, line.number, kind, line.code, line.arrival_millis)


def _events(rows: Sequence[dict[str, Any]], day: Day) -> frozenset[int]:
    name = "ordinal" if day[1:] != ("", "") else "revision"
    return frozenset(int(row.get(name) or 0) for row in rows)


def _billed(rows: Sequence[dict[str, Any]], day: Day) -> dict[str, str]:
    sums: Sums = {}
    if day[1:] != ("", ""):
        for row in {row["ordinal"]: row for row in rows}.values():
            add_amounts(sums, row)
    return billed(sums)
