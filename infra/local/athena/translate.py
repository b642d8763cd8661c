"""Athena's SQL to DuckDB's: names, types, pruning and rewrites, in that order."""

from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError

from infra.local.athena.catalog import Catalog, Source
from infra.local.athena.errors import NotSupportedError
from infra.local.athena.names import expand_views
from infra.local.athena.parse import parse_select
from infra.local.athena.pruning import partition_conditions
from infra.local.athena.resolve import resolve_columns, schema_of
from infra.local.athena.rewrites import apply_rewrites
from infra.local.athena.unnest import expand_unnests

_UNNAMED = "__unnamed_"
_SCAN = "scan"


@dataclass(frozen=True, slots=True)
class Scan:
    """One use of a base table: the DuckDB relation to make, and what its partitions must meet."""

    relation: str
    source: Source
    conditions: tuple[exp.Expr, ...]


@dataclass(frozen=True, slots=True)
class Translation:
    """A query as DuckDB reads it, with Athena's column names and the scans it needs."""

    sql: str
    columns: tuple[str, ...]
    scans: tuple[Scan, ...]


def translate(sql: str, catalog: Catalog) -> Translation:
    """Translate one Athena SELECT.

    Raises:
        AthenaError: it cannot be parsed, resolved, typed or done faithfully.
    """
    tree = expand_views(parse_select(sql), catalog)
    schema = schema_of(catalog)
    _mark_unnamed(tree)
    tree = resolve_columns(tree, catalog, schema)
    scans = _plan_scans(tree, catalog)
    expand_unnests(tree, schema)
    tree = apply_rewrites(tree)
    _read_scans(tree, scans)
    _name_unnamed(tree)
    names = tuple(column.alias_or_name for column in tree.selects)
    return Translation(_duckdb_sql(tree), names, scans)


def _duckdb_sql(tree: exp.Query) -> str:
    try:
        return tree.sql("duckdb", unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        raise NotSupportedError(str(error), "Write it another way.") from None


def _mark_unnamed(tree: exp.Query) -> None:
    """Give every output that Athena would name by its position a mark, before columns are resolved.

    Athena's `_col0` counts outputs after `*` is expanded, and nobody can refer to it.
    """
    selects = list(tree.find_all(exp.Select))
    for number, select in enumerate(selects):
        marked = [
            column
            if isinstance(column, exp.Alias | exp.Column | exp.Star | exp.Dot)
            else exp.alias_(column, f"{_UNNAMED}{number}_{position}", copy=False)
            for position, column in enumerate(select.expressions)
        ]
        select.set("expressions", marked)


def _name_unnamed(tree: exp.Query) -> None:
    names: dict[str, str] = {}
    for select in tree.find_all(exp.Select):
        for position, column in enumerate(select.expressions):
            if isinstance(column, exp.Alias) and column.alias.startswith(_UNNAMED):
                names.setdefault(column.alias, f"_col{position}")
    for identifier in tree.find_all(exp.Identifier):
        if identifier.name in names:
            identifier.set("this", names[identifier.name])


def _plan_scans(tree: exp.Query, catalog: Catalog) -> tuple[Scan, ...]:
    """Give each use of a base table a scan of its own: two uses may need other partitions.

    The scan's number goes on the node, so that a copy of the node means the same scan.
    """
    partitions = {
        named: frozenset(column.name for column in source.table.partitions)
        for named, source in catalog.sources.items()
    }
    conditions = partition_conditions(tree, partitions)
    scans: list[Scan] = []
    for use in tree.find_all(exp.Table):
        if use.db:  # what WITH names has none
            use.meta[_SCAN] = len(scans)
            source = catalog.sources[use.db, use.name]
            scans.append(Scan(f"scan_{len(scans)}", source, tuple(conditions.get(id(use), ()))))
    return tuple(scans)


def _read_scans(tree: exp.Query, scans: tuple[Scan, ...]) -> None:
    for use in tree.find_all(exp.Table):
        if _SCAN in use.meta:
            use.set("this", exp.to_identifier(scans[use.meta[_SCAN]].relation, quoted=True))
            use.set("db", None)
