"""A FOCUS bill read with csv and Decimal alone: what the library's answers are compared with."""

import csv
import gzip
import io
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from tests.independent import WIDE, ZERO, stored

_NOTHING = ("", "NULL")
Key = tuple[str | None, ...]


@dataclass(frozen=True)
class Line:
    """One row of a bill; amounts as the lake stores them."""

    fields: dict[str, str]
    tags: dict[str, str]

    def __getitem__(self, name: str) -> str | None:
        text = self.fields.get(name, "")
        return None if text in _NOTHING else text

    def amount(self, name: str) -> Decimal:
        """Return an amount, 0 where there is none."""
        text = self[name]
        return ZERO if text is None else stored(Decimal(text))

    @property
    def effective(self) -> Decimal:
        """Its effective cost."""
        return self.amount("EffectiveCost")

    @property
    def billed(self) -> Decimal:
        """Its billed cost."""
        return self.amount("BilledCost")

    @property
    def day(self) -> str:
        """The day it arose."""
        return self.fields["ChargePeriodStart"][:10]

    @property
    def period(self) -> str:
        """The month it is billed in."""
        return self.fields["BillingPeriodStart"][:7]

    @property
    def resource(self) -> str | None:
        """Its resource, or its SKU."""
        return self["ResourceId"] or self["SkuId"]


def read_bill(paths: Iterable[Path]) -> list[Line]:
    """Read CSV files, plain or gzipped."""
    return [line for path in paths for line in _lines(path)]


def _lines(path: Path) -> Iterator[Line]:
    body = path.read_bytes()
    text = (gzip.decompress(body) if path.suffix == ".gz" else body).decode("utf-8")
    for row in csv.DictReader(io.StringIO(text, newline="")):
        given = row.get("Tags", "")
        tags = {} if given in _NOTHING else json.loads(given)
        yield Line(row, {k: v if isinstance(v, str) else json.dumps(v) for k, v in tags.items()})


def added(
    lines: Iterable[Line], key: Callable[[Line], Key], *amounts: Callable[[Line], Decimal]
) -> dict[Key, tuple[Decimal, ...]]:
    """Return the sums of amounts by key."""
    found: dict[Key, tuple[Decimal, ...]] = defaultdict(lambda: (ZERO,) * len(amounts))
    for line in lines:
        before = found[key(line)]
        found[key(line)] = tuple(
            WIDE.add(sum_, amount(line)) for sum_, amount in zip(before, amounts, strict=True)
        )
    return dict(found)
