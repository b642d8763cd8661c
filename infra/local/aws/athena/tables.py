"""The catalogue of a query: Glue's tables and views as the local engine reads them."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import TokenType

from infra.local.athena import AthenaError
from infra.local.athena.catalog import Catalog, Name, Source, View
from infra.local.athena.engine import Engine
from infra.local.athena.files import LakeFile, folder_files
from infra.local.athena.parse import AthenaSelect
from infra.local.aws.athena.projection import Projection, check_template, is_projected
from infra.local.aws.athena.readable import BucketFolder, Location, place, readable
from infra.local.aws.athena.rights import Rights
from infra.local.aws.athena.views import VIRTUAL_VIEW, view_sql
from infra.local.aws.glue_tables import GlueCatalogue, columns_of
from schemas.tables import Column, Table

Rows = tuple[tuple[object, ...], ...]

EVERYTHING = Rights()


@dataclass(slots=True)
class Loaded:
    """What a query may use of the catalogue, as the engine sees it."""

    catalog: Catalog
    root: Path = Path("/")
    """What every table's prefix is relative to."""
    refused: dict[Name, AthenaError] = field(default_factory=dict)
    """Tables and views that cannot be answered faithfully: only queries of them fail."""
    projections: dict[Name, Projection] = field(default_factory=dict)
    locations: dict[Name, Location] = field(default_factory=dict)
    """Where each table's objects are."""
    buckets: dict[Path, str] = field(default_factory=dict)
    """Every bucket that files may be in, by its folder."""

    def engine(self, rights: Rights = EVERYTHING, limit: int | None = None) -> Engine:
        """Return the engine over the tables and views, as far as a caller may read them."""
        return Engine(
            self.root, self.catalog, lambda paths: rights.read(paths, self.buckets), limit
        )

    def columns(self, sql: str) -> tuple[tuple[str, str], ...]:
        """Return the names and types of a query's columns; no file is read."""
        shapes = tuple(
            (named, replace(source.table, prefix=""), source.rows)
            for named, source in sorted(self.catalog.sources.items())
        )
        views = tuple(sorted(self.catalog.views.items(), key=lambda view: view[0]))
        return _columns(sql, self.catalog.database, shapes, views)

    def check(self, sql: str, rights: Rights = EVERYTHING) -> None:
        """Refuse a query of a table that cannot be answered faithfully, or not to this caller.

        Raises:
            AthenaError: saying which, and why.
        """
        used = sorted(self._used(sql))
        for named in used:
            rights.catalogue("glue:GetTable", *named)
        for named in used:
            if place := self.locations.get(named):
                rights.find(place.bucket, place.prefix)
        for named in used:
            if named in self.catalog.sources and not self.catalog.sources[named].hive_layout:
                rights.catalogue("glue:GetPartitions", *named)
        for named in used:
            if named in self.refused:
                raise self.refused[named]
        for named in used:
            if named in self.projections:
                prefix = self.catalog.sources[named].table.prefix
                self.projections[named].check(self.root / prefix)

    def _used(self, sql: str) -> set[Name]:
        """Return every table and view that the query and the views it may use can name."""
        known = {*self.catalog.views, *self.refused, *self.locations}
        used: set[Name] = set()
        pending = [(sql, self.catalog.database)]
        while pending:
            text, database = pending.pop()
            spoken = words(text)
            named = {n for n in known if n[1] in spoken and (n[0] == database or n[0] in spoken)}
            new = named - used
            used |= new
            views = (self.catalog.views[n] for n in new if n in self.catalog.views)
            pending += [(view.sql, view.database) for view in views]
        return used


@lru_cache(maxsize=128)
def _columns(
    sql: str,
    database: str,
    shapes: tuple[tuple[Name, Table, Rows | None], ...],
    views: tuple[tuple[Name, View], ...],
) -> tuple[tuple[str, str], ...]:
    """Return a query's columns, once: the same views are made whenever a stack is deployed."""
    sources = {named: Source(table, rows, files=list) for named, table, rows in shapes}
    catalog = Catalog(database, sources, dict(views))
    return tuple(Engine(Path("/"), catalog).query(sql).columns)


def load_catalog(
    glue: GlueCatalogue, database: str, sql: str, bucket_folder: BucketFolder
) -> Loaded:
    """Return the databases that a query can be about.

    Args:
        glue: the catalogue.
        database: where its unqualified names are looked up.
        sql: the query; a database is loaded where it, or a view of a loaded one, says its name.
        bucket_folder: where objects lie.
    """
    loaded = Loaded(Catalog(database))
    existing = set(glue.databases())
    pending, done = [database, *sorted(words(sql) & existing)], set[str]()
    while pending:
        name = pending.pop()
        if name in done or name not in existing:
            continue
        done.add(name)
        _load(loaded, glue, name, words(sql), bucket_folder)
        for (home, _), view in loaded.catalog.views.items():
            if home == name:
                pending += [view.database, *sorted((words(view.sql) & existing) - done)]
    _put_in_place(loaded)
    return loaded


def _load(
    loaded: Loaded,
    glue: GlueCatalogue,
    database: str,
    spoken: frozenset[str],
    bucket_folder: BucketFolder,
) -> None:
    for spelled, table in glue.tables(database).items():
        named = (database, spelled.lower())
        try:
            if table.get("TableType") == VIRTUAL_VIEW:
                text, home = view_sql(table)
                loaded.catalog.views[named] = View(text, home)
                continue
            loaded.locations[named] = place(table, bucket_folder)
            _add(loaded, named, table, glue, bucket_folder)
            hidden = f"{named[1]}$partitions"
            if hidden in spoken:
                partitions = glue.partitions(database, spelled)
                loaded.catalog.sources[database, hidden] = _partitions_table(
                    hidden, columns_of(table.get("PartitionKeys")), partitions
                )
        except AthenaError as error:
            loaded.refused[named] = error


def _add(
    loaded: Loaded,
    named: Name,
    glue: Mapping[str, Any],
    catalogue: GlueCatalogue,
    bucket_folder: BucketFolder,
) -> None:
    table, where = readable(glue), loaded.locations[named]
    parameters = glue.get("Parameters") or {}
    serde = (glue["StorageDescriptor"].get("SerdeInfo") or {}).get("Parameters") or {}
    source = Source(
        table,
        shown_root=f"s3://{where.bucket}/",
        shown_from=where.folder,
        options={
            "delimiter": serde.get("field.delim", "\x01"),
            "skip": parameters.get("skip.header.line.count", "0"),
        },
    )
    loaded.buckets[where.folder] = where.bucket
    if table.partitions and is_projected(parameters):
        columns = [column.name for column in table.partitions]
        location = glue["StorageDescriptor"]["Location"]
        check_template(parameters.get("storage.location.template"), location, columns)
        loaded.projections[named] = Projection(table.name, columns, parameters)
    elif table.partitions:
        listed = [
            (place(partition, bucket_folder, table.name), partition["Values"])
            for partition in catalogue.partitions(named[0], glue["Name"])
        ]
        loaded.buckets |= {found.folder: found.bucket for found, _ in listed}
        source = replace(source, files=_registered(table, listed), hive_layout=False)
    loaded.catalog.sources[named] = source


def _registered(
    table: Table, listed: list[tuple[Location, list[str]]]
) -> Callable[[], list[LakeFile]]:
    keys = [column.name for column in table.partitions]

    def files() -> list[LakeFile]:
        found = (
            folder_files(
                where.folder / where.prefix.strip("/"), dict(zip(keys, values, strict=True))
            )
            for where, values in listed
        )
        return [file for group in found for file in group]

    return files


def _partitions_table(
    name: str, keys: tuple[Column, ...], partitions: list[dict[str, Any]]
) -> Source:
    rows = tuple(tuple(partition["Values"]) for partition in partitions)
    columns = tuple(Column(key.name, "string", "Partition column.") for key in keys)
    return Source(Table(name, "", "rows", columns, (), "Registered partitions."), rows=rows)


def _put_in_place(loaded: Loaded) -> None:
    """Give the tables one root: their bucket's folder, or what several buckets have in common."""
    folders = {
        loaded.locations[named].folder
        for named in loaded.catalog.sources
        if named in loaded.locations
    }
    if folders:
        loaded.root = Path(os.path.commonpath(folders))
    for named, source in loaded.catalog.sources.items():
        if named not in loaded.locations:
            continue
        where = loaded.locations[named]
        folder = where.folder.relative_to(loaded.root) / where.prefix.strip("/")
        prefix = "" if folder == Path() else f"{folder.as_posix()}/"
        loaded.catalog.sources[named] = replace(source, table=replace(source.table, prefix=prefix))


@lru_cache(maxsize=256)
def words(sql: str) -> frozenset[str]:
    """Return every word of a query that may be a name, in lower case."""
    try:
        tokens = AthenaSelect().tokenize(sql)
    except TokenError:
        return frozenset()  # the parser says what is wrong
    return frozenset(t.text.lower() for t in tokens if t.token_type != TokenType.STRING)
