"""CREATE, ALTER, DROP and MSCK: statements that change what Glue holds."""

from collections.abc import Callable, Mapping
from pathlib import Path as Folder
from typing import Any
from urllib.parse import unquote

from infra.local.athena.errors import NotSupportedError, SqlSyntaxError, TableNotFoundError
from infra.local.aws.athena.errors import AlreadyExistsError, DdlError, SchemaNotFoundError
from infra.local.aws.athena.forms import (
    AddColumns,
    AddPartitions,
    CreateDatabase,
    CreateTable,
    DropDatabase,
    DropPartitions,
    DropTable,
    Partition,
    Path,
    Repair,
    SetProperties,
)
from infra.local.aws.athena.hive_tables import table_input
from infra.local.aws.athena.readable import BucketFolder, place
from infra.local.aws.athena.results import Answer, lines
from infra.local.aws.athena.rights import Rights
from infra.local.aws.athena.row_files import folder_of
from infra.local.aws.athena.views import VIRTUAL_VIEW
from infra.local.aws.glue_tables import GlueCatalogue

_OF_INPUT = frozenset(
    {
        "Name",
        "Description",
        "Owner",
        "Retention",
        "StorageDescriptor",
        "PartitionKeys",
        "ViewOriginalText",
        "ViewExpandedText",
        "TableType",
        "Parameters",
    }
)
"""What of Glue's `Table` its `TableInput` has too."""


class Definitions:
    """Changes databases, tables and partitions.

    Args:
        glue: the catalogue.
        bucket_folder: where the objects of a bucket lie.
        require: raises where a database does not exist.
    """

    def __init__(
        self, glue: GlueCatalogue, bucket_folder: BucketFolder, require: Callable[[str], None]
    ) -> None:
        self._glue = glue
        self._bucket_folder = bucket_folder
        self._require = require

    def create_database(self, statement: CreateDatabase, rights: Rights) -> Answer:
        """Run CREATE DATABASE."""
        rights.catalogue("glue:CreateDatabase", statement.name)
        if statement.name in self._glue.databases():
            if statement.if_not_exists:
                return Answer()
            raise DdlError(f"Database {statement.name} already exists", "Choose another name.")
        given = {
            "Name": statement.name,
            "Description": statement.comment,
            "LocationUri": statement.location,
            "Parameters": dict(statement.properties),
        }
        self._glue.create_database({key: value for key, value in given.items() if value})
        return Answer()

    def drop_database(self, statement: DropDatabase, rights: Rights) -> Answer:
        """Run DROP DATABASE."""
        name = statement.name
        rights.catalogue("glue:DeleteDatabase", name)
        if name not in self._glue.databases():
            if statement.if_exists:
                return Answer()
            raise SchemaNotFoundError(
                f"Database does not exist: {name}", "SHOW DATABASES lists the databases."
            )
        if self._glue.tables(name) and not statement.cascade:
            raise DdlError(
                f"Database {name} is not empty. One or more tables exist", "Write CASCADE."
            )
        self._glue.delete_database(name)
        return Answer()

    def create_table(self, statement: CreateTable, database: str, rights: Rights) -> Answer:
        """Run CREATE EXTERNAL TABLE."""
        home, name = self._home(statement.path, database)
        rights.catalogue("glue:CreateTable", home, name)
        self._require(home)
        input_ = table_input(statement.sql, name)
        if name in self._glue.tables(home):
            if statement.if_not_exists:
                return Answer()
            raise AlreadyExistsError(f"Table {name} already exists", "Choose another name.")
        self._glue.put(home, input_)
        return Answer()

    def drop_table(self, statement: DropTable, database: str, rights: Rights) -> Answer:
        """Run DROP TABLE; the files stay, as they do of an external table."""
        home, name = self._home(statement.path, database)
        rights.catalogue("glue:DeleteTable", home, name)
        self._require(home)
        found = self._glue.tables(home).get(name)
        if found is None:
            if statement.if_exists:
                return Answer()
            raise TableNotFoundError(
                f"Table '{home}.{name}' does not exist", "SHOW TABLES lists the tables."
            )
        if found.get("TableType") == VIRTUAL_VIEW:
            raise DdlError(
                f"{name} is a view; cannot drop a view with DROP TABLE", "Write DROP VIEW."
            )
        self._glue.delete(home, name)
        return Answer()

    def add_partitions(self, statement: AddPartitions, database: str, rights: Rights) -> Answer:
        """Run ALTER TABLE ADD PARTITION."""
        home, table = self._table(statement.path, database, rights, "glue:BatchCreatePartition")
        known = {tuple(p["Values"]) for p in self._glue.partitions(home, table["Name"])}
        wanted = [(_values(table, spec), at) for spec, at in statement.partitions]
        for values, _ in wanted:
            if values in known and not statement.if_not_exists:
                raise AlreadyExistsError(
                    f"Partition already exists: {list(values)}", "Write ADD IF NOT EXISTS."
                )
        for values, location in wanted:
            self._register(home, table, values, location)
        return Answer()

    def drop_partitions(self, statement: DropPartitions, database: str, rights: Rights) -> Answer:
        """Run ALTER TABLE DROP PARTITION; the files stay."""
        home, table = self._table(statement.path, database, rights, "glue:DeletePartition")
        for spec in statement.partitions:
            values = _values(table, spec)
            gone = self._glue.delete_partition(home, table["Name"], list(values))
            if not gone and not statement.if_exists:
                raise DdlError(
                    f"Partition not found {list(values)}",
                    "Write DROP IF EXISTS, or SHOW PARTITIONS.",
                )
        return Answer()

    def set_properties(self, statement: SetProperties, database: str, rights: Rights) -> Answer:
        """Run ALTER TABLE SET TBLPROPERTIES."""
        home, table = self._table(statement.path, database, rights, "glue:UpdateTable")
        parameters = {**(table.get("Parameters") or {}), **statement.properties}
        self._glue.put(home, _input(table, Parameters=parameters))
        return Answer()

    def add_columns(self, statement: AddColumns, database: str, rights: Rights) -> Answer:
        """Run ALTER TABLE ADD COLUMNS."""
        home, table = self._table(statement.path, database, rights, "glue:UpdateTable")
        storage = table["StorageDescriptor"]
        existing = [*storage["Columns"], *(table.get("PartitionKeys") or [])]
        for name, _ in statement.columns:
            if name in {column["Name"] for column in existing}:
                raise DdlError(f"Duplicate column name: {name}", "Choose another name.")
        added = [{"Name": name, "Type": type_} for name, type_ in statement.columns]
        changed = {**storage, "Columns": [*storage["Columns"], *added]}
        self._glue.put(home, _input(table, StorageDescriptor=changed))
        return Answer()

    def repair(self, statement: Repair, database: str, rights: Rights) -> Answer:
        """Run MSCK REPAIR TABLE: register the partitions whose folders have files."""
        home, table = self._table(statement.path, database, rights, "glue:BatchCreatePartition")
        keys = [key["Name"] for key in table["PartitionKeys"]]
        where = place(table, self._bucket_folder)
        rights.find(where.bucket, where.prefix)
        found = _folders(where.folder / where.prefix.strip("/"), keys)
        added = [values for values in found if self._register(home, table, values, None)]
        if not added:
            return lines("result", ())
        name = table["Name"]
        folders = "\t".join(f"{name}:{folder_of(keys, v).rstrip('/')}" for v in added)
        repaired = (
            f"Repair: Added partition to metastore {name}:{folder_of(keys, v).rstrip('/')}"
            for v in added
        )
        return lines("result", [f"Partitions not in metastore:\t{folders}", *repaired])

    def _register(
        self, database: str, table: Mapping[str, Any], values: tuple[str, ...], at: str | None
    ) -> bool:
        storage = table["StorageDescriptor"]
        keys = [key["Name"] for key in table["PartitionKeys"]]
        location = at or f"{storage['Location'].rstrip('/')}/{folder_of(keys, values)}"
        partition = {"Values": list(values), "StorageDescriptor": {**storage, "Location": location}}
        return self._glue.add_partition(database, table["Name"], partition)

    def _home(self, path: Path, database: str) -> tuple[str, str]:
        return path.database or database, path.name

    def _table(
        self, path: Path, database: str, rights: Rights, action: str
    ) -> tuple[str, dict[str, Any]]:
        home, name = self._home(path, database)
        rights.catalogue(action, home, name)
        self._require(home)
        table = self._glue.tables(home).get(name)
        if table is None:
            raise TableNotFoundError(
                f"Table '{home}.{name}' does not exist", "SHOW TABLES lists the tables."
            )
        if table.get("TableType") == VIRTUAL_VIEW:
            raise NotSupportedError(f"ALTER TABLE of view {name}", "Write CREATE OR REPLACE VIEW.")
        if action.endswith("Partition") and not table.get("PartitionKeys"):
            raise DdlError(f"Table {name} is not a partitioned table", "Name a partitioned one.")
        return home, table


def _values(table: Mapping[str, Any], spec: Partition) -> tuple[str, ...]:
    keys = [key["Name"] for key in table["PartitionKeys"]]
    if set(spec) != set(keys):
        raise SqlSyntaxError(
            f"Partition spec {dict(spec)} does not name the partition columns {keys}",
            "Give each of them one value.",
        )
    return tuple(spec[key] for key in keys)


def _input(table: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    return {**{key: value for key, value in table.items() if key in _OF_INPUT}, **changes}


def _folders(folder: Folder, keys: list[str]) -> list[tuple[str, ...]]:
    """Return the values of every partition folder with a file somewhere below."""
    if not keys:
        return [()] if any(path.is_file() for path in folder.rglob("*")) else []
    found = []
    for entry in sorted(folder.glob("*=*/")):
        key, _, value = entry.name.partition("=")
        if key.lower() == keys[0]:
            found += [(unquote(value), *rest) for rest in _folders(entry, keys[1:])]
    return found
