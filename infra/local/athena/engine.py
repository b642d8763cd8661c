"""Answer SQL written for Athena over a lake of plain files: its types, its names, its errors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.local.athena.errors import AthenaError, FileGoneError
from infra.local.athena.files import LakeFile, table_files
from schemas.tables import Table

if TYPE_CHECKING:
    from infra.local.athena.translate import Scan


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The answer: columns as (name, Athena type), rows of Python values, and what was read."""

    columns: tuple[tuple[str, str], ...]
    rows: list[tuple[object, ...]]
    files_scanned: int
    """Files handed to DuckDB after pruning; a table used twice counts twice."""
    bytes_scanned: int
    """Their sizes in bytes (Athena counts only the columns it reads)."""


class LocalAthena:
    """A lake, its tables and its views, ready for queries.

    Every query opens its own DuckDB connection, which can read the files of the tables it names and
    nothing else. Partitions are pruned by the literals of WHERE and ON, through views, subqueries
    and WITH queries, wherever Athena prunes too (see `pruning`).
    """

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
        self._lake = lake.resolve()
        self._tables = {table.name: table for table in tables}
        self._views = dict(views)
        self._allow = allow

    def tables(self) -> list[str]:
        """List the names a query may use after FROM: tables and views."""
        return sorted([*self._tables, *self._views])

    def rows(self, sql: str) -> list[dict[str, object]]:
        """Run a query and return each row as a dictionary by column name."""
        result = self.query(sql)
        names = [name for name, _ in result.columns]
        return [dict(zip(names, row, strict=True)) for row in result.rows]

    def query(self, sql: str) -> QueryResult:
        """Run one SELECT written for Athena.

        Raises:
            AthenaError: there is no answer; `str()` is one line with Athena's error code.
        """
        # Imported by the first query, so that importing this module stays cheap.
        from infra.local.athena.relations import relation_sql
        from infra.local.athena.session import duckdb_session
        from infra.local.athena.translate import translate

        translation = translate(sql, self._tables, self._views)
        files = [self._files(scan) for scan in translation.scans]
        every = [file for group in files for file in group]
        paths = [file.path for file in every]
        self._allow(paths)
        with duckdb_session(paths) as connection:
            setup = [
                relation_sql(scan.relation, scan.table, group, self._lake)
                for scan, group in zip(translation.scans, files, strict=True)
            ]
            try:
                types, rows = _run(connection, setup, translation.sql)
            except AthenaError:
                _check_there(every, self._lake)
                raise
        columns = tuple(zip(translation.columns, types, strict=True))
        return QueryResult(columns, rows, len(every), sum(file.size for file in every))

    def _files(self, scan: "Scan") -> list[LakeFile]:
        from infra.local.athena.pruning import matches

        return [
            file
            for file in table_files(self._lake, scan.table)
            if all(matches(condition, file.partition) for condition in scan.conditions)
        ]


def _run(connection: Any, setup: list[str], sql: str) -> tuple[list[str], list[tuple[object, ...]]]:
    import duckdb

    from infra.local.athena.column_types import athena_type

    try:
        for statement in setup:
            connection.execute(statement)
        relation = connection.sql(sql)
        types = [athena_type(type_) for type_ in relation.types]
        zoned = {i for i, type_ in enumerate(types) if type_.endswith("with time zone")}
        if zoned:
            # DuckDB needs pytz to hand over instants: take them as UTC and say so ourselves.
            names = [f'"c{i}"' for i in range(len(types))]
            outputs = ", ".join(
                f"{name} AT TIME ZONE 'UTC'" if i in zoned else name for i, name in enumerate(names)
            )
            relation = connection.sql(f"SELECT {outputs} FROM ({sql}) AS q({', '.join(names)})")
        rows = relation.fetchall()
    except duckdb.Error as error:
        raise _failed(error) from None
    return types, [_with_zone(row, zoned) for row in rows] if zoned else rows


def _check_there(files: Sequence[LakeFile], lake: Path) -> None:
    """Say which file is gone, where that is why a query failed; DuckDB has other words for it."""
    for file in files:
        if not Path(file.path).exists():
            key = Path(file.path).relative_to(lake)
            raise FileGoneError(
                f"Error opening Hive split {key}: The specified key does not exist", "Ask again."
            ) from None


def _with_zone(row: tuple[object, ...], zoned: set[int]) -> tuple[object, ...]:
    return tuple(
        value.replace(tzinfo=UTC) if i in zoned and isinstance(value, datetime) else value
        for i, value in enumerate(row)
    )


def _failed(error: Exception) -> AthenaError:
    first = str(error).strip().splitlines()[0]
    return AthenaError(first, "Change the query, or cast the values it complains about.")
