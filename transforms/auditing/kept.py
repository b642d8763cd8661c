"""Verdicts that an audit leaves for the next one: `audits/days/`, which is the table `audit_days`.

A day that was whole is so until something of it changes: what raw/ and errors/ were found to hold
of it, what its delivery promises, or which files its partition has. The fingerprint of all that
stands beside the verdict. Days with a difference, or with something on its way, are judged again.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import orjson

from schemas.errors import StateError
from schemas.lake import ObjectStore, is_date, is_month
from schemas.tables import AUDIT_DAYS, CHARGES_STORED
from transforms.auditing.books import NOWHERE, Partition
from transforms.auditing.verdict import DayVerdict

FORMAT = 1
"""What a verdict says and rests on; another number makes the next audit judge everything again."""

_FILE = re.compile(r"/billing_period=([^/]+)/charge_date=([^/]+)/[^/]+\Z")


class KeptDays:
    """The verdicts under one evaluation.

    Args:
        keep: where they lie; None keeps nothing.
        lake: the lake, whose partitions are listed.
        evaluation: whose.
        anew: carry nothing over.
    """

    def __init__(
        self, keep: ObjectStore | None, lake: ObjectStore, evaluation: str, anew: bool
    ) -> None:
        self._keep, self._evaluation = keep, evaluation
        self._files: dict[Partition, list[tuple[str, int]]] = defaultdict(list)
        self._before: dict[Partition, list[dict[str, Any]]] = defaultdict(list)
        self._after: dict[Partition, list[DayVerdict]] = defaultdict(list)
        self._fingerprints: dict[Partition, str] = {}
        self._known: set[str] = set()
        self._written: set[str] = set()
        for info in lake.list(f"{CHARGES_STORED.prefix}evaluation={evaluation}/"):
            found = _FILE.search(info.key)
            if found and is_month(found[1]) and is_date(found[2]):
                self._files[(found[1], found[2])].append((info.key, info.size))
        if keep is not None:
            self._read(keep, anew)

    @property
    def partitions(self) -> set[Partition]:
        """Return where processed/ has files."""
        return set(self._files)

    def carried(self, partition: Partition, rests_on: object) -> list[DayVerdict] | None:
        """Return the verdicts on a partition that nothing has changed in; None to judge it."""
        text = orjson.dumps([FORMAT, rests_on, self._files.get(partition, ())])
        fingerprint = hashlib.sha256(text).hexdigest()[:24]
        self._fingerprints[partition] = fingerprint
        rows = self._before.get(partition)
        if not rows or any(row["fingerprint"] != fingerprint for row in rows):
            return None
        return [DayVerdict.of(row) for row in rows]

    def judged(self, partition: Partition, verdict: DayVerdict) -> None:
        """Take a new verdict."""
        self._after[partition].append(verdict)

    def write(self, now: datetime | None, only: str | None = None) -> None:
        """Keep what is new, a file a billing period; only files that change are written.

        Args:
            now: when it was judged, aware; None where nobody keeps a clock.
            only: a billing period all of which is judged.
        """
        if self._keep is None:
            return
        at = now.astimezone(UTC).isoformat(timespec="seconds") if now else ""
        periods = {period for period, _ in self._fingerprints.keys() | self._before.keys()}
        for period in sorted(periods - self._written):
            if only in (None, period):
                self._write(self._keep, period, at)
                self._written.add(period)

    def _write(self, keep: ObjectStore, period: str, at: str) -> None:
        rows: list[dict[str, Any]] = []
        changed = False
        for partition in sorted(self._fingerprints.keys() | self._before.keys()):
            if partition[0] != period:
                continue
            before = self._before.get(partition, [])
            if partition in self._after:
                fingerprint = self._fingerprints[partition]
                for verdict in self._after[partition]:
                    settled = fingerprint if verdict.settled else ""
                    rows.append(verdict.row(self._evaluation, at, settled))
                changed = True
            elif partition in self._fingerprints and self._is_current(partition, before):
                rows += before
            else:
                changed = changed or bool(before)
        key = f"{AUDIT_DAYS.prefix}{self._evaluation}.{period or 'nowhere'}.jsonl"
        if not rows and key in self._known:
            keep.delete(key)
        elif changed and rows:
            keep.put(key, b"".join(orjson.dumps(row) + b"\n" for row in rows))

    def _is_current(self, partition: Partition, rows: Iterable[dict[str, Any]]) -> bool:
        return all(row["fingerprint"] == self._fingerprints[partition] for row in rows)

    def _read(self, keep: ObjectStore, anew: bool) -> None:
        for info in keep.list(f"{AUDIT_DAYS.prefix}{self._evaluation}."):
            self._known.add(info.key)
            if anew:
                continue
            try:
                for line in keep.get(info.key).splitlines():
                    row = orjson.loads(line)
                    at = (row["billing_period"], row["charge_date"])
                    partition = at if is_month(at[0]) and is_date(at[1]) else NOWHERE
                    self._before[partition].append(row)
            except (ValueError, TypeError, KeyError) as error:
                raise StateError(
                    f"{info.key} is damaged ({error}); run: finops audit --full"
                ) from error
