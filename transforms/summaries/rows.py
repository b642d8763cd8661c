"""The rows of a summary: asked of the lake, added up without rounding, written and read."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson

from schemas.amounts import EXACT, plain_text
from schemas.lake import ObjectStore
from transforms.differences.model import OWNER_TAGS
from transforms.ports import Query
from transforms.summaries.sources import fingerprint

GROUP = (
    "billing_account_id",
    "sub_account_id",
    "service_name",
    "region_id",
    "charge_category",
    "charge_class",
    "owner",
    "billing_currency",
)
COUNTS = ("events", "findings")
AMOUNTS = ("billed_cost", "effective_cost", "list_cost", "untagged_cost")

Row = Mapping[str, Any]

_OWNER = ", ".join(
    f"case when trim(element_at(tags, '{key}')) <> '' then element_at(tags, '{key}') end"
    for key in OWNER_TAGS
)
_SQL = f"""
select charge_date, billing_period, billing_account_id, sub_account_id, service_name, region_id,
       charge_category, charge_class, owner, billing_currency, count(*) as events,
       coalesce(sum(cardinality(findings)), 0) as findings,
       sum(billed_cost) as billed_cost,
       sum(coalesce(effective_cost, billed_cost)) as effective_cost,
       sum(list_cost) as list_cost,
       sum(case when tag_status in ('missing', 'incomplete')
           then coalesce(effective_cost, billed_cost)
           else cast(0 as decimal(38,12)) end) as untagged_cost
from (
    select charge_date, billing_period, billing_account_id, sub_account_id, service_name, region_id,
           charge_category, charge_class, billing_currency, billed_cost, effective_cost, list_cost,
           tag_status, findings, coalesce({_OWNER}) as owner
    from charges
    where charge_date in ({{days}}) and billing_period in ({{periods}})
)
group by charge_date, billing_period, billing_account_id, sub_account_id, service_name, region_id,
         charge_category, charge_class, owner, billing_currency
"""


def ask_days(query: Query, days: Sequence[str], periods: Iterable[str]) -> dict[str, list[Row]]:
    """Sum up some charge dates, each whole; days without rows are empty.

    Args:
        query: the lake, in SQL.
        days: charge dates.
        periods: every billing period that any of them has rows of.
    """
    sql = _SQL.format(days=_listed(days), periods=_listed(sorted(periods)))
    found: dict[str, list[Row]] = {day: [] for day in days}
    for row in query.rows(sql):
        found[row["charge_date"]].append(row)
    return found


def add_up(rows: Iterable[Row]) -> list[Row]:
    """Return one row for each group: exact sums over days."""
    groups: defaultdict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[name] for name in GROUP)].append(row)
    return [
        dict(zip(GROUP, group, strict=True))
        | {name: sum(row[name] for row in members) for name in COUNTS}
        | {name: _total(row[name] for row in members) for name in AMOUNTS}
        for group, members in groups.items()
    ]


def written(rows: Iterable[Row], columns: Sequence[str]) -> tuple[str, bytes]:
    """Return a build's version and its lines, which name it.

    Args:
        rows: in any order; their order makes no difference.
        columns: what is written, in this order.
    """
    lines = sorted(orjson.dumps({name: _text(row[name]) for name in columns}) for row in rows)
    version = fingerprint([line.decode() for line in lines])
    body = b"".join(b'{"version":"%b",%b\n' % (version.encode(), line[1:]) for line in lines)
    return version, body


def read_rows(store: ObjectStore, key: str) -> list[Row]:
    """Read a build's rows back, amounts exact."""
    rows = [orjson.loads(line) for line in store.get(key).splitlines()]
    return [
        {**row, **{name: None if row[name] is None else Decimal(row[name]) for name in AMOUNTS}}
        for row in rows
    ]


def _total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    total = Decimal(0)
    for amount in known:
        total = EXACT.add(total, amount)
    return total if known else None


def _text(value: object) -> object:
    return plain_text(value) if isinstance(value, Decimal) else value


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(f"'{text}'" for text in texts)
