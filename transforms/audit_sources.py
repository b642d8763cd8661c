"""The three places an audit reads, each on its own: raw/, errors/ and processed/."""

from collections import defaultdict
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


def read_raw(store: ObjectStore) -> Raw:
    """Decode every object under raw/."""
    raw = Raw()
    for info in store.list(RAW):
        raw.objects += 1
        for record in read_members(store.get(info.key)):
            raw.sizes.append(len(record.body))
            if isinstance(record, Unreadable):
                raw.unreadable.append((info.key, record.body))
            elif record.is_charges:
                _tally(raw.days, record)
            else:
                for event in record.events:
                    _promise(raw, record.delivery_id, event)
    return raw


def read_errors(store: ObjectStore) -> Errors:
    """Decode the original of every line under errors/."""
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
                    errors.days[(row["delivery_id"], period, date)].add(row)
                else:
                    errors.completions.add(row["delivery_id"])
        elif content.is_charges:
            _tally(errors.days, content)
        else:
            errors.completions.add(content.delivery_id)
    return errors


def read_processed(query: Query, evaluation: str) -> Processed:
    """Read processed/ through the query engine, every row once and the copies counted."""
    processed = Processed()
    for row in query.rows(_ORDINALS.format(evaluation=evaluation)):
        day = processed.days[(row["delivery_id"], row["billing_period"], row["charge_date"])]
        day.ordinals = set(orjson.loads(row["ordinals"]))
        day.copies = row["stored"] - len(day.ordinals)
    for row in query.rows(_sums_sql(evaluation)):
        day = processed.days[(row["delivery_id"], row["billing_period"], row["charge_date"])]
        for name in AMOUNTS:
            if row[name] is not None:
                pricing = name in PRICED_IN_PRICING_CURRENCY
                key = (row["pricing" if pricing else "billing"], name)
                day.sums[key] = day.sums.get(key, 0) + unscaled_sum(str(row[name]))
    if any(day.copies for day in processed.days.values()):
        _name_files(query, evaluation, processed)
    for assertion in sorted(read_assertions(query), key=lambda a: a.revision):
        processed.promises[assertion.delivery_id] = assertion.days
    return processed


def _promise(raw: Raw, delivery_id: str, event: dict[str, Any]) -> None:
    if event["revision"] >= raw.revisions.get(delivery_id, 0):
        raw.revisions[delivery_id] = event["revision"]
        raw.promises[delivery_id] = tuple(map(promised_day, event["days"]))


def _tally(days: dict[Day, Tally], batch: Batch) -> None:
    envelope = batch.envelope
    key = (batch.delivery_id, envelope["billing_period"], envelope["charge_date"])
    tally = days[key]
    for event in batch.events:
        tally.add(event)


_ORDINALS = """
select delivery_id, billing_period, charge_date, count(*) as stored,
       json_format(cast(array_agg(distinct ordinal) as json)) as ordinals
from charges_stored where evaluation = '{evaluation}' group by 1, 2, 3
"""

_FILES = """
select distinct delivery_id, billing_period, charge_date, path
from (select delivery_id, billing_period, charge_date, "$path" as path,
             count(*) over (partition by charge_date, billing_period, delivery_id, ordinal) as n
      from charges_stored where evaluation = '{evaluation}')
where n > 1
"""


def _sums_sql(evaluation: str) -> str:
    sums = ", ".join(f"sum({name}) as {name}" for name in AMOUNTS)
    return (
        "select delivery_id, billing_period, charge_date, billing_currency as billing, "
        f"coalesce(pricing_currency, billing_currency) as pricing, {sums} "
        "from (select *, row_number() over "
        "(partition by charge_date, billing_period, delivery_id, ordinal "
        "order by baseline_version, policy_version) as copy "
        f"from charges_stored where evaluation = '{evaluation}') "
        "where copy = 1 group by 1, 2, 3, 4, 5"
    )


def _name_files(query: Query, evaluation: str, processed: Processed) -> None:
    found: dict[Day, list[str]] = defaultdict(list)
    for row in query.rows(_FILES.format(evaluation=evaluation)):
        found[(row["delivery_id"], row["billing_period"], row["charge_date"])].append(row["path"])
    for day, files in found.items():
        processed.days[day].files = tuple(sorted(files))
