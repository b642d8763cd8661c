"""What kind of statement a text is: what is done here is taken apart, the rest is refused."""

import re
from dataclasses import dataclass

from infra.local.athena.errors import NotSupportedError
from infra.local.aws.athena.ddl_forms import DDL_FORMS
from infra.local.aws.athena.errors import InvalidRequestError
from infra.local.aws.athena.forms import (
    NAME,
    PATH,
    AddColumns,
    AddPartitions,
    CreateDatabase,
    CreateTable,
    CreateTableAs,
    DropDatabase,
    DropPartitions,
    DropTable,
    Insert,
    Path,
    Repair,
    SetProperties,
    Unload,
    path_of,
)

_COMMENTS = re.compile(r"(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*", re.DOTALL)
_QUERY = re.compile(r"(?:SELECT|WITH|VALUES)\b|\(", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"(?:ALTER|CALL|CREATE|DEALLOCATE|DELETE|DESC|DESCRIBE|DROP|EXECUTE|EXPLAIN|INSERT|MERGE|MSCK"
    r"|OPTIMIZE|PREPARE|SHOW|UNLOAD|UPDATE|USING|VACUUM)\b",
    re.IGNORECASE,
)
"""First words of statements that Athena has; in a form that is not done here they are refused."""
_ICEBERG = re.compile(r"(DELETE|MERGE|OPTIMIZE|UPDATE|VACUUM)\b", re.IGNORECASE)
_ICEBERG_REFUSED = (
    "Modifying Hive table rows is only supported for transactional tables: {verb} needs an Iceberg "
    "table, and there are none here"
)


@dataclass(frozen=True, slots=True)
class Select:
    """A query."""

    sql: str
    type = "DML"
    substatement = "SELECT"


@dataclass(frozen=True, slots=True)
class Explain:
    """EXPLAIN a query, or only say whether it is valid."""

    sql: str
    validate: bool
    type = "UTILITY"
    substatement = "EXPLAIN"


@dataclass(frozen=True, slots=True)
class CreateView:
    """CREATE [OR REPLACE] VIEW."""

    database: str | None
    name: str
    replace: bool
    sql: str
    type = "DDL"
    substatement = "CREATE_VIEW"


@dataclass(frozen=True, slots=True)
class DropView:
    """DROP VIEW [IF EXISTS]."""

    database: str | None
    name: str
    if_exists: bool
    type = "DDL"
    substatement = "DROP_VIEW"


@dataclass(frozen=True, slots=True)
class ShowTables:
    """SHOW TABLES or SHOW VIEWS, of one database, with names of a pattern."""

    database: str | None
    pattern: str | None
    views_only: bool
    type = "UTILITY"
    substatement = "SHOW_TABLES"


@dataclass(frozen=True, slots=True)
class ShowDatabases:
    """SHOW DATABASES, with names of a pattern."""

    pattern: str | None = None
    type = "UTILITY"
    substatement = "SHOW_DATABASES"


@dataclass(frozen=True, slots=True)
class Describe:
    """DESCRIBE a table or view."""

    database: str | None
    name: str
    type = "UTILITY"
    substatement = "DESCRIBE_TABLE"


@dataclass(frozen=True, slots=True)
class Show:
    """SHOW what a table is made of: its columns, partitions, properties or its CREATE."""

    path: Path
    what: str
    """`COLUMNS`, `PARTITIONS`, `TBLPROPERTIES`, `CREATE TABLE` or `CREATE VIEW`."""
    key: str | None = None
    type = "UTILITY"

    @property
    def substatement(self) -> str:
        """The API's word for it."""
        return f"SHOW_{self.what.replace(' ', '_')}"


@dataclass(frozen=True, slots=True)
class Prepare:
    """PREPARE name FROM statement."""

    name: str
    sql: str
    type = "DDL"
    substatement = "PREPARE"


@dataclass(frozen=True, slots=True)
class Execute:
    """EXECUTE name [USING ...]: always replaced by what was prepared."""

    name: str
    parameters: str | None
    type = "DML"
    substatement = "EXECUTE"


@dataclass(frozen=True, slots=True)
class Deallocate:
    """DEALLOCATE PREPARE name."""

    name: str
    type = "DDL"
    substatement = "DEALLOCATE_PREPARE"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A statement that Athena has, to be answered with `why`."""

    why: Exception
    type = "DDL"
    substatement = "UNKNOWN"


Statement = (
    Select
    | Explain
    | CreateView
    | DropView
    | ShowTables
    | ShowDatabases
    | Describe
    | Show
    | Prepare
    | Execute
    | Deallocate
    | CreateDatabase
    | DropDatabase
    | CreateTable
    | DropTable
    | AddPartitions
    | DropPartitions
    | SetProperties
    | AddColumns
    | Repair
    | CreateTableAs
    | Insert
    | Unload
    | Elsewhere
)


def parse_statement(text: str) -> Statement:
    """Tell what a statement is.

    Raises:
        InvalidRequestError: Athena has no such statement.
    """
    comments = _COMMENTS.match(text)
    sql = text[comments.end() if comments else 0 :].rstrip().removesuffix(";").rstrip()
    if _QUERY.match(sql):
        return Select(text)  # whole, so that lines and columns in messages are right
    for pattern, make in _FORMS:
        if match := re.fullmatch(pattern, sql, re.IGNORECASE | re.DOTALL):
            try:
                statement: Statement = make(match)
            except NotSupportedError as why:
                return Elsewhere(why)
            return statement
    if not _ELSEWHERE.match(sql):
        raise InvalidRequestError("Queries of this type are not supported")
    if verb := _ICEBERG.match(sql):
        reason = _ICEBERG_REFUSED.format(verb=verb[1].upper())
        return Elsewhere(NotSupportedError(reason, "Write new rows, or run it on AWS."))
    return Elsewhere(
        NotSupportedError(
            f"a statement of this form ({' '.join(sql.split()[:2]).upper()} ...) is not done here",
            "Run it on AWS, or set tables up by the template.",
        )
    )


def _create_view(match: re.Match[str]) -> Statement:
    path = path_of(match)
    return CreateView(path.database, path.name, match["replace"] is not None, match["body"])


def _drop_view(match: re.Match[str]) -> Statement:
    path = path_of(match)
    return DropView(path.database, path.name, match["exists"] is not None)


def _show_tables(match: re.Match[str]) -> Statement:
    database = match["database"].strip('"`').lower() if match["database"] else None
    return ShowTables(database, match["pattern"], match["what"].upper() == "VIEWS")


def _describe(match: re.Match[str]) -> Statement:
    path = path_of(match)
    return Describe(path.database, path.name)


def _show(match: re.Match[str]) -> Statement:
    key = match.groupdict().get("key")
    return Show(path_of(match), " ".join(match["what"].upper().split()), key)


def _show_columns(match: re.Match[str]) -> Statement:
    path = path_of(match)
    if match["database"]:
        path = Path(match["database"].strip('"`').lower(), path.name)
    return Show(path, "COLUMNS")


def _explain(match: re.Match[str]) -> Statement:
    options = (match["options"] or "").upper()
    if match["analyze"] or re.search(r"\b(IO|GRAPHVIZ|JSON|DISTRIBUTED)\b", options):
        raise NotSupportedError(
            "EXPLAIN ANALYZE, TYPE IO, DISTRIBUTED and formats other than text need Trino's plan",
            "Write EXPLAIN or EXPLAIN (TYPE VALIDATE).",
        )
    return Explain(match["body"], "VALIDATE" in options)


def _prepare(match: re.Match[str]) -> Statement:
    return Prepare(match["name"], match["body"])


def _execute(match: re.Match[str]) -> Statement:
    return Execute(match["name"], match["parameters"])


_PREPARED = r"(?P<name>[A-Za-z_][\w@:]*)"
_FORMS = (
    (
        rf"CREATE\s+(?P<replace>OR\s+REPLACE\s+)?VIEW\s+{PATH}\s+AS\s+"
        r"(?P<body>.+)",
        _create_view,
    ),
    (rf"DROP\s+VIEW\s+(?P<exists>IF\s+EXISTS\s+)?{PATH}", _drop_view),
    (
        rf"SHOW\s+(?P<what>TABLES|VIEWS)(?:\s+(?:IN|FROM)\s+(?P<database>{NAME}))?"
        r"(?:\s+(?:LIKE\s+)?'(?P<pattern>[^']*)')?",
        _show_tables,
    ),
    (
        r"SHOW\s+(?:DATABASES|SCHEMAS)(?:\s+(?:LIKE\s+)?'(?P<pattern>[^']*)')?",
        lambda match: ShowDatabases(match["pattern"]),
    ),
    (rf"(?:DESCRIBE|DESC)\s+(?!EXTENDED\b|FORMATTED\b){PATH}", _describe),
    (rf"SHOW\s+(?P<what>PARTITIONS|CREATE\s+TABLE|CREATE\s+VIEW)\s+{PATH}", _show),
    (rf"SHOW\s+(?P<what>TBLPROPERTIES)\s+{PATH}\s*(?:\(\s*'(?P<key>[^']*)'\s*\))?", _show),
    (
        rf"SHOW\s+COLUMNS\s+(?:IN|FROM)\s+{PATH}(?:\s+(?:IN|FROM)\s+(?P<database>{NAME}))?",
        _show_columns,
    ),
    (
        r"EXPLAIN\s+(?P<analyze>ANALYZE\b\s*)?(?:\((?P<options>[^)]*)\)\s*)?"
        r"(?P<body>(?:SELECT|WITH|VALUES)\b.+)",
        _explain,
    ),
    (rf"PREPARE\s+{_PREPARED}\s+FROM\s+(?P<body>.+)", _prepare),
    (rf"EXECUTE\s+{_PREPARED}(?:\s+USING\s+(?P<parameters>.+))?", _execute),
    (rf"DEALLOCATE\s+PREPARE\s+{_PREPARED}", lambda match: Deallocate(match["name"])),
    *DDL_FORMS,
)
