"""Dated baselines: what each series of charges used to cost, for the charges of later days.

Built from money only, never from verdicts, by a job that is not here; these are the values it
makes. A baseline is content-addressed: equal baselines have equal bytes and equal versions.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType
from typing import Self

from rules.canonical import canonical_json, fingerprint, read_json
from rules.charge import Charge
from rules.errors import BaselineError
from rules.series import (
    COLUMNS,
    FORMAT_1_COLUMNS,
    SeriesKey,
    SeriesStats,
    check_stats,
    day,
    from_row,
    in_order,
    series_key,
    to_row,
)
from rules.shards import SHARDED_ABOVE, Account, Manifest, split

__all__ = ["Baseline", "BaselineSeries", "SeriesKey", "SeriesStats", "series_key"]

_FORMAT_1, _FORMAT_2 = _FORMATS = ((1, FORMAT_1_COLUMNS), (2, COLUMNS))
"""A baseline without recent levels is of format 1: what was published keeps its bytes."""
_KEYS = ("format", "through", "effective_from", "columns", "series")


@dataclass(frozen=True)
class Baseline:
    """What was known at the end of one day, and from which charge date on it is used.

    Raises:
        BaselineError: the dates or a series contradict each other.
    """

    through: str
    """The last charge date used, YYYY-MM-DD, UTC."""
    effective_from: str
    """The first charge date it serves; later than `through`, and than the day of publication."""
    entries: Mapping[SeriesKey, SeriesStats] = field(repr=False)

    def __post_init__(self) -> None:
        try:
            if day(self.effective_from) <= day(self.through):
                raise ValueError(f"effective from {self.effective_from}, through {self.through}")
            for stats in self.entries.values():
                check_stats(stats, self.through)
        except ValueError as error:
            raise BaselineError(str(error)) from error
        object.__setattr__(self, "entries", MappingProxyType(dict(self.entries)))

    def for_account(self, account: Account) -> "Baseline":
        """Return what judges the charges of an account (payer, account): here the whole.

        Where a baseline lies in shards, this is what loads them: call it before a rule runs.
        """
        return self

    def stats(self, charge: Charge) -> SeriesStats | None:
        """Return the history of the charge's series, or `None` if it has none."""
        return self.entries.get(series_key(charge))

    def saw_account(self, charge: Charge) -> bool:
        """Tell whether any series of the history is of the charge's account."""
        return (charge.billing_account_id, charge.sub_account_id) in self._accounts

    def saw_service(self, charge: Charge) -> bool:
        """Tell whether the charge's account used its service in the history."""
        account = charge.billing_account_id, charge.sub_account_id
        return (*account, charge.service_name) in self._services

    def saw_region(self, charge: Charge) -> bool:
        """Tell whether the charge's account used its region in the history."""
        account = charge.billing_account_id, charge.sub_account_id
        return (*account, charge.region_id) in self._regions

    @cached_property
    def _accounts(self) -> frozenset[tuple[str | None, ...]]:
        return frozenset((k.billing_account_id, k.sub_account_id) for k in self.entries)

    @cached_property
    def _services(self) -> frozenset[tuple[str | None, ...]]:
        return frozenset(
            (k.billing_account_id, k.sub_account_id, k.service_name) for k in self.entries
        )

    @cached_property
    def _regions(self) -> frozenset[tuple[str | None, ...]]:
        return frozenset(
            (k.billing_account_id, k.sub_account_id, k.region_id) for k in self.entries
        )

    @cached_property
    def history_days(self) -> int:
        """Days from the first charge date of any series to `through`, both included."""
        if not self.entries:
            return 0
        first = min(stats.first_seen for stats in self.entries.values())
        return (day(self.through) - day(first)).days + 1

    @cached_property
    def version(self) -> str:
        """The fingerprint of the document it is stored as; of a large one, of its manifest."""
        return fingerprint(self.documents()[0])

    def documents(self) -> tuple[bytes, dict[str, bytes]]:
        """Return the document it is stored as, and the shards that one names by their fingerprint.

        Raises:
            BaselineError: an amount has more than 12 decimals or 26 integer digits; round first.
        """
        if len(self.entries) <= SHARDED_ABOVE:
            return self.to_bytes(), {}
        dates = self.through, self.effective_from
        bodies: dict[str, bytes] = {}
        parts = []
        for entries in split(self.entries):
            body = Baseline(*dates, entries).to_bytes()
            bodies[fingerprint(body)] = body
            parts.append((fingerprint(body), entries.keys()))
        return Manifest.over(*dates, self.history_days, parts).to_bytes(), bodies

    def to_bytes(self) -> bytes:
        """Return the canonical JSON document: the column names once, then a list per series.

        Raises:
            BaselineError: an amount has more than 12 decimals or 26 integer digits; round first.
        """
        recent = any(stats.recent_level is not None for stats in self.entries.values())
        form, columns = _FORMAT_2 if recent else _FORMAT_1
        try:
            keys = sorted(self.entries, key=in_order)
            rows = [to_row(key, self.entries[key], columns) for key in keys]
        except ValueError as error:
            raise BaselineError(str(error)) from error
        values = (form, self.through, self.effective_from, columns, rows)
        return canonical_json(dict(zip(_KEYS, values, strict=True)))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` wrote.

        Raises:
            BaselineError: the document is damaged.
        """
        try:
            document = read_json(data)
            if not isinstance(document, dict) or set(document) != set(_KEYS):
                raise ValueError(f"not an object with the keys {', '.join(_KEYS)}")
            if (document["format"], document["columns"]) not in _FORMATS:
                raise ValueError(f"format {document['format']!r} is not one of 1 and 2")
            columns = document["columns"]
            if not isinstance(document["series"], list):
                raise ValueError("series is not a list")
            rows = [from_row(row, columns) for row in document["series"]]
        except ValueError as error:
            raise BaselineError(str(error)) from error
        entries = dict(rows)
        if len(entries) != len(rows):
            raise BaselineError("a series appears twice")
        return cls(document["through"], document["effective_from"], entries)


@dataclass(frozen=True, slots=True)
class BaselineSeries:
    """Baselines in the order they took effect; append-only, so an old event keeps its own.

    Raises:
        BaselineError: a baseline does not take effect after the one before it.
    """

    baselines: tuple[Baseline, ...] = ()

    def __post_init__(self) -> None:
        starts = [baseline.effective_from for baseline in self.baselines]
        for earlier, later in pairwise(starts):
            if later <= earlier:
                raise BaselineError(f"effective from {later}, not after {earlier} before it")

    def append(self, baseline: Baseline) -> "BaselineSeries":
        """Return the series with one more baseline at its end."""
        return BaselineSeries((*self.baselines, baseline))

    def for_date(self, charge_date: str) -> Baseline | None:
        """Return the newest baseline that serves a charge date, or `None` before the first.

        The choice depends on the date alone, never on when the charge arrived or is replayed.
        """
        index = bisect_right(self.baselines, charge_date, key=lambda b: b.effective_from)
        return self.baselines[index - 1] if index else None

    def for_charge(self, charge: Charge) -> Baseline | None:
        """Return the baseline that serves a charge, with the history of its account at hand."""
        baseline = self.for_date(charge.charge_date)
        if baseline is None:
            return None
        return baseline.for_account((charge.billing_account_id, charge.sub_account_id))
