"""The simulated bill as a Cost and Usage Report, in both of AWS's spellings.

CUR 2.0 has fixed columns, and maps for what varies: `product`, `resource_tags`, `cost_category`.
A legacy report has a column for each of their keys, such as `resourceTags/user:application`, and
no account names. An export of CUR 2.0 is a query: it has the columns that one selects, here those
that the simulated bill can fill and a few that stay empty, as in any real report.
"""

import csv
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from itertools import count
from typing import NamedTuple, cast

from producers.sources import Value
from producers.sources.simulator.exports.columns import Column, Hours, Kind, Table
from producers.sources.simulator.exports.item_facts import COST_CATEGORY
from producers.sources.simulator.exports.line_items import Item, line_items
from producers.sources.simulator.simulator import Simulator

_PRODUCT = {"product/ProductName": "product_name", "product/region": "region"}


def cur2_table(assembly_id: str) -> Table:
    """Return the table of CUR 2.0.

    Args:
        assembly_id: of the refresh; AWS gives each line a new id in each.
    """
    spelt = [s for s in _spellings() if s.cur2]
    names = [s.cur2 for s in spelt]

    def rows(hours: Hours) -> Iterator[Sequence[Value]]:
        for item in _identified(hours, assembly_id):
            yield list(map(item.get, names))

    return Table(tuple(Column(s.cur2, s.kind) for s in spelt), rows)


def legacy_table(assembly_id: str, tag_keys: Sequence[str]) -> Table:
    """Return the table of a legacy report.

    Args:
        assembly_id: of the refresh; AWS gives each line a new id in each.
        tag_keys: the keys of cost allocation tags that are active.
    """
    spelt = [s for s in _spellings() if s.legacy]
    names = [s.cur2 for s in spelt]
    attributes = list(_PRODUCT.values())
    tags = [f"user_{key}" for key in tag_keys]

    def rows(hours: Hours) -> Iterator[Sequence[Value]]:
        for item in _identified(hours, assembly_id):
            yield [
                *map(item.get, names),
                *map(item["product"].get, attributes),
                *map(item["resource_tags"].get, tags),
                item["cost_category"].get(COST_CATEGORY),
            ]

    added = [*_PRODUCT, *(f"resourceTags/user:{key}" for key in tag_keys)]
    added.append(f"costCategory/{COST_CATEGORY}")
    columns = [Column(s.legacy, s.kind) for s in spelt]
    return Table((*columns, *(Column(name, "text") for name in added)), rows)


def tag_keys(simulator: Simulator) -> list[str]:
    """Return every tag key that a resource of the world has; case tells keys apart."""
    found: set[str] = set()
    for series in simulator.plan.series:
        for line in series.lines:
            tags: Mapping[str, str] | None = line.constant["tags"]
            found.update(tags or ())
    return sorted(found)


def _identified(hours: Hours, assembly_id: str) -> Iterator[Item]:
    for number, item in zip(count(), line_items(hours), strict=False):
        digest = hashlib.blake2b(f"{assembly_id}/{number}".encode(), digest_size=16)
        item["identity_line_item_id"] = digest.hexdigest()
        yield item


class _Spelling(NamedTuple):
    """A column in both spellings; empty where a report has no such column."""

    cur2: str
    legacy: str
    kind: Kind


def _spellings() -> list[_Spelling]:
    text = resources.files(__package__).joinpath("line_item_columns.csv").read_text("utf-8")
    return [
        _Spelling(row["cur2"], row["legacy"], cast(Kind, row["kind"]))
        for row in csv.DictReader(text.splitlines())
    ]
