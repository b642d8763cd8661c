"""From Glue's tables and views to what the local engine reads, with what it cannot read named."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import TokenType

from infra.local.athena import AthenaError, LocalAthena
from infra.local.athena.errors import NotSupportedError
from infra.local.athena.names import DATABASE
from infra.local.athena.parse import AthenaSelect
from infra.local.aws.athena.projection import Projection, check_template
from infra.local.aws.athena.rights import Rights
from infra.local.aws.athena.views import VIRTUAL_VIEW, view_sql
from infra.local.aws.glue_tables import columns_of
from schemas.tables import Table

BucketFolder = Callable[[str], Path]
"""A bucket's name to the folder its objects lie in; raises `KeyError` when there is none."""

_FORMATS = {
    "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe": "parquet",
    "org.openx.data.jsonserde.JsonSerDe": "json",
}
_HARMLESS_SERDE = {"serialization.format", "paths"}
_STRINGS = {"string", "varchar"}


EVERYTHING = Rights()


@dataclass(frozen=True, slots=True)
class Location:
    """A table's bucket, the folder that it is, and what the keys of the table begin with."""

    bucket: str
    folder: Path
    prefix: str


@dataclass(slots=True)
class Database:
    """One Glue database as the engine sees it."""

    root: Path = Path("/")
    """What every table's prefix is relative to."""
    tables: list[Table] = field(default_factory=list)
    views: dict[str, str] = field(default_factory=dict)
    refused: dict[str, AthenaError] = field(default_factory=dict)
    """Tables and views that cannot be answered faithfully, by name: only queries of them fail."""
    projections: dict[str, Projection] = field(default_factory=dict)
    locations: dict[str, Location] = field(default_factory=dict)
    """Where each table's objects are."""

    def engine(self, rights: Rights = EVERYTHING) -> LocalAthena:
        """Return the engine over the tables and views, as far as a caller may read them."""
        buckets = {place.folder: place.bucket for place in self.locations.values()}
        return LocalAthena(
            self.root, self.tables, self.views, lambda paths: rights.read(paths, buckets)
        )

    def dry_engine(self) -> LocalAthena:
        """Return an engine that knows the tables and reads no file: for the types of a query."""
        return LocalAthena(self.root / ".nothing", self.tables, self.views)

    def check(self, sql: str, rights: Rights = EVERYTHING) -> None:
        """Refuse a query of a table that cannot be answered faithfully, or not to this caller.

        Raises:
            AthenaError: saying which, and why.
        """
        used = self._used(sql)
        for name in sorted(used & {*self.views, *self.refused, *self.locations}):
            rights.catalogue("glue:GetTable", DATABASE, name)
        for name in sorted(used & self.locations.keys()):
            rights.find(self.locations[name].bucket, self.locations[name].prefix)
        for name in sorted(used & self.refused.keys()):
            raise self.refused[name]
        for table in self.tables:
            if table.name in used and table.name in self.projections:
                self.projections[table.name].check(self.root / table.prefix)

    def _used(self, sql: str) -> set[str]:
        """Return every name in the query and in the views it may use."""
        used: set[str] = set()
        pending = [sql]
        while pending:
            names = words(pending.pop()) - used
            used |= names
            pending += [self.views[name] for name in names & self.views.keys()]
        return used


def load_database(glue: Mapping[str, Mapping[str, Any]], bucket_folder: BucketFolder) -> Database:
    """Return the database made of Glue's tables and views.

    Args:
        glue: `Table` structures by name.
        bucket_folder: Where objects lie.
    """
    database = Database()
    places = database.locations
    for name, table in glue.items():
        try:
            if table.get("TableType") == VIRTUAL_VIEW:
                database.views[name.lower()] = view_sql(table)
            else:
                places[name.lower()] = _place(table, bucket_folder)
                _add(database, table)
        except AthenaError as error:
            database.refused[name.lower()] = error
    _put_in_place(database)
    return database


def _put_in_place(database: Database) -> None:
    """Give the tables one root: their bucket's folder, or what several buckets have in common."""
    places = database.locations
    buckets = {places[table.name].folder for table in database.tables}
    if buckets:
        database.root = Path(os.path.commonpath(buckets))
    for position, table in enumerate(database.tables):
        place = places[table.name]
        folder = place.folder.relative_to(database.root) / place.prefix.strip("/")
        prefix = "" if folder == Path() else f"{folder.as_posix()}/"
        database.tables[position] = replace(table, prefix=prefix)


def _add(database: Database, glue: Mapping[str, Any]) -> None:
    table = _table(glue)
    if table.partitions:
        columns = [column.name for column in table.partitions]
        parameters = glue.get("Parameters") or {}
        location = glue["StorageDescriptor"]["Location"]
        check_template(parameters.get("storage.location.template"), location, columns)
        database.projections[table.name] = Projection(table.name, columns, parameters)
    database.tables.append(table)


def _table(glue: Mapping[str, Any]) -> Table:
    name, storage = glue["Name"].lower(), glue.get("StorageDescriptor") or {}
    parameters = glue.get("Parameters") or {}
    if (other := parameters.get("table_type", "")).upper() == "ICEBERG":
        raise NotSupportedError(f"table {name} is of type {other}", "Query it on AWS.")
    serde = storage.get("SerdeInfo") or {}
    library = serde.get("SerializationLibrary", "(none)")
    if library not in _FORMATS:
        raise NotSupportedError(
            f"table {name} has the SerDe {library}", "Use the Parquet or the OpenX JSON SerDe."
        )
    options = sorted((serde.get("Parameters") or {}).keys() - _HARMLESS_SERDE)
    if options:
        raise NotSupportedError(f"SerDe property {options[0]} of table {name}", "Leave it out.")
    partitions = columns_of(glue.get("PartitionKeys"))
    for column in partitions:
        if column.type.partition("(")[0] not in _STRINGS:
            raise NotSupportedError(
                f"partition column {column.name} of table {name} is a {column.type}",
                "Declare it string.",
            )
    return Table(
        name=name,
        prefix="",
        format=_FORMATS[library],
        columns=columns_of(storage.get("Columns")),
        partitions=partitions,
        meaning=glue.get("Description") or "",
    )


def _place(glue: Mapping[str, Any], bucket_folder: BucketFolder) -> Location:
    """Return the table's bucket and the path under it."""
    location = (glue.get("StorageDescriptor") or {}).get("Location") or ""
    scheme, _, path = location.partition("://")
    bucket, _, prefix = path.partition("/")
    if scheme != "s3" or not bucket:
        raise NotSupportedError(
            f"table {glue['Name']} has the location {location!r}", "Give it an s3://bucket/prefix/."
        )
    try:
        folder = bucket_folder(bucket)
    except KeyError:
        raise NotSupportedError(
            f"bucket {bucket} of table {glue['Name']} does not exist", "Create the bucket."
        ) from None
    return Location(bucket, folder.resolve(), prefix)


@lru_cache(maxsize=256)
def words(sql: str) -> frozenset[str]:
    """Return every word of a query that may be a name, in lower case."""
    try:
        tokens = AthenaSelect().tokenize(sql)
    except TokenError:
        return frozenset()  # the parser says what is wrong
    return frozenset(t.text.lower() for t in tokens if t.token_type != TokenType.STRING)
