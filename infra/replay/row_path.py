"""Records to rows as Firehose makes them: the transform, its JSON, the converter."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

import orjson
import pyarrow as pa

from infra.local.firehose.hive_type import HiveType, parse
from infra.local.firehose.openx import arrow_type, columns
from infra.local.firehose.settings import OpenX
from schemas.tables import LAKE_ROWS
from transforms.context import Context
from transforms.core import CHARGES, Failed, transform

_OPENX = OpenX(case_insensitive=False, dots_to_underscores=False, mappings={})


@dataclass(slots=True)
class Judged:
    """Rows by (billing period, charge date), with the columns Firehose writes, and what failed."""

    tables: dict[tuple[str, str], pa.Table] = field(default_factory=dict)
    failed: list[Failed] = field(default_factory=list)


def judge_rows(bodies: Iterable[bytes], context: Context) -> Judged:
    """Judge records of charges one by one, in order."""
    rows: dict[tuple[str, str], list[dict[str, object]]] = defaultdict(list)
    judged = Judged()
    for body in bodies:
        result = transform(body, context)
        if isinstance(result, Failed):
            judged.failed.append(result)
        elif result.partition_keys["table"] == CHARGES:
            lines = [orjson.loads(line) for line in result.data.splitlines()]
            starts = (lines[0][f"{kind}_period_start"] for kind in ("billing", "charge"))
            period, date = (str(start)[:10] for start in starts)
            rows[(period[:7], date)] += lines
    judged.tables = {partition: _table(found) for partition, found in rows.items()}
    return judged


def _table(rows: list[dict[str, object]]) -> pa.Table:
    arrays, misfits = columns(rows, lake_types(), _OPENX)
    # The transform checks what the converter would refuse.
    assert not misfits, next(iter(misfits.values()))
    return pa.Table.from_arrays(arrays, schema=lake_schema())


@cache
def lake_types() -> tuple[tuple[str, HiveType], ...]:
    """Return the columns Firehose converts with, and their types."""
    return tuple((column.name, parse(column.type)) for column in LAKE_ROWS.columns)


@cache
def lake_schema() -> pa.Schema:
    """Return the Arrow schema of the files Firehose writes."""
    return pa.schema([(name, arrow_type(type_)) for name, type_ in lake_types()])
