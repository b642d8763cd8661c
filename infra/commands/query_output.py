"""A query's answer as a table, CSV, JSON or Parquet."""

import csv
import sys
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import click

from infra.athena.price import billed_bytes, price
from infra.commands.options import counted, money, print_json, print_table
from infra.errors import UsageError
from transforms.athena_query import Answer

_GROUP_ROWS = 100_000
"""Rows of a Parquet file that are held at once."""
_NUMBERS = ("decimal", "bigint", "integer", "double")


def print_answer_json(names: Sequence[str], answer: Answer) -> None:
    """Print a list of objects.

    Raises:
        UsageError: two columns have one name.
    """
    if twice := next((name for name in names if list(names).count(name) > 1), None):
        raise UsageError(f"two columns are called {twice}; give them names with AS")
    print_json([dict(zip(names, row, strict=True)) for row in answer.rows])


def print_answer_csv(names: Sequence[str], answer: Answer) -> None:
    """Print CSV with a header; nothing for null, and times in UTC with a Z."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(value) for value in row] for row in answer.rows)


def _cell(value: Any) -> str:
    """Return a value for machines: every character of a text as it is, times with their zone."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return f"{value.isoformat()}Z"
        case Decimal():
            return money(value)
    return str(value)


def print_answer_table(names: Sequence[str], answer: Answer) -> None:
    """Print columns for people, and how many rows there are."""
    kinds = zip(names, answer.columns, strict=True)
    numbers = [name for name, (_, kind) in kinds if kind.startswith(_NUMBERS)]
    rows = list(answer.rows)
    print_table(names, rows, right=numbers)
    click.echo(f"  {counted(len(rows), 'row')}")


def write_answer_parquet(names: Sequence[str], answer: Answer, file: Path) -> int:
    """Write a Parquet file: decimals exact, times UTC, nested values as Athena's text.

    Returns:
        How many rows it has.

    Raises:
        UsageError: the file cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = [_arrow_type(kind) for kind in answer.types]
    # Columns by position: two may have one name.
    schema = pa.schema([pa.field(name, type_) for name, type_ in zip(names, types, strict=True)])
    count = 0
    try:
        with file.open("wb") as out, pq.ParquetWriter(out, schema) as writer:
            while rows := list(islice(answer.rows, _GROUP_ROWS)):
                count += len(rows)
                arrays = [
                    pa.array([_plain(row[i], kind) for row in rows], type_)
                    for i, (kind, type_) in enumerate(zip(answer.types, types, strict=True))
                ]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror or error}; name another file") from error
    return count


def _arrow_type(kind: str) -> Any:
    import pyarrow as pa

    if kind.startswith("decimal("):
        precision, scale = kind.removeprefix("decimal(").removesuffix(")").split(",")
        return pa.decimal128(int(precision), int(scale))
    return {
        "bigint": pa.int64(),
        "integer": pa.int32(),
        "double": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us", tz="UTC"),
    }.get(kind, pa.string())


def _plain(value: Any, kind: str) -> Any:
    return date.fromisoformat(value) if value is not None and kind == "date" else value


def scan_line(scanned: int) -> str:
    """Return what a query read and what Athena bills for it, for people."""
    return (
        f"  scanned {scanned:,} bytes; Athena bills {billed_bytes(scanned):,}: {price(scanned)} USD"
    )


def scan_facts(answer: Answer) -> dict[str, object]:
    """Return the same for scripts."""
    return {
        "query_execution_id": answer.query_id,
        "bytes_scanned": answer.bytes_scanned,
        "bytes_billed": billed_bytes(answer.bytes_scanned),
        "usd": format(price(answer.bytes_scanned), "f"),
    }
