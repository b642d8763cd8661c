"""Answers one statement: queries by the local engine, everything else by Glue and the buckets."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlglot import exp

from infra.local.athena import QueryResult
from infra.local.athena.errors import NotSupportedError, TableNotFoundError
from infra.local.athena.parse import parse_select
from infra.local.athena.stopping import Stop
from infra.local.aws.athena.definitions import Definitions
from infra.local.aws.athena.errors import AlreadyExistsError, SchemaNotFoundError
from infra.local.aws.athena.forms import (
    AddColumns,
    AddPartitions,
    CreateDatabase,
    CreateTable,
    CreateTableAs,
    DropDatabase,
    DropPartitions,
    DropTable,
    Insert,
    Repair,
    SetProperties,
    Unload,
)
from infra.local.aws.athena.information_schema import INFORMATION_SCHEMA, information_schema
from infra.local.aws.athena.listings import Listings
from infra.local.aws.athena.parameters import with_parameters
from infra.local.aws.athena.readable import BucketFolder
from infra.local.aws.athena.results import Answer, lines, query_answer
from infra.local.aws.athena.rights import Rights
from infra.local.aws.athena.saved import PreparedStatements
from infra.local.aws.athena.statements import (
    CreateView,
    Deallocate,
    Describe,
    DropView,
    Elsewhere,
    Execute,
    Explain,
    Prepare,
    Select,
    Show,
    ShowDatabases,
    ShowTables,
    Statement,
)
from infra.local.aws.athena.tables import EVERYTHING, Loaded, load_catalog, words
from infra.local.aws.athena.views import VIRTUAL_VIEW, view_input
from infra.local.aws.athena.writes import Writer, Writing
from infra.local.aws.glue_tables import GlueCatalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one statement runs with."""

    database: str
    """Where unqualified names are looked up."""
    writing: Writing
    parameters: Sequence[str] = ()
    """Literals for the `?` of a query."""
    workgroup: str
    rights: Rights = EVERYTHING
    limit: int | None = None
    """The most bytes that it may scan."""
    stop: Stop = field(default_factory=Stop)


class Runner:
    """Answers statements over one catalogue.

    Args:
        glue: The catalogue.
        bucket_folder: Where the objects of a bucket lie.
        prepared: The prepared statements.
    """

    def __init__(
        self, glue: GlueCatalogue, bucket_folder: BucketFolder, prepared: PreparedStatements
    ) -> None:
        self._glue = glue
        self._bucket_folder = bucket_folder
        self._prepared = prepared
        self._listings = Listings(glue)
        self._definitions = Definitions(glue, bucket_folder, self._listings.require)
        self._writer = Writer(glue, self._listings.require)

    def run(self, statement: Statement, run: Run) -> Answer:
        """Answer a statement.

        Raises:
            AthenaError: there is no answer.
        """
        # Athena guide, "Configure access to databases and tables": `default` is always looked into.
        for name in dict.fromkeys(("default", run.database)):
            run.rights.catalogue("glue:GetDatabase", name)
        match statement:
            case Select(sql):
                return self._query(sql, run)
            case CreateTableAs() | Insert() | Unload():
                return self._write(statement, run)
            case Explain():
                return self._explain(statement, run)
            case CreateView():
                return self._create_view(statement, run)
            case DropView():
                return self._drop_view(statement, run)
            case Prepare(name, sql):
                self._prepared.put(run.workgroup, name, sql)
                return Answer()
            case Deallocate(name):
                self._prepared.delete(run.workgroup, name)
                return Answer()
            case Execute():
                raise AssertionError("what was prepared stands in its place")
            case Elsewhere(why):
                raise why
            case ShowTables() | ShowDatabases() | Describe() | Show():
                return self._list(statement, run)
        return self._define(statement, run)

    def _list(self, statement: ShowTables | ShowDatabases | Describe | Show, run: Run) -> Answer:
        match statement:
            case ShowTables():
                return self._listings.tables(statement, run.database, run.rights)
            case ShowDatabases():
                return self._listings.databases(statement, run.rights)
            case Describe():
                return self._listings.describe(statement, run.database, run.rights)
        return self._listings.show(statement, run.database, run.rights)

    def _define(self, statement: Statement, run: Run) -> Answer:
        define, database, rights = self._definitions, run.database, run.rights
        match statement:
            case CreateDatabase():
                return define.create_database(statement, rights)
            case DropDatabase():
                return define.drop_database(statement, rights)
            case CreateTable():
                return define.create_table(statement, database, rights)
            case DropTable():
                return define.drop_table(statement, database, rights)
            case AddPartitions():
                return define.add_partitions(statement, database, rights)
            case DropPartitions():
                return define.drop_partitions(statement, database, rights)
            case SetProperties():
                return define.set_properties(statement, database, rights)
            case AddColumns():
                return define.add_columns(statement, database, rights)
            case Repair():
                return define.repair(statement, database, rights)
        raise AssertionError(f"no such statement: {statement!r}")

    def _query(self, sql: str, run: Run) -> Answer:
        sql = with_parameters(sql, run.parameters)
        loaded = self._checked(sql, run.database, run.rights)
        result, answer = loaded.engine(run.rights, run.limit).read(sql, query_answer, run.stop)
        return replace(answer, bytes_scanned=result.bytes_scanned)

    def _write(self, statement: CreateTableAs | Insert | Unload, run: Run) -> Answer:
        def ask(sql: str) -> QueryResult:
            sql = with_parameters(sql, run.parameters)
            loaded = self._checked(sql, run.database, run.rights)
            return loaded.engine(run.rights, run.limit).batch(sql, run.stop)

        match statement:
            case CreateTableAs():
                return self._writer.create_table_as(statement, run.database, ask, run.writing)
            case Insert():
                return self._writer.insert(statement, run.database, ask, run.writing)
        return self._writer.unload(statement, ask, run.writing)

    def _explain(self, statement: Explain, run: Run) -> Answer:
        sql = with_parameters(statement.sql, run.parameters)
        loaded = self._checked(sql, run.database, run.rights)
        columns = loaded.columns(sql)
        if statement.validate:
            return lines("Valid", ["true"])
        output = ", ".join(f"{name}:{type_}" for name, type_ in columns)
        scans = (f"    {scan}" for scan in loaded.engine(run.rights).plan(sql))
        return lines("Query Plan", [f"Output[{output}]", *scans])

    def _create_view(self, statement: CreateView, run: Run) -> Answer:
        home = statement.database or run.database
        for action in ("glue:CreateTable", "glue:UpdateTable"):
            run.rights.catalogue(action, home, statement.name)
        self._listings.require(home)
        existing = self._glue.tables(home).get(statement.name)
        if existing is not None and existing.get("TableType") != VIRTUAL_VIEW:
            raise AlreadyExistsError(
                f"Table '{home}.{statement.name}' already exists", "Choose another name."
            )
        if existing is not None and not statement.replace:
            raise AlreadyExistsError(
                f"View '{home}.{statement.name}' already exists", "Write CREATE OR REPLACE VIEW."
            )
        checked = self._checked(statement.sql, run.database, run.rights)
        columns = checked.columns(statement.sql)
        self._glue.put(home, view_input(run.database, statement.name, statement.sql, columns))
        return Answer()

    def _drop_view(self, statement: DropView, run: Run) -> Answer:
        home = statement.database or run.database
        run.rights.catalogue("glue:DeleteTable", home, statement.name)
        self._listings.require(home)
        found = self._glue.tables(home).get(statement.name)
        if found is not None and found.get("TableType") == VIRTUAL_VIEW:
            self._glue.delete(home, statement.name)
        elif found is not None or not statement.if_exists:
            raise TableNotFoundError(
                f"View '{home}.{statement.name}' does not exist", "SHOW VIEWS lists the views."
            )
        return Answer()

    def _checked(self, sql: str, database: str, rights: Rights) -> Loaded:
        """Return what the query may use of the catalogue, once nothing speaks against it."""
        loaded = load_catalog(self._glue, database, sql, self._bucket_folder)
        loaded.check(sql, rights)
        if INFORMATION_SCHEMA in words(sql):
            loaded.catalog.sources |= information_schema(self._glue)
        self._check_databases(sql)
        return loaded

    def _check_databases(self, sql: str) -> None:
        existing = {*self._glue.databases(), INFORMATION_SCHEMA}
        for table in parse_select(sql).find_all(exp.Table):
            database = table.db.lower()
            if database and database not in existing:
                raise SchemaNotFoundError(
                    f"Schema '{database}' does not exist", "SHOW DATABASES lists the databases."
                )
            if "$" in table.name and not table.name.lower().endswith("$partitions"):
                raise NotSupportedError(
                    f"metadata table {table.name}", 'Only "table$partitions" is answered here.'
                )
