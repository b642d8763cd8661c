"""What kind of statement a text is: what is done here is taken apart, the rest is refused."""

import re
from dataclasses import dataclass

from infra.local.athena.errors import NotSupportedError
from infra.local.aws.athena.errors import InvalidRequestError
from infra.local.aws.athena.views import CATALOG

_NAME = r"(?:\"[^\"]+\"|`[^`]+`|[A-Za-z_]\w*)"
_PATH = rf"(?P<path>{_NAME}(?:\s*\.\s*{_NAME}){{0,2}})"
_COMMENTS = re.compile(r"(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*", re.DOTALL)
_QUERY = re.compile(r"(?:SELECT|WITH|VALUES)\b|\(", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"(?:ALTER|CALL|CREATE|DEALLOCATE|DELETE|DESC|DESCRIBE|DROP|EXECUTE|EXPLAIN|INSERT|MERGE|MSCK"
    r"|OPTIMIZE|PREPARE|SHOW|UNLOAD|UPDATE|USING|VACUUM)\b",
    re.IGNORECASE,
)
"""First words of statements that Athena has and that are not done here."""


@dataclass(frozen=True, slots=True)
class Select:
    """A query."""

    sql: str
    type = "DML"
    substatement = "SELECT"


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
    """SHOW DATABASES."""

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
class Elsewhere:
    """A statement that Athena has, to be answered with `why`."""

    why: NotSupportedError
    type = "DDL"
    substatement = "UNKNOWN"


Statement = Select | CreateView | DropView | ShowTables | ShowDatabases | Describe | Elsewhere


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
                return make(match)
            except NotSupportedError as why:
                return Elsewhere(why)
    if not _ELSEWHERE.match(sql):
        raise InvalidRequestError("Queries of this type are not supported")
    return Elsewhere(
        NotSupportedError(
            f"a statement of this form ({' '.join(sql.split()[:2]).upper()} ...) is not done here",
            "Run it on AWS, or set tables up by the template.",
        )
    )


def _path(match: re.Match[str]) -> tuple[str | None, str]:
    parts = [part.strip('"`').lower() for part in re.findall(_NAME, match["path"])]
    *catalog, database, name = [None, *parts] if len(parts) == 1 else parts
    if catalog and catalog != [CATALOG]:
        raise NotSupportedError(f"catalog {catalog[0]}", "Use awsdatacatalog.")
    assert name is not None, "the last part is a name"
    return database, name


def _create_view(match: re.Match[str]) -> Statement:
    database, name = _path(match)
    return CreateView(database, name, match["replace"] is not None, match["body"])


def _drop_view(match: re.Match[str]) -> Statement:
    database, name = _path(match)
    return DropView(database, name, match["exists"] is not None)


def _show_tables(match: re.Match[str]) -> Statement:
    database = match["database"].strip('"`').lower() if match["database"] else None
    return ShowTables(database, match["pattern"], match["what"].upper() == "VIEWS")


def _describe(match: re.Match[str]) -> Statement:
    return Describe(*_path(match))


_FORMS = (
    (
        rf"CREATE\s+(?P<replace>OR\s+REPLACE\s+)?VIEW\s+{_PATH}\s+AS\s+"
        r"(?P<body>.+)",
        _create_view,
    ),
    (rf"DROP\s+VIEW\s+(?P<exists>IF\s+EXISTS\s+)?{_PATH}", _drop_view),
    (
        rf"SHOW\s+(?P<what>TABLES|VIEWS)(?:\s+IN\s+(?P<database>{_NAME}))?"
        r"(?:\s+(?:LIKE\s+)?'(?P<pattern>[^']*)')?",
        _show_tables,
    ),
    (r"SHOW\s+(?:DATABASES|SCHEMAS)", lambda match: ShowDatabases()),
    (rf"(?:DESCRIBE|DESC)\s+(?!EXTENDED\b|FORMATTED\b){_PATH}", _describe),
)
