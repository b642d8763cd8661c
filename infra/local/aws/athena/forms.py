"""The statements that change the catalogue or write files, taken apart."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.local.athena.errors import NotSupportedError
from infra.local.aws.athena.views import CATALOG

NAME = r"(?:\"[^\"]+\"|`[^`]+`|[A-Za-z_]\w*)"
PATH = rf"(?P<path>{NAME}(?:\s*\.\s*{NAME}){{0,2}})"


@dataclass(frozen=True, slots=True)
class Path:
    """The name of a table: None is the database of the query."""

    database: str | None
    name: str


def path_of(match: re.Match[str]) -> Path:
    """Return the name that a statement is about.

    Raises:
        NotSupportedError: it is in another catalogue.
    """
    spelled = [part.strip('"`').lower() for part in re.findall(NAME, match["path"])]
    parts = spelled if len(spelled) > 1 else spelled[0].split(".")  # `db.table`, as Hive has it
    if len(parts) > 2 and parts[0] != CATALOG:
        raise NotSupportedError(f"catalog {parts[0]}", "Use awsdatacatalog.")
    return Path(parts[-2] if len(parts) > 1 else None, parts[-1])


@dataclass(frozen=True, slots=True)
class CreateDatabase:
    """CREATE DATABASE [IF NOT EXISTS]."""

    name: str
    if_not_exists: bool
    comment: str | None
    location: str | None
    properties: Mapping[str, str]
    type = "DDL"
    substatement = "CREATE_DATABASE"


@dataclass(frozen=True, slots=True)
class DropDatabase:
    """DROP DATABASE [IF EXISTS] [CASCADE]."""

    name: str
    if_exists: bool
    cascade: bool
    type = "DDL"
    substatement = "DROP_DATABASE"


@dataclass(frozen=True, slots=True)
class CreateTable:
    """CREATE EXTERNAL TABLE, as text: `hive_tables` takes it apart."""

    path: Path
    if_not_exists: bool
    sql: str
    type = "DDL"
    substatement = "CREATE_TABLE"


@dataclass(frozen=True, slots=True)
class DropTable:
    """DROP TABLE [IF EXISTS]."""

    path: Path
    if_exists: bool
    type = "DDL"
    substatement = "DROP_TABLE"


Partition = Mapping[str, str]
"""Values by partition column."""


@dataclass(frozen=True, slots=True)
class AddPartitions:
    """ALTER TABLE ADD PARTITION: each with its location, None for the table's own."""

    path: Path
    if_not_exists: bool
    partitions: tuple[tuple[Partition, str | None], ...]
    type = "DDL"
    substatement = "ALTER_TABLE_ADD_PARTITION"


@dataclass(frozen=True, slots=True)
class DropPartitions:
    """ALTER TABLE DROP PARTITION."""

    path: Path
    if_exists: bool
    partitions: tuple[Partition, ...]
    type = "DDL"
    substatement = "ALTER_TABLE_DROP_PARTITION"


@dataclass(frozen=True, slots=True)
class SetProperties:
    """ALTER TABLE SET TBLPROPERTIES."""

    path: Path
    properties: Mapping[str, str]
    type = "DDL"
    substatement = "ALTER_TABLE_PROPERTIES"


@dataclass(frozen=True, slots=True)
class AddColumns:
    """ALTER TABLE ADD COLUMNS, as (name, Glue type)."""

    path: Path
    columns: tuple[tuple[str, str], ...]
    type = "DDL"
    substatement = "ALTER_TABLE_ADD_COLUMNS"


@dataclass(frozen=True, slots=True)
class Repair:
    """MSCK REPAIR TABLE."""

    path: Path
    type = "DDL"
    substatement = "MSCK_REPAIR"


@dataclass(frozen=True, slots=True)
class CreateTableAs:
    """CREATE TABLE AS SELECT."""

    path: Path
    if_not_exists: bool
    sql: str
    with_data: bool = True
    properties: Mapping[str, str | list[str]] = field(default_factory=dict)
    type = "DDL"
    substatement = "CREATE_TABLE_AS_SELECT"


@dataclass(frozen=True, slots=True)
class Insert:
    """INSERT INTO; without columns, into all of them in order."""

    path: Path
    columns: tuple[str, ...]
    sql: str
    type = "DML"
    substatement = "INSERT"


@dataclass(frozen=True, slots=True)
class Unload:
    """UNLOAD a query to a folder."""

    sql: str
    location: str
    properties: Mapping[str, str | list[str]]
    type = "DML"
    substatement = "UNLOAD"
