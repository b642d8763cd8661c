"""`information_schema`: what Glue holds, as tables that a query can ask."""

from collections.abc import Sequence

from infra.local.athena.catalog import CATALOG, Source
from infra.local.athena.column_types import athena_name
from infra.local.aws.athena.views import VIRTUAL_VIEW, view_sql
from infra.local.aws.glue_tables import GlueCatalogue, columns_of
from schemas.tables import Column, Table

INFORMATION_SCHEMA = "information_schema"
_NAMES = ("table_catalog", "table_schema", "table_name")


def information_schema(glue: GlueCatalogue) -> dict[tuple[str, str], Source]:
    """Return `schemata`, `tables`, `columns` and `views` over all databases."""
    schemata, tables, columns, views = [], [], [], []
    for database in glue.databases():
        schemata.append((CATALOG, database))
        for name, table in glue.tables(database).items():
            named = (CATALOG, database, name)
            is_view = table.get("TableType") == VIRTUAL_VIEW
            tables.append((*named, "VIEW" if is_view else "BASE TABLE"))
            if is_view:
                views.append((*named, view_sql(table)[0]))
            storage = table.get("StorageDescriptor") or {}
            every = (*columns_of(storage.get("Columns")), *columns_of(table.get("PartitionKeys")))
            columns += [
                (*named, column.name, position, None, "YES", athena_name(column.type))
                for position, column in enumerate(every, start=1)
            ]
    described = (*_NAMES, "column_name", "ordinal_position", "column_default", "is_nullable")
    return dict(
        [
            _source("schemata", ("catalog_name", "schema_name"), schemata),
            _source("tables", (*_NAMES, "table_type"), tables),
            _source("columns", (*described, "data_type"), columns),
            _source("views", (*_NAMES, "view_definition"), views),
        ]
    )


def _source(
    name: str, columns: tuple[str, ...], rows: Sequence[tuple[object, ...]]
) -> tuple[tuple[str, str], Source]:
    typed = tuple(
        Column(column, "bigint" if column == "ordinal_position" else "string", "Of the catalogue.")
        for column in columns
    )
    table = Table(name, "", "rows", typed, (), "Of the catalogue.")
    return (INFORMATION_SCHEMA, name), Source(table, rows=tuple(rows))
