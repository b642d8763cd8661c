"""CREATE TABLE AS, INSERT INTO and UNLOAD: a query's rows become files, tables and partitions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from infra.local.athena import AthenaError, QueryResult
from infra.local.athena.column_types import athena_name
from infra.local.athena.errors import (
    ColumnNotFoundError,
    NotSupportedError,
    SqlSyntaxError,
    TableNotFoundError,
    TypeMismatchError,
)
from infra.local.aws.athena.errors import AlreadyExistsError, ParameterError, PathExistsError
from infra.local.aws.athena.forms import CreateTableAs, Insert, Unload
from infra.local.aws.athena.hive_tables import JSON_SERDE, PARQUET_SERDE, TEXT_SERDE, storage_of
from infra.local.aws.athena.projection import is_projected
from infra.local.aws.athena.results import Answer
from infra.local.aws.athena.rights import Rights
from infra.local.aws.athena.row_files import FileForm, RowFile, folder_of, row_files
from infra.local.aws.athena.tables import EVERYTHING
from infra.local.aws.athena.views import VIRTUAL_VIEW, hive_type
from infra.local.aws.glue_tables import GlueCatalogue, columns_of
from schemas.lake import ObjectStore

Properties = Mapping[str, str | list[str]]
_CTAS_PROPERTIES = frozenset(
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
_UNLOAD_PROPERTIES = frozenset(
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


@dataclass(frozen=True, slots=True)
class Writing:
    """Where one statement writes, and as whom."""

    bucket_store: Callable[[str], ObjectStore]
    file_name: str
    """What its files are called, without number and extension."""
    results: str
    """The folder of its results, `s3://bucket/prefix/`."""
    id: str
    rights: Rights = EVERYTHING

    def put(self, location: str, files: Sequence[RowFile]) -> list[str]:
        """Store files under a location and return their addresses.

        Raises:
            PermissionDeniedError: the caller may not.
            NotSupportedError: there is no such bucket.
        """
        bucket, prefix = split_location(location)
        try:
            store = self.bucket_store(bucket)
        except KeyError:
            raise NotSupportedError(
                f"bucket {bucket} does not exist", "Create the bucket."
            ) from None
        keys = [
            f"{prefix}{file.folder}{self.file_name}_{number:05d}{file.extension}"
            for number, file in enumerate(files)
        ]
        for key in keys:
            self.rights.write(f"s3://{bucket}/{key}")
        for key, file in zip(keys, files, strict=True):
            store.put(key, file.body)
        return [f"s3://{bucket}/{key}" for key in keys]

    def require_empty(self, location: str, what: str) -> None:
        """Refuse to write where objects are.

        Raises:
            PathExistsError: there are some.
        """
        bucket, prefix = split_location(location)
        self.rights.find(bucket, prefix)
        try:
            found = next(iter(self.bucket_store(bucket).list(prefix)), None)
        except KeyError:
            raise NotSupportedError(
                f"bucket {bucket} does not exist", "Create the bucket."
            ) from None
        if found is not None:
            raise PathExistsError(
                f"Target directory for {what} already exists: {location}",
                "Name an empty folder, or delete what is in it.",
            )


Ask = Callable[[str], QueryResult]
"""Answers a query with an Arrow table."""


class Writer:
    """Runs the statements that write.

    Args:
        glue: the catalogue.
        require: raises where a database does not exist.
    """

    def __init__(self, glue: GlueCatalogue, require: Callable[[str], None]) -> None:
        self._glue = glue
        self._require = require

    def create_table_as(
        self, statement: CreateTableAs, database: str, ask: Ask, writing: Writing
    ) -> Answer:
        """Make a table of a query's rows.

        Raises:
            AthenaError: it cannot be made; then nothing is.
        """
        home, name = statement.path.database or database, statement.path.name
        writing.rights.catalogue("glue:CreateTable", home, name)
        self._require(home)
        if name in self._glue.tables(home):
            if statement.if_not_exists:
                return Answer(manifest=())
            raise AlreadyExistsError(
                f"Table '{home}.{name}' already exists", "Choose another name, or drop it first."
            )
        given = statement.properties
        _check_properties(given, _CTAS_PROPERTIES, "table")
        if str(given.get("table_type", "hive")).upper() == "ICEBERG":
            raise NotSupportedError("Iceberg tables", "Leave table_type out.")
        form = replace(
            _form(given, "write_compression", "parquet_compression"), decimals_as_text=True
        )
        location = _text(given, "external_location") or f"{writing.results}tables/{writing.id}/"
        location = f"{location.rstrip('/')}/"
        writing.require_empty(location, f"table '{home}.{name}'")
        result = ask(statement.sql)
        types = _named_types(result.columns)
        keys = _keys(given, list(types))
        rows = result.batch if statement.with_data else result.batch.slice(0, 0)
        files = row_files(rows, types, keys, form)
        storage = storage_of(
            form.format, {"field.delim": form.delimiter} if form.format == "TEXTFILE" else None
        )
        storage["Columns"] = [{"Name": n, "Type": t} for n, t in types.items() if n not in keys]
        storage["Location"] = location
        if buckets := given.get("bucketed_by"):
            storage["BucketColumns"] = [b.lower() for b in _list(buckets)]
            storage["NumberOfBuckets"] = int(_text(given, "bucket_count") or "1")
        table = {
            "Name": name,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"EXTERNAL": "TRUE", "has_encrypted_data": "false"},
            "PartitionKeys": [{"Name": key, "Type": types[key]} for key in keys],
            "StorageDescriptor": storage,
        }
        written = writing.put(location, files)
        self._glue.put(home, table)
        self._register(home, table, files)
        return Answer(manifest=written, updated=rows.num_rows, bytes_scanned=result.bytes_scanned)

    def insert(self, statement: Insert, database: str, ask: Ask, writing: Writing) -> Answer:
        """Add a query's rows to a table.

        Raises:
            AthenaError: they do not fit the table, or it cannot be written to.
        """
        home, name = statement.path.database or database, statement.path.name
        self._require(home)
        writing.rights.catalogue("glue:GetTable", home, name)
        table = self._glue.tables(home).get(name)
        if table is None:
            raise no_table(home, name)
        form = _table_form(table)
        storage = table["StorageDescriptor"]
        columns = columns_of(storage.get("Columns"))
        keys = columns_of(table.get("PartitionKeys"))
        types = {column.name: column.type for column in (*columns, *keys)}
        wanted = statement.columns or tuple(types)
        for column in wanted:
            if column not in types:
                raise ColumnNotFoundError(
                    f"Insert column name does not exist in target table: {column}",
                    "SHOW COLUMNS lists them.",
                )
        result = ask(statement.sql)
        _check_types([types[column] for column in wanted], [type_ for _, type_ in result.columns])
        rows = _in_order(result.batch, wanted, types)
        names = [key.name for key in keys]
        files = row_files(rows, types, names, form)
        written = writing.put(f"{storage['Location'].rstrip('/')}/", files)
        if not is_projected(table.get("Parameters") or {}):
            self._register(home, table, files, writing.rights)
        return Answer(manifest=written, updated=rows.num_rows, bytes_scanned=result.bytes_scanned)

    def unload(self, statement: Unload, ask: Ask, writing: Writing) -> Answer:
        """Write a query's rows to a folder.

        Raises:
            AthenaError: they cannot be written there, or not in that form.
        """
        given = statement.properties
        _check_properties(given, _UNLOAD_PROPERTIES, "unload")
        if "format" not in given:
            raise SqlSyntaxError("UNLOAD needs the property format", "WITH (format = 'PARQUET')")
        if not statement.location.startswith("s3://"):
            raise ParameterError(
                f"{statement.location} is not a valid S3 path", "Write s3://bucket/folder/."
            )
        location = f"{statement.location.rstrip('/')}/"
        writing.require_empty(location, "unload")
        form = _form(given, "compression")
        if form.format == "TEXTFILE" and "field_delimiter" not in given:
            form = FileForm(form.format, form.compression, ",")
        result = ask(statement.sql)
        types = _named_types(result.columns)
        files = row_files(result.batch, types, _keys(given, list(types)), form)
        written = writing.put(location, files)
        return Answer(
            result.columns,
            is_query=True,
            manifest=written,
            updated=result.batch.num_rows,
            bytes_scanned=result.bytes_scanned,
        )

    def _register(
        self,
        database: str,
        table: Mapping[str, Any],
        files: Sequence[RowFile],
        rights: Rights = EVERYTHING,
    ) -> None:
        storage = table["StorageDescriptor"]
        keys = [key["Name"] for key in table.get("PartitionKeys") or []]
        for values in dict.fromkeys(file.values for file in files) if keys else ():
            rights.catalogue("glue:BatchCreatePartition", database, table["Name"])
            place = f"{storage['Location'].rstrip('/')}/{folder_of(keys, values)}"
            self._glue.add_partition(
                database,
                table["Name"],
                {"Values": list(values), "StorageDescriptor": {**storage, "Location": place}},
            )


def no_table(database: str, name: str) -> AthenaError:
    """Return what is said of a table that does not exist."""
    return TableNotFoundError(
        f"Table '{database}.{name}' does not exist", "SHOW TABLES lists the tables."
    )


def split_location(location: str) -> tuple[str, str]:
    """Return the bucket and the prefix of `s3://bucket/prefix`."""
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    return bucket, prefix


def _check_properties(given: Properties, known: frozenset[str], what: str) -> None:
    for name in sorted(given.keys() - known):
        raise ParameterError(
            f"{what} property '{name}' does not exist", f"Use {', '.join(sorted(known))}."
        )


def _text(given: Properties, name: str) -> str | None:
    value = given.get(name)
    return value if isinstance(value, str) else None


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _form(given: Properties, *compression: str) -> FileForm:
    format_ = (_text(given, "format") or "PARQUET").upper()
    asked = (value for name in compression if (value := _text(given, name)))
    return FileForm(
        "TEXTFILE" if format_ == "CSV" else format_,
        next(asked, "GZIP").upper(),
        _text(given, "field_delimiter") or "\x01",
    )


def _table_form(table: Mapping[str, Any]) -> FileForm:
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


def _named_types(columns: Sequence[tuple[str, str]]) -> dict[str, str]:
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


def _keys(given: Properties, columns: Sequence[str]) -> list[str]:
    """Return the partition columns, which stand last.

    Raises:
        SqlSyntaxError: one is no column of the query, or they do not stand last.
    """
    keys = [key.lower() for key in _list(given.get("partitioned_by", []))]
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


def _check_types(table: Sequence[str], query: Sequence[str]) -> None:
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


def _in_order(batch: Any, given: Sequence[str], types: Mapping[str, str]) -> Any:
    """Return the columns as the table has them; what is not given is NULL."""
    positions = {name: position for position, name in enumerate(given)}
    columns = [
        batch.column(positions[name]) if name in positions else pa.nulls(batch.num_rows)
        for name in types
    ]
    return pa.table(columns, names=list(types))
