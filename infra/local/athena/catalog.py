"""What a query may name after FROM: base tables with their files or rows, and views."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.athena.files import LakeFile, table_files
from schemas.tables import Table

DATABASE = "finops"
CATALOG = "awsdatacatalog"

Name = tuple[str, str]
"""A database and a table or view in it, both in lower case."""


@dataclass(frozen=True, slots=True)
class Source:
    """A base table, and where its rows come from."""

    table: Table
    rows: tuple[tuple[object, ...], ...] | None = None
    """The rows, for what the catalogue tells about itself; None where files hold them."""
    files: Callable[[], list[LakeFile]] | None = None
    """Lists the files; None lists the Hive layout under the table's prefix."""
    hive_layout: bool = True
    """Whether every file's path says its partition; else only the listing knows."""
    shown_root: str = ""
    """What `$path` shows before the key: `s3://`, where buckets are folders of the lake."""
    shown_from: Path | None = None
    """The folder that the key is relative to; None is the lake."""
    options: Mapping[str, str] = field(default_factory=dict)
    """How text is to be read: `delimiter` and `skip`."""

    def listed(self, lake: Path) -> list[LakeFile]:
        """List the files in path order."""
        if self.rows is not None:
            return []
        return table_files(lake, self.table) if self.files is None else self.files()


@dataclass(frozen=True, slots=True)
class View:
    """A view's SELECT, and the database that its own names are looked up in."""

    sql: str
    database: str = DATABASE


@dataclass(slots=True)
class Catalog:
    """The tables and views of one or more databases."""

    database: str = DATABASE
    """Where unqualified names are looked up."""
    sources: dict[Name, Source] = field(default_factory=dict)
    views: dict[Name, View] = field(default_factory=dict)

    def names(self, database: str | None = None) -> list[str]:
        """List the tables and views of a database, the query's own by default."""
        home = database or self.database
        return sorted(name for db, name in (*self.sources, *self.views) if db == home)


def one_database(tables: Sequence[Table], views: Mapping[str, str]) -> Catalog:
    """Return the catalogue of the one database that the project's own tables are in."""
    return Catalog(
        sources={(DATABASE, table.name): Source(table) for table in tables},
        views={(DATABASE, name): View(sql) for name, sql in views.items()},
    )
