"""CREATE EXTERNAL TABLE to Glue's `TableInput`, and the storage that each format stands for."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlglot import exp, parse
from sqlglot.errors import SqlglotError

from infra.local.athena.errors import NotSupportedError, SqlSyntaxError

_HIVE = "org.apache.hadoop.hive"
PARQUET_SERDE = f"{_HIVE}.ql.io.parquet.serde.ParquetHiveSerDe"
JSON_SERDE = "org.apache.hive.hcatalog.data.JsonSerDe"
OPENX_SERDE = "org.openx.data.jsonserde.JsonSerDe"
TEXT_SERDE = f"{_HIVE}.serde2.lazy.LazySimpleSerDe"
_TEXT_IN = "org.apache.hadoop.mapred.TextInputFormat"
_TEXT_OUT = f"{_HIVE}.ql.io.HiveIgnoreKeyTextOutputFormat"

FORMATS: Mapping[str, tuple[str, str, str]] = {
    "PARQUET": (
        PARQUET_SERDE,
        f"{_HIVE}.ql.io.parquet.MapredParquetInputFormat",
        f"{_HIVE}.ql.io.parquet.MapredParquetOutputFormat",
    ),
    "TEXTFILE": (TEXT_SERDE, _TEXT_IN, _TEXT_OUT),
    "JSON": (JSON_SERDE, _TEXT_IN, _TEXT_OUT),
    "ORC": (
        f"{_HIVE}.ql.io.orc.OrcSerde",
        f"{_HIVE}.ql.io.orc.OrcInputFormat",
        f"{_HIVE}.ql.io.orc.OrcOutputFormat",
    ),
    "AVRO": (
        f"{_HIVE}.serde2.avro.AvroSerDe",
        f"{_HIVE}.ql.io.avro.AvroContainerInputFormat",
        f"{_HIVE}.ql.io.avro.AvroContainerOutputFormat",
    ),
}
"""STORED AS to (SerDe, input format, output format); not all of them can be read here."""


def table_input(sql: str, name: str) -> dict[str, Any]:
    """Return the Glue `TableInput` of a CREATE TABLE.

    Raises:
        SqlSyntaxError: it cannot be read, or has no LOCATION.
        NotSupportedError: an Iceberg table, or a clause that is not kept here.
    """
    create = _parsed(sql)
    properties = create.args["properties"].expressions if create.args.get("properties") else []
    clauses = {type(p): p for p in properties}
    given = {p.name: p.text("value") for p in properties if type(p) is exp.Property}
    if given.get("table_type", "").upper() == "ICEBERG":
        raise NotSupportedError(
            "Iceberg tables", "Create an external table over Parquet, or run it on AWS."
        )
    if exp.ExternalProperty not in clauses:
        raise SqlSyntaxError(
            "mismatched input 'TABLE'. Expecting: 'EXTERNAL'", "Write CREATE EXTERNAL TABLE."
        )
    if unknown := sorted(k.__name__ for k in clauses if k not in _KEPT):
        raise NotSupportedError(f"{unknown[0]} of CREATE TABLE", "Leave the clause out.")
    location = clauses.get(exp.LocationProperty)
    if location is None or not location.name.startswith("s3://"):
        raise SqlSyntaxError(
            "No viable alternative: LOCATION 's3://bucket/folder/' is missing", "Add it at the end."
        )
    described = clauses.get(exp.SchemaCommentProperty)
    partitioned = clauses.get(exp.PartitionedByProperty)
    input_: dict[str, Any] = {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", **given},
        "PartitionKeys": _columns(partitioned.this.expressions) if partitioned else [],
        "StorageDescriptor": {
            "Columns": _columns(create.this.expressions),
            "Location": location.name,
            **_storage(clauses),
        },
    }
    if described is not None:
        input_["Description"] = described.name
    return input_


def storage_of(format_: str, parameters: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the storage part of a Glue table of a format.

    Raises:
        NotSupportedError: there is no such format.
    """
    if format_ not in FORMATS:
        raise NotSupportedError(f"format {format_}", f"Use one of {', '.join(FORMATS)}.")
    serde, input_format, output_format = FORMATS[format_]
    return {
        "InputFormat": input_format,
        "OutputFormat": output_format,
        "SerdeInfo": {
            "SerializationLibrary": serde,
            "Parameters": {"serialization.format": "1", **(parameters or {})},
        },
    }


def create_statement(database: str, glue: Mapping[str, Any]) -> list[str]:
    """Return the lines of SHOW CREATE TABLE."""
    storage = glue["StorageDescriptor"]
    serde = storage.get("SerdeInfo") or {}
    lines = [f"CREATE EXTERNAL TABLE `{database}.{glue['Name']}`("]
    lines += _column_lines(storage.get("Columns") or [])
    if glue.get("PartitionKeys"):
        lines += ["PARTITIONED BY ( ", *_column_lines(glue["PartitionKeys"])]
    lines += ["ROW FORMAT SERDE ", f"  '{serde.get('SerializationLibrary', '')}' "]
    if parameters := serde.get("Parameters"):
        lines += ["WITH SERDEPROPERTIES ( ", *_property_lines(parameters)]
    if storage.get("InputFormat"):
        lines += ["STORED AS INPUTFORMAT ", f"  '{storage['InputFormat']}' "]
        lines += ["OUTPUTFORMAT ", f"  '{storage.get('OutputFormat', '')}'"]
    lines += ["LOCATION", f"  '{storage['Location']}'"]
    if properties := glue.get("Parameters"):
        shown = {k: v for k, v in properties.items() if k != "EXTERNAL"}
        if shown:
            lines += ["TBLPROPERTIES (", *_property_lines(shown)]
    return lines


def _parsed(sql: str) -> exp.Create:
    try:
        (tree,) = parse(sql, read="athena")
    except (SqlglotError, ValueError) as error:
        first = str(error).splitlines()[0]
        raise SqlSyntaxError(first, "Write CREATE EXTERNAL TABLE as in Athena's guide.") from None
    if not isinstance(tree, exp.Create) or not isinstance(tree.this, exp.Schema):
        raise NotSupportedError("this form of CREATE TABLE", "Name the columns and their types.")
    return tree


_KEPT = frozenset(
    {
        exp.ExternalProperty,
        exp.FileFormatProperty,
        exp.LocationProperty,
        exp.PartitionedByProperty,
        exp.Property,
        exp.RowFormatDelimitedProperty,
        exp.RowFormatSerdeProperty,
        exp.SchemaCommentProperty,
        exp.SerdeProperties,
    }
)


def _columns(definitions: Sequence[exp.Expr]) -> list[dict[str, str]]:
    columns = []
    for definition in definitions:
        if not isinstance(definition, exp.ColumnDef) or definition.kind is None:
            raise SqlSyntaxError(
                f"{definition.sql('athena')} is no column with a type", "Write name type."
            )
        type_ = definition.kind.sql("hive").lower().replace(", ", ",").replace(": ", ":")
        column = {"Name": definition.name.lower(), "Type": type_}
        for constraint in definition.args.get("constraints") or []:
            if isinstance(constraint.kind, exp.CommentColumnConstraint):
                column["Comment"] = constraint.kind.name
        columns.append(column)
    return columns


def _storage(clauses: Mapping[type[exp.Expr], exp.Expr]) -> dict[str, Any]:
    stored_as = clauses.get(exp.FileFormatProperty)
    formats = stored_as.this if stored_as is not None else None
    if isinstance(formats, exp.InputOutputFormat):
        storage: dict[str, Any] = {
            "InputFormat": formats.text("input_format"),
            "OutputFormat": formats.text("output_format"),
            "SerdeInfo": {"SerializationLibrary": TEXT_SERDE},
        }
    else:
        storage = storage_of(formats.name.upper() if formats is not None else "TEXTFILE")
    serde = clauses.get(exp.RowFormatSerdeProperty)
    if serde is not None:
        listed = serde.args.get("serde_properties") or clauses.get(exp.SerdeProperties)
        pairs = listed.expressions if listed is not None else []
        parameters = {pair.this.name: pair.text("value") for pair in pairs}
        storage["SerdeInfo"] = {"SerializationLibrary": serde.name, "Parameters": parameters}
    delimited = clauses.get(exp.RowFormatDelimitedProperty)
    if delimited is not None:
        storage["SerdeInfo"]["Parameters"] = _delimiters(delimited)
    return storage


def _delimiters(delimited: exp.Expr) -> dict[str, str]:
    named = {"fields": "field.delim", "escaped": "escape.delim", "lines": "line.delim"}
    found = {named[k]: delimited.text(k) for k in named if delimited.args.get(k) is not None}
    if unknown := [k for k, v in delimited.args.items() if v is not None and k not in named]:
        raise NotSupportedError(f"ROW FORMAT DELIMITED ... {unknown[0]}", "Leave it out.")
    found["serialization.format"] = found.get("field.delim", "1")
    return found


def _column_lines(columns: Sequence[Mapping[str, str]]) -> list[str]:
    lines = []
    for position, column in enumerate(columns):
        comment = f" COMMENT '{column['Comment']}'" if column.get("Comment") else ""
        end = ")" if position == len(columns) - 1 else ", "
        lines.append(f"  `{column['Name']}` {column.get('Type', 'string')}{comment}{end}")
    return lines


def _property_lines(properties: Mapping[str, str]) -> list[str]:
    pairs = sorted(properties.items())
    last = len(pairs) - 1
    return [
        f"  '{key}'='{value}'" + (")" if position == last else ", ")
        for position, (key, value) in enumerate(pairs)
    ]
