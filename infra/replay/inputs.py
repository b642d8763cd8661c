"""The inputs of rules as columns: what `transforms.judge` reads of an event, a column at a time."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from infra.replay.codes import Codes, combine, encode, encode_as, encode_both
from infra.replay.maps import Maps
from rules import Charge
from rules.distinct import HAS_TAGS, TAG_KEY, TAGS, Reader
from transforms.judge import seconds, seconds_of_day

READERS: dict[str, Reader] = {"billed_cost": Decimal, "effective_cost": Decimal, TAGS: dict}
"""Inputs that stand in keys as the wire has them: only a charge that is judged needs its value."""


class Inputs:
    """Rows of events with their charge dates, and the codes of each input that was asked for."""

    def __init__(self, events: pa.StructArray, charge_dates: pa.Array) -> None:
        """Take decoded events; nothing is encoded yet."""
        self._events, self._dates = events, charge_dates
        self._codes: dict[str, Codes] = {}
        self._tags = Maps(events.field(TAGS))

    def __len__(self) -> int:
        return len(self._dates)

    def take(self, rows: pa.Array) -> "Inputs":
        """Return some of the rows, in that order."""
        return Inputs(self._events.take(rows), self._dates.take(rows))

    def codes(self, name: str) -> Codes:
        """Return an input's codes, named as in `rules.distinct`."""
        if name not in self._codes:
            self._codes[name] = self._encoded(name)
        return self._codes[name]

    def numbered(self, names: Sequence[str], rows: pa.Array | None) -> pa.Array:
        """Number rows by their values of some inputs; see `combine`."""
        return combine([self.codes(name) for name in names], len(self), rows)

    def keys(self, names: Sequence[str], rows: pa.Array) -> list[tuple[Any, ...]]:
        """Return the values that some rows have of some inputs."""
        if not names:
            return [()] * len(rows)
        return list(zip(*(self.codes(name).at(rows) for name in names), strict=True))

    def charges(self, rows: pa.Array) -> list[Charge]:
        """Return the charges of some rows, as `transforms.judge` makes them."""
        columns = [self._values(name, rows) for name in Charge._fields]
        return [Charge(*values) for values in zip(*columns, strict=True)]

    def _values(self, name: str, rows: pa.Array) -> list[Any]:
        if name == TAGS:  # a few of many: to encode them all is not worth it
            return [
                None if t is None else dict(t) for t in self._column(TAGS).take(rows).to_pylist()
            ]
        values, read = self.codes(name).at(rows), READERS.get(name)
        return [None if v is None else read(v) for v in values] if read else values

    def _encoded(self, name: str) -> Codes:
        if name == "charge_date":
            return encode(self._dates)
        if name == "period_start_seconds_of_day":
            return encode_as(self._micros("charge_period_start"), seconds_of_day)
        if name == "period_seconds":
            ends = self._micros("charge_period_end")
            return encode_both(self._micros("charge_period_start"), ends, seconds)
        if name == TAGS:
            return self._tags.sets()
        if name == HAS_TAGS:
            return encode(pc.greater(self._tags.lengths(), 0))
        if name.startswith(TAG_KEY):
            return self._tags.value(name.removeprefix(TAG_KEY))
        return encode(self._column(name))

    def _column(self, name: str) -> pa.Array:
        return self._events.field(name)

    def _micros(self, name: str) -> pa.Array:
        return self._column(name).view(pa.int64())
