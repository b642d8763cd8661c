"""Which source each column comes from: stars are expanded, every column gets its table's name."""

from sqlglot import exp
from sqlglot.errors import OptimizeError, SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.resolver import Resolver
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlglot.schema import MappingSchema

from infra.local.athena.catalog import DATABASE, Catalog
from infra.local.athena.column_types import glue_type
from infra.local.athena.errors import AthenaError, ColumnNotFoundError, close_to
from infra.local.athena.ordering import check_one_meaning, outputs_in_order
from infra.local.athena.parse import AthenaSelect
from infra.local.athena.relations import PATH


def schema_of(catalog: Catalog) -> MappingSchema:
    """Return the tables' columns and types as sqlglot wants them; `*` does not show `$path`."""
    shown: dict[str, dict[str, dict[str, exp.DataType]]] = {}
    for (database, name), source in catalog.sources.items():
        columns = (*source.table.columns, *source.table.partitions)
        shown.setdefault(database, {})[name] = {c.name: glue_type(c.type) for c in columns}
    hidden = {PATH: exp.DataType.build("varchar")}
    return MappingSchema(
        {
            db: {name: columns | hidden for name, columns in tables.items()}
            for db, tables in shown.items()
        }
        or {DATABASE: {}},
        visible={
            db: {name: list(columns) for name, columns in tables.items()}
            for db, tables in shown.items()
        }
        or {DATABASE: {}},
        dialect=AthenaSelect,
        normalize=False,
    )


def resolve_columns(tree: exp.Query, catalog: Catalog, schema: MappingSchema) -> exp.Query:
    """Name the source of every column; as in Athena, WHERE and GROUP BY know no output names.

    Raises:
        ColumnNotFoundError: no source in reach has the column, or several do, or ORDER BY means
            several outputs.
    """
    tables = [source.table for source in catalog.sources.values()]
    known = {c.name for t in tables for c in (*t.columns, *t.partitions)}
    outputs_in_order(tree)
    try:
        tree = qualify(tree, dialect=AthenaSelect, schema=schema, expand_alias_refs=False)
        for scope in traverse_scope(tree):
            _resolve_having(scope, schema)
    except OptimizeError as error:
        raise _column_error(str(error), known) from None
    except SqlglotError as error:
        raise AthenaError(str(error), "Simplify the query.") from None
    check_one_meaning(tree)
    return tree


def _resolve_having(scope: Scope, schema: MappingSchema) -> None:
    """Resolve the columns of HAVING, which sqlglot leaves open for dialects with aliases there."""
    having = scope.expression.args.get("having")
    for column in list(having.find_all(exp.Column)) if having else []:
        if column.table or column.parent_select is not scope.expression:
            continue
        source = Resolver(scope, schema).get_table(column)
        if source is None:
            raise OptimizeError(f"Unknown column: {column.name}")
        column.set("table", source)


def _column_error(message: str, known: set[str]) -> AthenaError:
    name = next(iter(message.split("'")[1:2]), message.rpartition(": ")[2])
    if name in known or message.startswith("Ambiguous"):
        return ColumnNotFoundError(
            f"Column '{name}' is in none of the tables after FROM, or in several",
            "Write the table's name before it.",
        )
    if message.startswith(("Column", "Unknown column")):
        return ColumnNotFoundError(
            f"Column '{name}' cannot be resolved",
            f"{close_to(name, known)}Name a column of the tables after FROM.",
        )
    return ColumnNotFoundError(message, "Check the names of tables and columns.")
