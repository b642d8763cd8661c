"""The lake's tables as Trino is told of them: columns, places and projection as in Glue.

For a cluster of your own: `python -m tests.trino.tables s3://LAKE/ 2025-01-01 2026-12-31 v1` prints
the statements (docs/how-to/ask-with-trino.md).
"""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sqlglot import exp

from infra.athena.catalog import view_statements
from schemas.tables import TABLES, Column, Table

_FORMATS = {"parquet": "PARQUET", "json": "OPENX_JSON"}


@dataclass(frozen=True, slots=True)
class Span:
    """What the partition columns may be.

    Trino looks into every folder that it projects, and for a view that is asked without a date that
    is evaluations x months x days: fifteen years, as in Glue, are a million (ADR 6). So it is told
    what the lake has.
    """

    evaluations: tuple[str, ...]
    months: tuple[str, ...]
    first: str
    last: str

    @classmethod
    def of(cls, first: str, last: str, evaluations: Iterable[str]) -> "Span":
        """Return what these evaluations may have between two dates, both included."""
        begin, end = date.fromisoformat(first), date.fromisoformat(last)
        days = (begin + timedelta(days=n) for n in range((end - begin).days + 1))
        months = sorted({f"{day:%Y-%m}" for day in days})
        return cls(tuple(evaluations), tuple(months), first, last)


def create_table(table: Table, lake: str, span: Span) -> str:
    """Return the statement that makes a table over its prefix.

    Args:
        table: which.
        lake: where the lake lies, such as `local:///lake/`.
        span: what its partition columns may be.
    """
    columns = [f"{c.name} {trino_type(c.type)}" for c in table.columns]
    columns += [f"{c.name} varchar{_projection(c, span)}" for c in table.partitions]
    options = {"external_location": f"'{lake}{table.prefix}'", "format": f"'{_format(table)}'"}
    if table.partitions:
        path = "/".join(f"{c.name}=${{{c.name}}}" for c in table.partitions)
        options |= {
            "partitioned_by": f"ARRAY[{_texts(c.name for c in table.partitions)}]",
            "partition_projection_enabled": "true",
            "partition_projection_location_template": f"'{lake}{table.prefix}{path}/'",
        }
    listed = ",\n  ".join(columns)
    given = ",\n  ".join(f"{key} = {value}" for key, value in options.items())
    return f"CREATE TABLE {table.name} (\n  {listed}\n) WITH (\n  {given}\n)"


def trino_type(glue: str) -> str:
    """Return Trino's name of one of Glue's types."""
    return exp.DataType.build(glue, dialect="hive").sql("trino")


def _format(table: Table) -> str:
    return _FORMATS[table.format]


def _projection(column: Column, span: Span) -> str:
    options = ", ".join(f"{key} = {value}" for key, value in _options(column, span))
    return f" WITH ({options})"


def _options(column: Column, span: Span) -> Iterator[tuple[str, str]]:
    if column.name == "charge_date":
        yield "partition_projection_type", "'date'"
        yield "partition_projection_format", "'yyyy-MM-dd'"
        yield "partition_projection_range", f"ARRAY['{span.first}', '{span.last}']"
        yield "partition_projection_interval", "1"
        yield "partition_projection_interval_unit", "'DAYS'"
        return
    # Athena counts months of a date projection, Trino days at most: there they are an enumeration.
    values = span.evaluations if column.name == "evaluation" else span.months
    yield "partition_projection_type", "'enum'"
    yield "partition_projection_values", f"ARRAY[{_texts(values)}]"


def _texts(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def main() -> None:
    """Print the statements that make our tables and views."""
    lake, first, last, *evaluations = sys.argv[1:]
    span = Span.of(first, last, evaluations)
    for table in TABLES:
        print(f"{create_table(table, lake, span)};\n")
    for statement in view_statements():
        print(f"{statement.rstrip()};\n")


if __name__ == "__main__":
    main()
