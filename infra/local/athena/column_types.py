"""One column type in its three spellings: Glue's, DuckDB's and Athena's."""

from typing import Any

from sqlglot import exp

_ATHENA = {
    "varchar": "varchar",
    "boolean": "boolean",
    "tinyint": "tinyint",
    "smallint": "smallint",
    "integer": "integer",
    "bigint": "bigint",
    "utinyint": "smallint",
    "usmallint": "integer",
    "uinteger": "bigint",
    "float": "real",
    "double": "double",
    "date": "date",
    "time": "time(3)",
    "timestamp": "timestamp(3)",
    "timestamp_s": "timestamp(3)",
    "timestamp_ms": "timestamp(3)",
    "timestamp_ns": "timestamp(3)",
    "timestamp with time zone": "timestamp(3) with time zone",
    "interval": "interval day to second",
    "blob": "varbinary",
    "ubigint": "decimal(20,0)",
    "hugeint": "decimal(38,0)",
    "null": "unknown",
}


def glue_type(text: str) -> exp.DataType:
    """Parse a Glue column type such as `array<struct<rule:string>>`."""
    return exp.DataType.build(text, dialect="hive")


def duckdb_type(type_: exp.DataType) -> str:
    """Spell a type as DuckDB's DDL does."""
    return type_.sql("duckdb")


def athena_type(type_: Any) -> str:
    """Spell the type of a DuckDB result column as Athena reports it.

    Args:
        type_: a `DuckDBPyType`.
    """
    if str(type_) == "JSON":
        return "json"
    match type_.id:
        case "decimal":
            return str(type_).lower()
        case "list" | "array":
            return f"array({athena_type(type_.children[0][1])})"
        case "map":
            (_, key), (_, value) = type_.children
            return f"map({athena_type(key)}, {athena_type(value)})"
        case "struct":
            fields = (f"{name} {athena_type(child)}".strip() for name, child in type_.children)
            return f"row({', '.join(fields)})"
        case simple:
            return _ATHENA.get(str(simple), str(simple))


def athena_name(text: str) -> str:
    """Spell a Glue type as Athena reports it: `array<string>` is `array(varchar)`."""
    return _athena_name(glue_type(text))


def _athena_name(type_: exp.DataType) -> str:
    inner = type_.expressions
    match type_.this:
        case exp.DType.ARRAY:
            return f"array({_athena_name(inner[0])})"
        case exp.DType.MAP:
            return f"map({_athena_name(inner[0])}, {_athena_name(inner[1])})"
        case exp.DType.STRUCT:
            fields = (f"{field.name} {_athena_name(field.kind)}" for field in inner)
            return f"row({', '.join(fields)})"
        case exp.DType.TEXT:
            return "varchar"
        case exp.DType.TIMESTAMP:
            return "timestamp(3)"
        case exp.DType.INT:
            return "integer"
        case exp.DType.FLOAT:
            return "real"
    return type_.sql("trino").lower().replace(", ", ",")


def readable(node: exp.Expr) -> str:
    """Write an expression for a message: without the quotes and tables that resolving added."""
    copy = node.copy()
    for column in copy.find_all(exp.Column):
        column.set("table", None)
    for identifier in copy.find_all(exp.Identifier):
        identifier.set("quoted", False)
    return copy.sql("trino")


def spoken(type_: exp.DataType | None) -> str:
    """Spell an inferred type for a message: `varchar`, `decimal(38,12)`."""
    if type_ is None:
        return "unknown"
    return type_.sql("trino").lower().replace(", ", ",")
