"""Answer SQL written for Athena over a lake of plain files: its types, its names, its errors."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from infra.local.athena.catalog import Catalog, one_database
from infra.local.athena.errors import (
    AthenaError,
    FileGoneError,
    NotSupportedError,
    ScanLimitError,
)
from infra.local.athena.files import NO_VALUE, LakeFile
from infra.local.athena.stopping import Stop
from schemas.tables import Table

if TYPE_CHECKING:
    from infra.local.athena.pruning import Value
    from infra.local.athena.translate import Scan, Translation


Columns = tuple[tuple[str, str], ...]
"""Names and Athena's types."""
Rows = list[tuple[object, ...]]
Used = TypeVar("Used")
_CHUNK_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The answer: columns as (name, Athena type), rows of Python values, and what was read."""

    columns: Columns
    rows: Rows
    files_scanned: int
    """Files handed to DuckDB after pruning; a table used twice counts twice."""
    bytes_scanned: int
    """Their sizes in bytes (Athena counts only the columns it reads)."""
    batch: Any = None
    """The rows as an Arrow table, in the place of `rows`, where `Engine.batch` was asked."""


class Engine:
    """Answers queries over the tables and views of a catalogue.

    Every query opens its own DuckDB connection, which can read the files of the tables it names and
    nothing else. Partitions are pruned by the literals of WHERE and ON, through views, subqueries
    and WITH queries, wherever Athena prunes too (see `pruning`).
    """

    def __init__(
        self,
        lake: Path,
        catalog: Catalog,
        allow: Callable[[list[str]], None] = lambda paths: None,
        limit: int | None = None,
    ) -> None:
        """Remember the catalogue; nothing is read before the first query.

        Args:
            lake: the folder that all prefixes and keys are relative to.
            catalog: tables and views.
            allow: told the files that a query is about to read; raises to forbid it.
            limit: the most bytes that a query may scan.
        """
        self._lake = lake.resolve()
        self._catalog = catalog
        self._allow = allow
        self._limit = limit

    def tables(self) -> list[str]:
        """List the names a query may use after FROM: tables and views."""
        return self._catalog.names()

    def rows(self, sql: str) -> list[dict[str, object]]:
        """Run a query and return each row as a dictionary by column name."""
        result = self.query(sql)
        names = [name for name, _ in result.columns]
        return [dict(zip(names, row, strict=True)) for row in result.rows]

    def query(self, sql: str, stop: Stop | None = None) -> QueryResult:
        """Run one SELECT written for Athena.

        Args:
            sql: the query.
            stop: ends it early.

        Raises:
            AthenaError: there is no answer; `str()` is one line with Athena's error code.
        """
        result, rows = self._answer(sql, stop, _rows)
        return replace(result, rows=rows)

    def read(
        self, sql: str, use: Callable[[Columns, Iterator[Rows]], Used], stop: Stop | None = None
    ) -> tuple[QueryResult, Used]:
        """Run one SELECT and hand its rows over some thousands at a time, as they come.

        Args:
            sql: the query.
            use: told the columns and the rows, the latter once; they may be more than memory holds.
            stop: ends it early.

        Returns:
            The answer without its rows, and what `use` has returned.

        Raises:
            AthenaError: there is no answer, perhaps only after some of its rows.
        """

        def take(connection: Any, translation: "Translation") -> tuple[Columns, Used]:
            columns = _executed(connection, translation)
            return columns, use(columns, _chunks(connection, translation.sql, columns))

        return self._answer(sql, stop, take)

    def batch(self, sql: str, stop: Stop | None = None) -> QueryResult:
        """Run one SELECT and keep its rows as an Arrow table, in `batch`, to be written to files.

        Raises:
            AthenaError: there is no answer, or a column has a type that files cannot hold.
        """
        result, batch = self._answer(sql, stop, _batch)
        return replace(result, batch=batch)

    def plan(self, sql: str) -> list[str]:
        """Return what a query would read, without reading it: one line for each use of a table."""
        from infra.local.athena.translate import translate

        lines = []
        for scan in translate(sql, self._catalog).scans:
            files = self._files(scan)
            size = sum(file.size for file in files)
            lines.append(f"TableScan[{scan.source.table.name}] {len(files)} files, {size} bytes")
        return lines

    def _answer(self, sql: str, stop: Stop | None, take: "_Take[Used]") -> tuple[QueryResult, Used]:
        # Imported by the first query, so that importing this module stays cheap.
        from infra.local.athena.relations import relation_sql
        from infra.local.athena.session import duckdb_session
        from infra.local.athena.translate import translate

        stop = stop or Stop()
        translation = translate(sql, self._catalog)
        files = [self._files(scan) for scan in translation.scans]
        every = [file for group in files for file in group]
        size = sum(file.size for file in every)
        if self._limit is not None and size > self._limit:
            raise ScanLimitError(size)
        paths = [file.path for file in every]
        self._allow(paths)
        with duckdb_session(paths, translation.sql) as connection, stop.of(connection):
            setup = [
                relation_sql(scan.relation, scan.source, group, self._lake)
                for scan, group in zip(translation.scans, files, strict=True)
            ]
            try:
                columns, taken = _run(connection, setup, translation, take, self._lake)
            except AthenaError:
                stop.check()
                _check_there(every, self._lake)
                raise
        return QueryResult(columns, [], len(every), size), taken

    def _files(self, scan: "Scan") -> list[LakeFile]:
        from infra.local.athena.pruning import matches

        integers = [c.name for c in scan.source.table.partitions if c.type in _INTEGERS]
        return [
            file
            for file in scan.source.listed(self._lake)
            if all(matches(c, _typed(file.partition, integers)) for c in scan.conditions)
        ]


class LocalAthena(Engine):
    """The engine over a lake that is one database, as the project's own is."""

    def __init__(
        self,
        lake: Path,
        tables: Sequence[Table],
        views: Mapping[str, str],
        allow: Callable[[list[str]], None] = lambda paths: None,
    ) -> None:
        """Remember the catalogue; nothing is read before the first query.

        Args:
            lake: the root folder of the lake; the keys of the lake are paths under it.
            tables: the base tables.
            views: Athena SELECT text by view name; a view may use other views.
            allow: told the files that a query is about to read; raises to forbid it.
        """
        super().__init__(lake, one_database(tables, views), allow)


_UNSTORABLE = ("with time zone", "time(", "interval", "json", "unknown")
_INTEGERS = ("tinyint", "smallint", "int", "integer", "bigint")


_Take = Callable[[Any, "Translation"], tuple[Columns, Used]]
"""Asks a connection, and takes the answer."""


def _typed(partition: Mapping[str, str], integers: Sequence[str]) -> "Mapping[str, Value]":
    if not integers and NO_VALUE not in partition.values():
        return partition
    return {
        key: None if value == NO_VALUE else int(value) if key in integers else value
        for key, value in partition.items()
    }


def _run(
    connection: Any,
    setup: Sequence[str],
    translation: "Translation",
    take: "_Take[Used]",
    lake: Path,
) -> tuple[Columns, Used]:
    import duckdb

    from infra.local.athena.failures import failure_of

    try:
        for statement in setup:
            connection.execute(statement)
        return take(connection, translation)
    except duckdb.Error as error:
        raise failure_of(error, lake) from None


def _columns(translation: "Translation", types: Iterable[Any]) -> Columns:
    from infra.local.athena.column_types import athena_type

    return tuple(zip(translation.columns, map(athena_type, types), strict=True))


def _executed(connection: Any, translation: "Translation") -> Columns:
    described = connection.execute(translation.sql).description
    return _columns(translation, (type_ for _, type_, *_ in described))


def _rows(connection: Any, translation: "Translation") -> tuple[Columns, Rows]:
    columns = _executed(connection, translation)
    chunks = _chunks(connection, translation.sql, columns)
    return columns, [row for rows in chunks for row in rows]


def _chunks(connection: Any, sql: str, columns: Columns) -> Iterator[Rows]:
    """Yield the rows of what the connection has begun to answer."""
    zoned = {i for i, (_, type_) in enumerate(columns) if type_.endswith("with time zone")}
    if zoned:
        # DuckDB needs pytz to hand over instants: take them as UTC and say so ourselves.
        names = [f'"c{i}"' for i in range(len(columns))]
        outputs = ", ".join(
            f"{name} AT TIME ZONE 'UTC'" if i in zoned else name for i, name in enumerate(names)
        )
        connection.execute(f"SELECT {outputs} FROM ({sql}) AS q({', '.join(names)})")
    while rows := connection.fetchmany(_CHUNK_ROWS):
        yield [_with_zone(row, zoned) for row in rows] if zoned else rows


def _batch(connection: Any, translation: "Translation") -> tuple[Columns, Any]:
    relation = connection.sql(translation.sql)
    columns = _columns(translation, relation.types)
    for _, type_ in columns:
        if unstorable := next((t for t in _UNSTORABLE if t in type_), None):
            raise NotSupportedError(f"Unsupported Hive type: {unstorable}", "Cast the column.")
    return columns, relation.to_arrow_table()


def _check_there(files: Sequence[LakeFile], lake: Path) -> None:
    """Say which file is gone, where that is why a query failed; DuckDB has other words for it."""
    for file in files:
        if not Path(file.path).exists():
            path = Path(file.path)
            key = path.relative_to(lake) if path.is_relative_to(lake) else path.name
            raise FileGoneError(
                f"Error opening Hive split {key}: The specified key does not exist", "Ask again."
            ) from None


def _with_zone(row: tuple[object, ...], zoned: set[int]) -> tuple[object, ...]:
    return tuple(
        value.replace(tzinfo=UTC) if i in zoned and isinstance(value, datetime) else value
        for i, value in enumerate(row)
    )
