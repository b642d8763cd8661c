"""One DuckDB view per use of a base table, with exactly the columns and types of the catalogue."""

import re
from collections.abc import Sequence
from pathlib import Path

from infra.local.athena.column_types import duckdb_type, glue_type
from infra.local.athena.files import LakeFile
from schemas.tables import Table

_DECIMAL = re.compile(r"DECIMAL\(\d+,\s*\d+\)")
PATH = "$path"
"""Athena's hidden column: where the row was read. Here the key, relative to the lake."""


def relation_sql(name: str, table: Table, files: Sequence[LakeFile], lake: Path) -> str:
    """Return the CREATE VIEW that reads exactly `files` as `table`.

    A typed relation without rows comes first, so that no file at all is an empty table, and a
    column that a file lacks is NULL.
    """
    columns = {column.name: duckdb_type(glue_type(column.type)) for column in table.columns}
    columns |= {column.name: "VARCHAR" for column in table.partitions} | {PATH: "VARCHAR"}
    typed = ", ".join(f"CAST(NULL AS {type_}) AS {_quoted(c)}" for c, type_ in columns.items())
    rows = f"(SELECT {typed} WHERE FALSE)"
    if files:
        rows += f" UNION ALL BY NAME (SELECT {_stored(table)} FROM {_reader(table, files)})"
    shown = ", ".join(_shown(column, type_, lake) for column, type_ in columns.items())
    return f"CREATE VIEW {_quoted(name)} AS SELECT {shown} FROM ({rows})"


def _shown(column: str, type_: str, lake: Path) -> str:
    quoted = _quoted(column)
    if column == PATH:
        return f"substr({quoted}, {len(str(lake)) + 2}) AS {quoted}"
    if type_ == "TIMESTAMP":
        # Athena shows timestamp(3) and rounds what INT96 holds beyond it.
        return f"date_trunc('millisecond', {quoted} + INTERVAL 500 MICROSECOND) AS {quoted}"
    return quoted


def _stored(table: Table) -> str:
    if table.format == "parquet":
        return "*"
    # DuckDB reads JSON amounts through double; as text first, they are exact.
    exact = (c for c in table.columns if "decimal" in c.type)
    casts = ", ".join(
        f"CAST({_quoted(c.name)} AS {duckdb_type(glue_type(c.type))}) AS {_quoted(c.name)}"
        for c in exact
    )
    return f"* REPLACE ({casts})" if casts else "*"


def _reader(table: Table, files: Sequence[LakeFile]) -> str:
    paths = ", ".join(_text(file.path) for file in files)
    options = f"hive_partitioning = {bool(table.partitions)}, filename = {_text(PATH)}"
    if table.partitions:
        options += ", hive_types_autocast = false"
    if table.format == "parquet":
        return f"read_parquet([{paths}], union_by_name = true, {options})"
    types = ", ".join(
        f"{_quoted(c.name)}: {_text(_DECIMAL.sub('VARCHAR', duckdb_type(glue_type(c.type))))}"
        for c in table.columns
    )
    return f"read_json([{paths}], format = 'newline_delimited', columns = {{{types}}}, {options})"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
