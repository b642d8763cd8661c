"""SHOW and DESCRIBE: what Glue holds, as lines of text."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from infra.local.athena.errors import NotSupportedError, TableNotFoundError
from infra.local.aws.athena.errors import SchemaNotFoundError
from infra.local.aws.athena.hive_tables import create_statement
from infra.local.aws.athena.projection import is_projected
from infra.local.aws.athena.results import Answer, lines, listed
from infra.local.aws.athena.rights import Rights
from infra.local.aws.athena.row_files import folder_of
from infra.local.aws.athena.statements import Describe, Show, ShowDatabases, ShowTables
from infra.local.aws.athena.views import VIRTUAL_VIEW, view_sql
from infra.local.aws.athena.writes import no_table
from infra.local.aws.glue_tables import GlueCatalogue, columns_of

_CELL = 20
"""DESCRIBE and SHOW COLUMNS pad each column to this width, as Hive does."""


class Listings:
    """Answers SHOW and DESCRIBE.

    Args:
        glue: the catalogue.
    """

    def __init__(self, glue: GlueCatalogue) -> None:
        self._glue = glue

    def require(self, database: str) -> None:
        """Refuse a database that does not exist.

        Raises:
            SchemaNotFoundError: it does not.
        """
        if database not in self._glue.databases():
            raise SchemaNotFoundError(
                f"Schema '{database}' does not exist", "SHOW DATABASES lists the databases."
            )

    def tables(self, statement: ShowTables, database: str, rights: Rights) -> Answer:
        """Answer SHOW TABLES and SHOW VIEWS."""
        home = statement.database or database
        rights.catalogue("glue:GetTables", home)
        self.require(home)
        wanted = _pattern(statement.pattern or "*")
        return lines(
            "tab_name",
            (
                name
                for name, table in sorted(self._glue.tables(home).items())
                if wanted.fullmatch(name)
                and (not statement.views_only or table.get("TableType") == VIRTUAL_VIEW)
            ),
        )

    def databases(self, statement: ShowDatabases, rights: Rights) -> Answer:
        """Answer SHOW DATABASES."""
        for name in self._glue.databases():
            rights.catalogue("glue:GetDatabases", name)
        wanted = _pattern(statement.pattern or "*")
        return lines("database_name", filter(wanted.fullmatch, self._glue.databases()))

    def describe(self, statement: Describe, database: str, rights: Rights) -> Answer:
        """Answer DESCRIBE."""
        table = self._table(statement.database or database, statement.name, rights)
        columns = columns_of((table.get("StorageDescriptor") or {}).get("Columns"))
        keys = columns_of(table.get("PartitionKeys"))
        cells = [(column.name, column.type, column.meaning) for column in (*columns, *keys)]
        if keys:
            cells += [("", "", ""), ("# Partition Information", "", "")]
            cells += [("# col_name", "data_type", "comment"), ("", "", "")]
            cells += [(column.name, column.type, column.meaning) for column in keys]
        rows = [["\t".join(cell.ljust(_CELL) for cell in line)] for line in cells]
        named = ("col_name", "data_type", "comment")
        return listed([(name, "string") for name in named], rows)

    def show(self, statement: Show, database: str, rights: Rights) -> Answer:
        """Answer SHOW COLUMNS, PARTITIONS, TBLPROPERTIES and CREATE."""
        home = statement.path.database or database
        table = self._table(home, statement.path.name, rights)
        answers: dict[str, Callable[[], Answer]] = {
            "COLUMNS": lambda: self._columns(table),
            "PARTITIONS": lambda: self._partitions(home, table, rights),
            "TBLPROPERTIES": lambda: _properties(table, statement.key),
            "CREATE TABLE": lambda: _create_table(home, table),
            "CREATE VIEW": lambda: _create_view(home, table),
        }
        return answers[statement.what]()

    def _columns(self, table: Mapping[str, Any]) -> Answer:
        storage = table.get("StorageDescriptor") or {}
        every = (*columns_of(storage.get("Columns")), *columns_of(table.get("PartitionKeys")))
        return lines("field", (column.name.ljust(_CELL) for column in every))

    def _partitions(self, database: str, table: Mapping[str, Any], rights: Rights) -> Answer:
        keys = [key["Name"] for key in table.get("PartitionKeys") or []]
        if not keys:
            raise NotSupportedError(
                f"Table {table['Name']} is not a partitioned table", "Name a table with partitions."
            )
        rights.catalogue("glue:GetPartitions", database, table["Name"])
        if is_projected(table.get("Parameters") or {}):
            return lines("partition", ())  # projected partitions are registered nowhere
        found = self._glue.partitions(database, table["Name"])
        folders = (folder_of(keys, partition["Values"]).rstrip("/") for partition in found)
        return lines("partition", sorted(folders))

    def _table(self, database: str, name: str, rights: Rights) -> dict[str, Any]:
        rights.catalogue("glue:GetTable", database, name)
        self.require(database)
        table = self._glue.tables(database).get(name)
        if table is None:
            raise no_table(database, name)
        return table


def _properties(table: Mapping[str, Any], key: str | None) -> Answer:
    properties = table.get("Parameters") or {}
    if key is None:
        return lines("prpt_name", (f"{k}\t{v}" for k, v in sorted(properties.items())))
    missing = f"Table {table['Name']} does not have property: {key}"
    return lines("prpt_name", [f"{key}\t{properties.get(key, missing)}"])


def _create_table(database: str, table: Mapping[str, Any]) -> Answer:
    if table.get("TableType") == VIRTUAL_VIEW:
        raise NotSupportedError(f"{table['Name']} is a view", "Write SHOW CREATE VIEW.")
    return lines("createtab_stmt", create_statement(database, table))


def _create_view(database: str, table: Mapping[str, Any]) -> Answer:
    if table.get("TableType") != VIRTUAL_VIEW:
        raise TableNotFoundError(f"{table['Name']} is not a view", "Write SHOW CREATE TABLE.")
    text = f"CREATE VIEW {database}.{table['Name']} AS\n{view_sql(table)[0]}"
    return lines("Create View", text.split("\n"))


def _pattern(text: str) -> re.Pattern[str]:
    """Read a pattern of SHOW TABLES: `*` is anything and `|` is a choice."""
    choices = (".*".join(map(re.escape, choice.split("*"))) for choice in text.split("|"))
    return re.compile("|".join(choices))
