"""What a statement that writes says of its files and columns, and whether that can be."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from infra.local.athena.column_types import athena_name
from infra.local.athena.errors import NotSupportedError, SqlSyntaxError, TypeMismatchError
from infra.local.aws.athena.errors import ParameterError
from infra.local.aws.athena.hive_tables import JSON_SERDE, PARQUET_SERDE, TEXT_SERDE
from infra.local.aws.athena.row_files import FileForm
from infra.local.aws.athena.views import VIRTUAL_VIEW, hive_type

Properties = Mapping[str, str | list[str]]
CTAS_PROPERTIES = frozenset(
    {
        "format",
        "external_location",
        "partitioned_by",
        "bucketed_by",
        "bucket_count",
        "field_delimiter",
        "write_compression",
        "parquet_compression",
        "compression_level",
        "table_type",
        "is_external",
    }
)
UNLOAD_PROPERTIES = frozenset(
    {
        "format",
        "compression",
        "partitioned_by",
        "field_delimiter",
        "compression_level",
    }
)
_WIDER = (
    ("tinyint", "smallint", "integer", "bigint", "decimal", "double"),
    ("tinyint", "smallint", "integer", "bigint", "real", "double"),
    ("date", "timestamp(3)"),
    ("char", "varchar"),
)
"""What Trino takes for a column of a later type in the same row."""


def check_properties(given: Properties, known: frozenset[str], what: str) -> None:
    """Refuse a property that there is not.

    Raises:
        ParameterError: there is one.
    """
    for name in sorted(given.keys() - known):
        raise ParameterError(
            f"{what} property '{name}' does not exist", f"Use {', '.join(sorted(known))}."
        )


def text(given: Properties, name: str) -> str | None:
    """Return a property that is one text; None where it is not there."""
    value = given.get(name)
    return value if isinstance(value, str) else None


def as_list(value: str | list[str]) -> list[str]:
    """Return what is given as one or as several."""
    return [value] if isinstance(value, str) else value


def file_form(given: Properties, *compression: str) -> FileForm:
    """Return the form of files that properties ask for; the compression is the first named."""
    format_ = (text(given, "format") or "PARQUET").upper()
    asked = (value for name in compression if (value := text(given, name)))
    return FileForm(
        "TEXTFILE" if format_ == "CSV" else format_,
        next(asked, "GZIP").upper(),
        text(given, "field_delimiter") or "\x01",
    )


def form_of_table(table: Mapping[str, Any]) -> FileForm:
    """Return how a table's files are written.

    Raises:
        NotSupportedError: Athena does not write to it, or the local one cannot.
    """
    name, storage = table["Name"], table.get("StorageDescriptor") or {}
    if table.get("TableType") == VIRTUAL_VIEW:
        raise NotSupportedError("Inserting into views is not supported", "Name a table.")
    if storage.get("BucketColumns"):
        raise NotSupportedError("INSERT into bucketed tables is not supported", "Use CTAS.")
    serde = storage.get("SerdeInfo") or {}
    library, given = serde.get("SerializationLibrary"), serde.get("Parameters") or {}
    formats = {PARQUET_SERDE: "PARQUET", TEXT_SERDE: "TEXTFILE", JSON_SERDE: "JSON"}
    if library not in formats:
        raise NotSupportedError(
            f"INSERT into table {name} with the SerDe {library}", "Make it a Parquet table."
        )
    compression = (table.get("Parameters") or {}).get("write.compression", "GZIP")
    return FileForm(formats[library], compression.upper(), given.get("field.delim", "\x01"), True)


def named_types(columns: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return Glue types by column name.

    Raises:
        SqlSyntaxError: a column has no name, or two have the same.
    """
    types: dict[str, str] = {}
    for position, (name, type_) in enumerate(columns, start=1):
        if name.startswith("_col"):
            raise SqlSyntaxError(
                f"Column name not specified at position {position}", "Write AS and a name."
            )
        if name.lower() in types:
            raise SqlSyntaxError(f"Column name '{name}' specified more than once", "Rename one.")
        types[name.lower()] = hive_type(type_)
    return types


def partition_keys(given: Properties, columns: Sequence[str]) -> list[str]:
    """Return the partition columns, which stand last.

    Raises:
        SqlSyntaxError: one is no column of the query, or they do not stand last.
    """
    keys = [key.lower() for key in as_list(given.get("partitioned_by", []))]
    if missing := [key for key in keys if key not in columns]:
        raise SqlSyntaxError(
            f"Partition columns {missing} not present in schema", "Select them, at the end."
        )
    if keys and (list(columns[-len(keys) :]) != keys or len(keys) == len(columns)):
        raise SqlSyntaxError(
            "Partition keys must be the last columns in the table and in the same order as the "
            f"table properties: {keys}",
            "Select them last, after at least one other column.",
        )
    return keys


def check_types(table: Sequence[str], query: Sequence[str]) -> None:
    """Refuse rows that a table cannot take.

    Args:
        table: its columns' types, as Glue has them.
        query: the types of the rows, as Athena has them.

    Raises:
        TypeMismatchError: there are more or fewer, or one does not fit.
    """
    wanted = [athena_name(type_) for type_ in table]
    if len(wanted) != len(query) or not all(map(_fits, query, wanted)):
        raise TypeMismatchError(
            f"Insert query has mismatched column types: Table: [{', '.join(wanted)}], "
            f"Query: [{', '.join(query)}]",
            "Cast the columns of the query.",
        )


def _fits(given: str, wanted: str) -> bool:
    if given in (wanted, "unknown"):
        return True
    bases = [
        type_.partition("(")[0] if "timestamp" not in type_ else type_ for type_ in (given, wanted)
    ]
    if bases == ["decimal", "decimal"]:
        (p1, s1), (p2, s2) = (map(int, t[8:-1].split(",")) for t in (given, wanted))
        return s1 <= s2 and p1 - s1 <= p2 - s2
    if bases[0] == bases[1] == "varchar":
        return True
    return any(
        bases[0] in row and bases[1] in row and row.index(bases[0]) < row.index(bases[1])
        for row in _WIDER
    )


def in_order(batch: Any, given: Sequence[str], types: Mapping[str, str]) -> Any:
    """Return the columns as the table has them; what is not given is NULL."""
    positions = {name: position for position, name in enumerate(given)}
    columns = [
        batch.column(positions[name]) if name in positions else pa.nulls(batch.num_rows)
        for name in types
    ]
    return pa.table(columns, names=list(types))
