"""Record format conversion: the outputs of one buffer to one Parquet file and the failures (§3)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import orjson
import pyarrow as pa

from infra.local.firehose import hive_json, openx
from infra.local.firehose.choices import DEFAULT_CHOICES, Choices
from infra.local.firehose.documents import MalformedRecordError, parse_documents
from infra.local.firehose.hive_json import read_json
from infra.local.firehose.hive_type import HiveType
from infra.local.firehose.openx import Failures, arrow_type
from infra.local.firehose.parquet import write_parquet
from infra.local.firehose.records import Failure, Output
from infra.local.firehose.settings import Conversion, Hive, OpenX

Schema = Sequence[tuple[str, HiveType]]
"""The columns of the Glue table as it is at the moment."""

Order = Callable[[Sequence[int]], Sequence[int]]
"""In which order rows are written, given their positions."""


def convert(
    outputs: Sequence[Output],
    conversion: Conversion,
    schema: Schema,
    *,
    now: datetime,
    order: Order,
    choices: Choices = DEFAULT_CHOICES,
) -> tuple[bytes | None, list[Failure]]:
    """Return the Parquet file, None without rows, and the records that did not convert.

    A record fails as a whole: when one of its documents does not fit, none of its rows is written.
    """
    rows: list[dict[str, Any]] = []
    owners: list[int] = []
    failed: dict[int, tuple[str, str]] = {}
    read = read_json if isinstance(conversion.deserializer, Hive) else orjson.loads
    for owner, output in enumerate(outputs):
        try:
            documents = parse_documents(output.data, read)
        except MalformedRecordError as error:
            failed[owner] = (error.code, error.message)
        else:
            rows.extend(documents)
            owners.extend([owner] * len(documents))
    arrays, misfits = _columns(rows, schema, conversion.deserializer)
    for row, message in misfits.items():
        reason = f"Data does not match the schema. {message}"
        failed.setdefault(owners[row], ("DataFormatConversion.MalformedData", reason))
    kept = order([row for row, owner in enumerate(owners) if owner not in failed])
    body = _file(arrays, kept, len(rows), schema, conversion) if kept else None
    failures = [
        Failure(output.source, *failed[owner], output.raw_data(choices), 1, now)
        for owner, output in enumerate(outputs)
        if owner in failed
    ]
    return body, failures


def _columns(
    rows: Sequence[dict[str, Any]], schema: Schema, deserializer: OpenX | Hive
) -> tuple[list[pa.Array], Failures]:
    if isinstance(deserializer, Hive):
        return hive_json.columns(rows, schema, deserializer)
    return openx.columns(rows, schema, deserializer)


def _file(
    arrays: list[pa.Array], kept: Sequence[int], rows: int, schema: Schema, conversion: Conversion
) -> bytes:
    fields = pa.schema([(name, arrow_type(type_)) for name, type_ in schema])
    table = pa.Table.from_arrays(arrays, schema=fields)
    if list(kept) != list(range(rows)):
        table = table.take(pa.array(kept, pa.int64()))
    return write_parquet(table, conversion.parquet)
