"""`DataFormatConversionConfiguration`: JSON to Parquet by a Glue table (§3.1, §3.2)."""

from collections.abc import Mapping
from typing import Any, Literal

from infra.local.firehose import limits
from infra.local.firehose.errors import InvalidArgumentError, UnsupportedLocallyError
from infra.local.firehose.hive_type import HiveType, parse
from infra.local.firehose.joda_pattern import JodaPattern
from infra.local.firehose.settings import MILLIS, Catalogue, Conversion, Hive, OpenX, Parquet
from infra.local.firehose.shapes import Shape
from schemas.tables import Table

_PARTS = "SchemaConfiguration InputFormatConfiguration OutputFormatConfiguration"
_PARQUET = (
    "Compression BlockSizeBytes PageSizeBytes WriterVersion EnableDictionaryCompression "
    "MaxPaddingBytes"
)


def parse_conversion(
    raw: Any, *, tables: Mapping[tuple[str, str], Table], region: str, account: str
) -> Conversion | None:
    """Return the conversion, None when there is none or it is switched off.

    Raises:
        FirehoseError: a part is missing, the table is unknown, or a format is not supported.
    """
    if raw is None:
        return None
    shape = Shape(raw, "DataFormatConversionConfiguration", f"Enabled {_PARTS}")
    if not shape.flag("Enabled", True):  # §3.1: omitted counts as true here
        return None
    for part in _PARTS.split():
        if shape.raw(part) is None:
            raise InvalidArgumentError(f"{part} must not be null")
    deserializer = _deserializer(shape)
    parquet = _parquet(shape)
    schema = Shape(
        shape.raw("SchemaConfiguration"),
        "SchemaConfiguration",
        "RoleARN CatalogId DatabaseName TableName Region VersionId",
    )
    if schema.text("VersionId", "LATEST") != "LATEST":
        raise UnsupportedLocallyError("SchemaConfiguration.VersionId other than LATEST")
    catalogue = Catalogue(
        catalog_id=schema.text("CatalogId", account),
        database=schema.text("DatabaseName"),
        table=schema.text("TableName"),
        region=schema.text("Region", region),
        version="LATEST",
        role=schema.text("RoleARN"),
    )
    columns = table_columns(catalogue, tables)  # the service looks, too, and refuses without one
    if isinstance(deserializer, Hive) and any("." in name for name, _ in columns):
        raise UnsupportedLocallyError("a dot in a column name with HiveJsonSerDe")
    return Conversion(deserializer, parquet, catalogue)


def parse_output_format(raw: Any) -> Parquet:
    """Return how a stream that converts writes its files.

    Raises:
        FirehoseError: it does not write Parquet, or in a way that is not supported.
    """
    return _parquet(Shape(raw, "DataFormatConversionConfiguration", f"Enabled {_PARTS}"))


def table_columns(
    catalogue: Catalogue, tables: Mapping[tuple[str, str], Table]
) -> tuple[tuple[str, HiveType], ...]:
    """Return the columns that the newest version of the table has at this moment.

    Raises:
        FirehoseError: there is no such table, or it has a type that is not supported.
    """
    table = tables.get((catalogue.database, catalogue.table))
    if table is None:
        raise InvalidArgumentError(
            f"The Glue table {catalogue.database}.{catalogue.table} was not found "
            "(EntityNotFoundException)"
        )
    try:
        return tuple((column.name, parse(column.type)) for column in table.columns)
    except ValueError as error:
        raise UnsupportedLocallyError(f"table {catalogue.table}: {error}") from None


def _deserializer(shape: Shape) -> OpenX | Hive:
    outer = Shape(shape.raw("InputFormatConfiguration"), "InputFormatConfiguration", "Deserializer")
    formats = Shape(outer.raw("Deserializer") or {}, "Deserializer", "OpenXJsonSerDe HiveJsonSerDe")
    chosen = [n for n in ("OpenXJsonSerDe", "HiveJsonSerDe") if formats.raw(n) is not None]
    if len(chosen) != 1:
        raise InvalidArgumentError("Exactly one deserializer must be given")
    if chosen == ["HiveJsonSerDe"]:
        return _hive(Shape(formats.raw("HiveJsonSerDe"), "HiveJsonSerDe", "TimestampFormats"))
    openx = Shape(
        formats.raw("OpenXJsonSerDe"),
        "OpenXJsonSerDe",
        "CaseInsensitive ColumnToJsonKeyMappings ConvertDotsInJsonKeysToUnderscores",
    )
    return OpenX(
        case_insensitive=openx.flag("CaseInsensitive", True),
        dots_to_underscores=openx.flag("ConvertDotsInJsonKeysToUnderscores", False),
        mappings=dict(openx.raw("ColumnToJsonKeyMappings") or {}),
    )


def _hive(shape: Shape) -> Hive:
    formats: list[JodaPattern | Literal["millis"]] = []
    for text in shape.items("TimestampFormats"):
        try:
            formats.append("millis" if text == MILLIS else JodaPattern.parse(text))
        except ValueError as error:
            raise UnsupportedLocallyError(str(error)) from None
    return Hive(tuple(formats))


def _parquet(shape: Shape) -> Parquet:
    outer = Shape(shape.raw("OutputFormatConfiguration"), "OutputFormatConfiguration", "Serializer")
    formats = Shape(outer.raw("Serializer") or {}, "Serializer", "ParquetSerDe OrcSerDe")
    chosen = [n for n in ("ParquetSerDe", "OrcSerDe") if formats.raw(n) is not None]
    if len(chosen) != 1:
        raise InvalidArgumentError("Exactly one serializer must be given")
    if chosen == ["OrcSerDe"]:
        raise UnsupportedLocallyError("OrcSerDe; ParquetSerDe is supported")
    parquet = Shape(formats.raw("ParquetSerDe"), "ParquetSerDe", _PARQUET)
    compression = parquet.text("Compression", "SNAPPY")
    if compression not in {"UNCOMPRESSED", "SNAPPY", "GZIP"}:
        raise InvalidArgumentError(f"ParquetSerDe.Compression {compression} is not known")
    if parquet.text("WriterVersion", "V1") != "V1":
        raise UnsupportedLocallyError("ParquetSerDe.WriterVersion V2")
    _at_least(parquet, "BlockSizeBytes", limits.MIN_PARQUET_BLOCK_BYTES)
    _at_least(parquet, "MaxPaddingBytes", 0)
    _at_least(parquet, "PageSizeBytes", limits.MIN_PARQUET_PAGE_BYTES)
    return Parquet(
        compression=compression,
        dictionary=parquet.flag("EnableDictionaryCompression", False),
        page_size=parquet.number("PageSizeBytes", limits.DEFAULT_PARQUET_PAGE_BYTES),
    )


def _at_least(parquet: Shape, name: str, low: int) -> None:
    if parquet.number(name, low) < low:
        raise InvalidArgumentError(f"ParquetSerDe.{name} must be at least {low}")
