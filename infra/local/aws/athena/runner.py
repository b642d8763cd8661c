"""Answers one statement: queries by the local engine, views and listings by Glue."""

import re
from collections.abc import Sequence

from sqlglot import exp

from infra.local.athena.errors import NotSupportedError, TableNotFoundError
from infra.local.athena.names import DATABASE
from infra.local.athena.parse import parse_select
from infra.local.aws.athena.errors import AlreadyExistsError, SchemaNotFoundError
from infra.local.aws.athena.parameters import with_parameters
from infra.local.aws.athena.results import Answer, query_answer
from infra.local.aws.athena.rights import Rights
from infra.local.aws.athena.statements import (
    CreateView,
    Describe,
    DropView,
    Elsewhere,
    Select,
    ShowDatabases,
    ShowTables,
    Statement,
)
from infra.local.aws.athena.tables import EVERYTHING, BucketFolder, Database, load_database
from infra.local.aws.athena.views import VIRTUAL_VIEW, view_input
from infra.local.aws.glue_tables import GlueCatalogue, columns_of

_CELL = 20
"""DESCRIBE pads each column to this width, as Hive does."""


class Runner:
    """Answers statements over one catalogue.

    Args:
        glue: The catalogue.
        bucket_folder: Where the objects of a bucket lie.
    """

    def __init__(self, glue: GlueCatalogue, bucket_folder: BucketFolder) -> None:
        self._glue = glue
        self._bucket_folder = bucket_folder

    def run(
        self,
        statement: Statement,
        database: str,
        parameters: Sequence[str],
        rights: Rights = EVERYTHING,
    ) -> Answer:
        """Answer a statement.

        Args:
            statement: What to answer.
            database: Where unqualified names are looked up.
            parameters: Literals for the `?` of a query.
            rights: What the caller may.

        Raises:
            AthenaError: there is no answer.
        """
        # Athena guide, "Configure access to databases and tables": `default` is always looked into.
        for name in dict.fromkeys(("default", database)):
            rights.catalogue("glue:GetDatabase", name)
        match statement:
            case Select(sql):
                sql = with_parameters(sql, parameters)
                engine = self._checked(sql, database, rights).engine(rights)
                return query_answer(engine.query(sql))
            case CreateView():
                return self._create_view(statement, database, rights)
            case DropView():
                return self._drop_view(statement, database, rights)
            case ShowTables():
                return self._show_tables(statement, database, rights)
            case ShowDatabases():
                return self._show_databases(rights)
            case Describe():
                return self._describe(statement, database, rights)
            case Elsewhere(why):
                raise why

    def _create_view(self, statement: CreateView, database: str, rights: Rights) -> Answer:
        home = statement.database or database
        for action in ("glue:CreateTable", "glue:UpdateTable"):
            rights.catalogue(action, home, statement.name)
        self._require(home)
        if home != DATABASE:
            raise _other_database(home)
        existing = self._glue.tables(home).get(statement.name)
        if existing is not None and existing.get("TableType") != VIRTUAL_VIEW:
            raise AlreadyExistsError(
                f"Table '{home}.{statement.name}' already exists", "Choose another name."
            )
        if existing is not None and not statement.replace:
            raise AlreadyExistsError(
                f"View '{home}.{statement.name}' already exists", "Write CREATE OR REPLACE VIEW."
            )
        checked = self._checked(statement.sql, database, rights)
        columns = checked.dry_engine().query(statement.sql).columns
        self._glue.put(home, view_input(home, statement.name, statement.sql, columns))
        return Answer()

    def _drop_view(self, statement: DropView, database: str, rights: Rights) -> Answer:
        home = statement.database or database
        rights.catalogue("glue:DeleteTable", home, statement.name)
        self._require(home)
        found = self._glue.tables(home).get(statement.name)
        if found is not None and found.get("TableType") == VIRTUAL_VIEW:
            self._glue.delete(home, statement.name)
        elif found is not None or not statement.if_exists:
            raise TableNotFoundError(
                f"View '{home}.{statement.name}' does not exist", "SHOW VIEWS lists the views."
            )
        return Answer()

    def _show_tables(self, statement: ShowTables, database: str, rights: Rights) -> Answer:
        home = statement.database or database
        rights.catalogue("glue:GetTables", home)
        self._require(home)
        wanted = _pattern(statement.pattern or "*")
        rows = [
            [name]
            for name, table in sorted(self._glue.tables(home).items())
            if wanted.fullmatch(name)
            and (not statement.views_only or table.get("TableType") == VIRTUAL_VIEW)
        ]
        return Answer((("tab_name", "string"),), rows)

    def _show_databases(self, rights: Rights) -> Answer:
        for name in self._glue.databases():
            rights.catalogue("glue:GetDatabases", name)
        return Answer((("database_name", "string"),), [[n] for n in self._glue.databases()])

    def _describe(self, statement: Describe, database: str, rights: Rights) -> Answer:
        home = statement.database or database
        rights.catalogue("glue:GetTable", home, statement.name)
        self._require(home)
        table = self._glue.tables(home).get(statement.name)
        if table is None:
            raise TableNotFoundError(
                f"Table '{home}.{statement.name}' does not exist", "SHOW TABLES lists the tables."
            )
        columns = columns_of((table.get("StorageDescriptor") or {}).get("Columns"))
        keys = columns_of(table.get("PartitionKeys"))
        lines = [(column.name, column.type, column.meaning) for column in (*columns, *keys)]
        if keys:
            lines += [("", "", ""), ("# Partition Information", "", "")]
            lines += [("# col_name", "data_type", "comment"), ("", "", "")]
            lines += [(column.name, column.type, column.meaning) for column in keys]
        rows = [["\t".join(cell.ljust(_CELL) for cell in line)] for line in lines]
        named = ("col_name", "data_type", "comment")
        return Answer(tuple((name, "string") for name in named), rows)

    def _checked(self, sql: str, database: str, rights: Rights) -> Database:
        """Return the database to answer a query from, once nothing speaks against it."""
        self._check_names(sql, database)
        loaded = Database()
        if DATABASE in self._glue.databases():
            loaded = load_database(self._glue.tables(DATABASE), self._bucket_folder)
        loaded.check(sql, rights)
        return loaded

    def _require(self, database: str) -> None:
        if database not in self._glue.databases():
            raise SchemaNotFoundError(
                f"Schema '{database}' does not exist", "SHOW DATABASES lists the databases."
            )

    def _check_names(self, sql: str, database: str) -> None:
        """Refuse names that mean another database than the one the engine knows."""
        tree = parse_select(sql)
        with_names = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
        for table in tree.find_all(exp.Table):
            if not table.db and table.name.lower() in with_names:
                continue
            home = table.db.lower() or database
            if home == DATABASE:
                continue
            if table.name.lower() in self._names(home):
                raise _other_database(home)
            raise TableNotFoundError(
                f"Table '{home}.{table.name}' does not exist",
                f"Set Database {DATABASE} in QueryExecutionContext, or write it before the name.",
            )

    def _names(self, database: str) -> set[str]:
        if database not in self._glue.databases():
            return set()
        return {name.lower() for name in self._glue.tables(database)}


def _other_database(database: str) -> NotSupportedError:
    return NotSupportedError(
        f"database {database}: the local engine answers database {DATABASE} only",
        f"Make tables and views in {DATABASE}.",
    )


def _pattern(text: str) -> re.Pattern[str]:
    """Read a pattern of SHOW TABLES: `*` is anything and `|` is a choice."""
    choices = (".*".join(map(re.escape, choice.split("*"))) for choice in text.split("|"))
    return re.compile("|".join(choices))
