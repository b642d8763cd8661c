"""The three places an audit reads, each on its own: raw/, errors/ and processed/."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import orjson

from schemas.amounts import unscaled_sum
from schemas.codec import Batch, Unreadable, read_members
from schemas.lake import RAW, ObjectStore
from schemas.tables import AMOUNTS, PRICED_IN_PRICING_CURRENCY
from transforms.deliveries import PromisedDay, promised_day, read_assertions
from transforms.error_objects import read_error_lines
from transforms.ports import Query
from transforms.tallies import Day, Sums, Tally

_MOST_NAMED = 200
"""Deliveries that a query names; of more, all rows of their days are read."""

Promises = dict[str, tuple[PromisedDay, ...]]


@dataclass(slots=True)
class Raw:
    """What raw/ holds: events by day, promises by delivery, and bytes nobody can decode."""

    days: dict[Day, Tally] = field(default_factory=lambda: defaultdict(Tally))
    promises: Promises = field(default_factory=dict)
    revisions: dict[str, int] = field(default_factory=dict)
    """The revision that each promise is of: the highest."""
    unreadable: list[tuple[str, bytes]] = field(default_factory=list)
    objects: int = 0
    sizes: list[int] = field(default_factory=list)
    """The size of each record, in bytes as they were put."""

    @property
    def records(self) -> int:
        """How many records there are."""
        return len(self.sizes)


@dataclass(slots=True)
class Errors:
    """What errors/ holds, by the original bytes of its lines."""

    days: dict[Day, Tally] = field(default_factory=lambda: defaultdict(Tally))
    completions: set[str] = field(default_factory=set)
    unreadable: set[bytes] = field(default_factory=set)
    records: int = 0


@dataclass(slots=True)
class ProcessedDay:
    """What processed/ holds of one day: events once, extra copies, and the files with copies."""

    ordinals: set[int] = field(default_factory=set)
    copies: int = 0
    files: tuple[str, ...] = ()
    sums: Sums = field(default_factory=dict)


@dataclass(slots=True)
class Processed:
    """What processed/ holds under one evaluation."""

    days: dict[Day, ProcessedDay] = field(default_factory=lambda: defaultdict(ProcessedDay))
    promises: Promises = field(default_factory=dict)


def read_raw(store: ObjectStore, only: Collection[Day] | None = None) -> Raw:
    """Decode every object under raw/; keeps the events of `only` these days, where it is given."""
    raw = Raw()
    for info in store.list(RAW):
        raw.objects += 1
        for record in read_members(store.get(info.key)):
            raw.sizes.append(len(record.body))
            if isinstance(record, Unreadable):
                raw.unreadable.append((info.key, record.body))
            elif record.is_charges:
                _tally(raw.days, record, only)
            else:
                for event in record.events:
                    _promise(raw, record.delivery_id, event)
    return raw


def read_errors(store: ObjectStore, only: Collection[Day] | None = None) -> Errors:
    """Decode the original of every line under errors/, keeping what `read_raw` would keep."""
    errors = Errors()
    for line in read_error_lines(store):
        errors.records += 1
        content = line.content()
        if isinstance(content, Unreadable):
            errors.unreadable.add(line.raw)
        elif isinstance(content, list):
            for row in content:
                if "billing_currency" in row:
                    date = str(row["charge_period_start"])[:10]
                    period = str(row["billing_period_start"])[:7]
                    day = (row["delivery_id"], period, date)
                    if only is None or day in only:
                        errors.days[day].add(row)
                else:
                    errors.completions.add(row["delivery_id"])
        elif content.is_charges:
            _tally(errors.days, content, only)
        else:
            errors.completions.add(content.delivery_id)
    return errors


def read_processed(query: Query, evaluation: str, only: Collection[Day] | None = None) -> Processed:
    """Read processed/ through the query engine, every row once and the copies counted."""
    processed = Processed()
    where = rows_of(evaluation, only)
    for row in query.rows(_ORDINALS.format(where=where)):
        day = processed.days[(row["delivery_id"], row["billing_period"], row["charge_date"])]
        day.ordinals = set(orjson.loads(row["ordinals"]))
        day.copies = row["stored"] - len(day.ordinals)
    for row in query.rows(sums_sql(where)):
        day = processed.days[(row["delivery_id"], row["billing_period"], row["charge_date"])]
        for name in AMOUNTS:
            if row[name] is not None:
                pricing = name in PRICED_IN_PRICING_CURRENCY
                key = (row["pricing" if pricing else "billing"], name)
                day.sums[key] = day.sums.get(key, 0) + unscaled_sum(str(row[name]))
    if only is not None:
        # The query names deliveries, periods and dates each for itself.
        for found in processed.days.keys() - set(only):
            del processed.days[found]
    if any(day.copies for day in processed.days.values()):
        _name_files(query, where, processed)
    for assertion in sorted(read_assertions(query), key=lambda a: a.revision):
        processed.promises[assertion.delivery_id] = assertion.days
    return processed


def _promise(raw: Raw, delivery_id: str, event: dict[str, Any]) -> None:
    if event["revision"] >= raw.revisions.get(delivery_id, 0):
        raw.revisions[delivery_id] = event["revision"]
        raw.promises[delivery_id] = tuple(map(promised_day, event["days"]))


def rows_of(evaluation: str, only: Collection[Day] | None = None) -> str:
    """Return a condition on `charges_stored`: the partitions of these days, and no others.

    Without days it is every row of the evaluation.
    """
    condition = f"evaluation = '{evaluation}'"
    if only is None:
        return condition
    if not only:
        return "1 = 0"
    periods = ", ".join(sorted({f"'{period}'" for _, period, _ in only}))
    dates = sorted(date for _, _, date in only)
    condition += f" and billing_period in ({periods})"
    condition += f" and charge_date between '{dates[0]}' and '{dates[-1]}'"
    deliveries = sorted({delivery for delivery, _, _ in only})
    if len(deliveries) <= _MOST_NAMED:
        condition += f" and delivery_id in ({', '.join(map(_quoted, deliveries))})"
    return condition


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _tally(days: dict[Day, Tally], batch: Batch, only: Collection[Day] | None) -> None:
    envelope = batch.envelope
    key = (batch.delivery_id, envelope["billing_period"], envelope["charge_date"])
    if only is not None and key not in only:
        return
    tally = days[key]
    for event in batch.events:
        tally.add(event)


_ORDINALS = """
select delivery_id, billing_period, charge_date, count(*) as stored,
       json_format(cast(array_agg(distinct ordinal) as json)) as ordinals
from charges_stored where {where} group by 1, 2, 3
"""

_FILES = """
select distinct delivery_id, billing_period, charge_date, path
from (select delivery_id, billing_period, charge_date, "$path" as path,
             count(*) over (partition by charge_date, billing_period, delivery_id, ordinal) as n
      from charges_stored where {where})
where n > 1
"""


def sums_sql(where: str) -> str:
    """Return a query for the rows, each once, and exact sums by delivery, day and currencies."""
    sums = ", ".join(f"sum({name}) as {name}" for name in AMOUNTS)
    return (
        "select delivery_id, billing_period, charge_date, billing_currency as billing, "
        f"coalesce(pricing_currency, billing_currency) as pricing, count(*) as events, {sums} "
        "from (select *, row_number() over "
        "(partition by charge_date, billing_period, delivery_id, ordinal "
        "order by baseline_version, policy_version) as copy "
        f"from charges_stored where {where}) "
        "where copy = 1 group by 1, 2, 3, 4, 5"
    )


def _name_files(query: Query, where: str, processed: Processed) -> None:
    found: dict[Day, list[str]] = defaultdict(list)
    for row in query.rows(_FILES.format(where=where)):
        found[(row["delivery_id"], row["billing_period"], row["charge_date"])].append(row["path"])
    for day, files in found.items():
        processed.days[day].files = tuple(sorted(files))
