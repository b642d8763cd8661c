"""CREATE TABLE AS, INSERT INTO and UNLOAD: a query's rows become files, tables and partitions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from infra.local.athena import AthenaError, QueryResult
from infra.local.athena.errors import (
    ColumnNotFoundError,
    NotSupportedError,
    SqlSyntaxError,
    TableNotFoundError,
)
from infra.local.aws.athena.errors import AlreadyExistsError, ParameterError, PathExistsError
from infra.local.aws.athena.forms import CreateTableAs, Insert, Unload
from infra.local.aws.athena.hive_tables import storage_of
from infra.local.aws.athena.projection import is_projected
from infra.local.aws.athena.results import Answer
from infra.local.aws.athena.rights import Rights
from infra.local.aws.athena.row_files import FileForm, RowFile, folder_of, row_files
from infra.local.aws.athena.tables import EVERYTHING
from infra.local.aws.athena.write_forms import (
    CTAS_PROPERTIES,
    UNLOAD_PROPERTIES,
    as_list,
    check_properties,
    check_types,
    file_form,
    form_of_table,
    in_order,
    named_types,
    partition_keys,
    text,
)
from infra.local.aws.glue_tables import GlueCatalogue, columns_of
from schemas.lake import ObjectStore


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
        check_properties(given, CTAS_PROPERTIES, "table")
        if str(given.get("table_type", "hive")).upper() == "ICEBERG":
            raise NotSupportedError("Iceberg tables", "Leave table_type out.")
        form = replace(
            file_form(given, "write_compression", "parquet_compression"), decimals_as_text=True
        )
        location = text(given, "external_location") or f"{writing.results}tables/{writing.id}/"
        location = f"{location.rstrip('/')}/"
        writing.require_empty(location, f"table '{home}.{name}'")
        result = ask(statement.sql)
        types = named_types(result.columns)
        keys = partition_keys(given, list(types))
        rows = result.batch if statement.with_data else result.batch.slice(0, 0)
        files = row_files(rows, types, keys, form)
        storage = storage_of(
            form.format, {"field.delim": form.delimiter} if form.format == "TEXTFILE" else None
        )
        storage["Columns"] = [{"Name": n, "Type": t} for n, t in types.items() if n not in keys]
        storage["Location"] = location
        if buckets := given.get("bucketed_by"):
            storage["BucketColumns"] = [b.lower() for b in as_list(buckets)]
            storage["NumberOfBuckets"] = int(text(given, "bucket_count") or "1")
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
        form = form_of_table(table)
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
        check_types([types[column] for column in wanted], [type_ for _, type_ in result.columns])
        rows = in_order(result.batch, wanted, types)
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
        check_properties(given, UNLOAD_PROPERTIES, "unload")
        if "format" not in given:
            raise SqlSyntaxError("UNLOAD needs the property format", "WITH (format = 'PARQUET')")
        if not statement.location.startswith("s3://"):
            raise ParameterError(
                f"{statement.location} is not a valid S3 path", "Write s3://bucket/folder/."
            )
        location = f"{statement.location.rstrip('/')}/"
        writing.require_empty(location, "unload")
        form = file_form(given, "compression")
        if form.format == "TEXTFILE" and "field_delimiter" not in given:
            form = FileForm(form.format, form.compression, ",")
        result = ask(statement.sql)
        types = named_types(result.columns)
        files = row_files(result.batch, types, partition_keys(given, list(types)), form)
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
