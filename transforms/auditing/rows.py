"""What processed/ holds of some days, read through the query engine: every event once."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from schemas.amounts import unscaled_sum
from schemas.tables import AMOUNTS, PRICED_IN_PRICING_CURRENCY
from transforms.audit_sources import rows_of
from transforms.auditing.books import Partition
from transforms.compaction.records import NOT_COUNTED
from transforms.deliveries import landed_at
from transforms.ports import Query
from transforms.tallies import Day, Sums


@dataclass(slots=True)
class Rows:
    """The rows of one day of one delivery: events once, extra copies, and exact sums."""

    ordinals: set[int] = field(default_factory=set)
    copies: int = 0
    sums: Sums = field(default_factory=dict)


def read_rows(query: Query, evaluation: str, partitions: Collection[Partition]) -> dict[Day, Rows]:
    """Return the rows of some partitions by day of delivery."""
    found: dict[Day, Rows] = defaultdict(Rows)
    for row in query.rows(_SQL.format(where=_where(evaluation, partitions))):
        key = (row["delivery_id"], row["billing_period"], row["charge_date"])
        if key[1:] not in partitions:
            continue  # The query names periods and dates each for itself.
        rows = found[key]
        ordinals = orjson.loads(row["ordinals"])
        rows.ordinals.update(ordinals)
        rows.copies += row["stored"] - len(ordinals)
        for name in AMOUNTS:
            if row[name] is not None:
                pricing = name in PRICED_IN_PRICING_CURRENCY
                currency = (row["pricing" if pricing else "billing"], name)
                rows.sums[currency] = rows.sums.get(currency, 0) + unscaled_sum(str(row[name]))
    return dict(found)


def files_of(
    query: Query, evaluation: str, partitions: Collection[Partition], at_least: int
) -> dict[Day, list[str]]:
    """Return the files that hold events of each day at least so often."""
    found: dict[Day, list[str]] = defaultdict(list)
    where = _where(evaluation, partitions)
    for row in query.rows(_FILES.format(where=where, at_least=at_least)):
        found[(row["delivery_id"], row["billing_period"], row["charge_date"])].append(row["path"])
    return {day: sorted(paths) for day, paths in found.items()}


def newest(paths: Collection[str]) -> datetime | None:
    """Return when the newest of some files landed; None where no name says it."""
    return max((time for path in paths if (time := landed_at(path))), default=None)


def _where(evaluation: str, partitions: Collection[Partition]) -> str:
    return rows_of(evaluation, [("", *partition) for partition in partitions], deliveries=False)


_COLUMNS = ("ordinal", "delivery_id", "billing_period", "charge_date", "billing_currency")
_BY_EVENT = "over (partition by charge_date, billing_period, delivery_id, ordinal"
# A copy that compaction made is no second row: its original goes a day later. At least one counts,
# because the list of copies and the files are not read at one moment.
_COPIES = f"greatest(sum(counted) {_BY_EVENT}), 1)"
_COUNTED = f"case when {NOT_COUNTED} then 0 else 1 end as counted"
_SQL = (
    "select delivery_id, billing_period, charge_date, billing_currency as billing, "
    "coalesce(nullif(pricing_currency, ''), billing_currency) as pricing, sum(copies) as stored, "
    "json_format(cast(array_agg(ordinal) as json)) as ordinals, "
    + ", ".join(f"sum({name}) as {name}" for name in AMOUNTS)
    + f" from (select {', '.join((*_COLUMNS, 'pricing_currency', *AMOUNTS))}, "
    f"row_number() {_BY_EVENT} order by baseline_version, policy_version) as copy, "
    f"{_COPIES} as copies from (select *, {_COUNTED} from charges_stored where {{where}})) "
    "where copy = 1 group by 1, 2, 3, 4, 5"
)
_FILES = (
    "select distinct delivery_id, billing_period, charge_date, path from (select delivery_id, "
    f'billing_period, charge_date, path, counted, {_COPIES} as n from (select *, "$path" as path, '
    f"{_COUNTED} from charges_stored where {{where}})) where counted = 1 and n >= {{at_least}}"
)
