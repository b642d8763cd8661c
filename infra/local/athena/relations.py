"""One DuckDB view per use of a base table, with exactly the columns and types of the catalogue."""

import re
from collections.abc import Sequence
from pathlib import Path

from infra.local.athena.catalog import Source
from infra.local.athena.column_types import duckdb_type, glue_type
from infra.local.athena.files import NO_VALUE, LakeFile
from schemas.tables import Table

_DECIMAL = re.compile(r"DECIMAL\(\d+,\s*\d+\)")
PATH = "$path"
"""Athena's hidden column: where the row was read. The key, relative to the lake, after
what the catalogue says stands before it."""


def relation_sql(name: str, source: Source, files: Sequence[LakeFile], lake: Path) -> str:
    """Return the CREATE VIEW that reads exactly `files` as the source's table.

    A typed relation without rows comes first, so that no file at all is an empty table, and a
    column that a file lacks is NULL.
    """
    table = source.table
    columns = {column.name: duckdb_type(glue_type(column.type)) for column in table.columns}
    keys = {column.name: duckdb_type(glue_type(column.type)) for column in table.partitions}
    stored = columns | dict.fromkeys(keys, "VARCHAR") | {PATH: "VARCHAR"}
    typed = ", ".join(f"CAST(NULL AS {type_}) AS {_quoted(c)}" for c, type_ in stored.items())
    rows = f"(SELECT {typed} WHERE FALSE)"
    if source.rows:
        rows += f" UNION ALL BY NAME ({_literal_rows(list(columns), source.rows)})"
    if files:
        rows += f" UNION ALL BY NAME (SELECT {_stored(table)} FROM {_reader(source, files)})"
    without = {key for file in files for key, value in file.partition.items() if value == NO_VALUE}
    shown = [
        *(_shown(column, type_) for column, type_ in columns.items()),
        *(_shown_key(key, type_, key in without) for key, type_ in keys.items()),
        _shown_path(source, lake),
    ]
    return f"CREATE VIEW {_quoted(name)} AS SELECT {', '.join(shown)} FROM ({rows})"


def _literal_rows(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    named = ", ".join(map(_quoted, columns))
    values = ", ".join(f"({', '.join(map(_literal, row))})" for row in rows)
    return f"SELECT * FROM (VALUES {values}) AS t({named})"


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    return _text(value) if isinstance(value, str) else str(value)


def _shown_path(source: Source, lake: Path) -> str:
    shown = f"substr({_quoted(PATH)}, {len(str(source.shown_from or lake)) + 2})"
    if source.shown_root:
        shown = f"{_text(source.shown_root)} || {shown}"
    return f"{shown} AS {_quoted(PATH)}"


def _shown_key(key: str, type_: str, empty: bool) -> str:
    shown = f"NULLIF({_quoted(key)}, {_text(NO_VALUE)})" if empty else _quoted(key)
    if type_ not in ("TEXT", "VARCHAR"):
        shown = f"CAST({shown} AS {type_})"
    return f"{shown} AS {_quoted(key)}"


def _shown(column: str, type_: str) -> str:
    quoted = _quoted(column)
    if type_ == "TIMESTAMP":
        # Athena shows timestamp(3) and rounds what INT96 holds beyond it.
        return f"date_trunc('millisecond', {quoted} + INTERVAL 500 MICROSECOND) AS {quoted}"
    return quoted


def _stored(table: Table) -> str:
    if table.format == "parquet":
        return "*"
    if table.format == "text":
        # LazySimpleSerDe: what cannot be read as its type is NULL.
        # (Trimmed, or DuckDB makes the cast its reader's business, and that fails.)
        cast, changed = "TRY_CAST(trim({})", [c for c in table.columns if c.type != "string"]
    else:
        # DuckDB reads JSON amounts through double; as text first, they are exact.
        cast, changed = "CAST({}", [c for c in table.columns if "decimal" in c.type]
    casts = ", ".join(
        f"{cast.format(_quoted(c.name))} AS {duckdb_type(glue_type(c.type))}) AS {_quoted(c.name)}"
        for c in changed
    )
    return f"* REPLACE ({casts})" if casts else "*"


def _reader(source: Source, files: Sequence[LakeFile]) -> str:
    table = source.table
    by_path = source.hive_layout and bool(table.partitions)
    paths = ", ".join(_text(file.path) for file in files)
    options = f"hive_partitioning = {by_path}, filename = {_text(PATH)}"
    if by_path:
        options += ", hive_types_autocast = false"
    if table.format == "parquet":
        reader = f"read_parquet([{paths}], union_by_name = true, {options})"
    elif table.format == "text":
        types = ", ".join(f"{_quoted(c.name)}: 'VARCHAR'" for c in table.columns)
        reader = (
            f"read_csv([{paths}], delim = {_text(source.options.get('delimiter', chr(1)))}, "
            f"skip = {int(source.options.get('skip', '0'))}, header = false, auto_detect = false, "
            f"quote = '', escape = '', nullstr = '\\N', null_padding = true, "
            f"columns = {{{types}}}, {options})"
        )
    else:
        types = ", ".join(
            f"{_quoted(c.name)}: {_text(_DECIMAL.sub('VARCHAR', duckdb_type(glue_type(c.type))))}"
            for c in table.columns
        )
        reader = (
            f"read_json([{paths}], format = 'newline_delimited', columns = {{{types}}}, {options})"
        )
    if by_path or not table.partitions:
        return reader
    keys = [column.name for column in table.partitions]
    where = [(file.path, *(file.partition[key] for key in keys)) for file in files]
    return f"{reader} JOIN ({_literal_rows([PATH, *keys], where)}) USING ({_quoted(PATH)})"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
