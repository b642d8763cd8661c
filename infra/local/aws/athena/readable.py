"""One of Glue's tables as the local engine reads it, with what it cannot read named."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.athena.errors import NotSupportedError
from infra.local.aws.athena.hive_tables import JSON_SERDE, OPENX_SERDE, PARQUET_SERDE, TEXT_SERDE
from infra.local.aws.glue_tables import columns_of
from schemas.tables import Table

BucketFolder = Callable[[str], Path]
"""A bucket's name to the folder its objects lie in; raises `KeyError` when there is none."""

_FORMATS = {PARQUET_SERDE: "parquet", OPENX_SERDE: "json", JSON_SERDE: "json", TEXT_SERDE: "text"}
_HARMLESS_SERDE = {"serialization.format", "paths"}
_TEXT_SERDE = {*_HARMLESS_SERDE, "field.delim", "line.delim"}
_SCALARS = frozenset(
    {
        "string",
        "varchar",
        "char",
        "boolean",
        "tinyint",
        "smallint",
        "int",
        "integer",
        "bigint",
        "float",
        "double",
        "decimal",
        "date",
        "timestamp",
    }
)
_PARTITION_TYPES = frozenset(
    {
        "string",
        "varchar",
        "char",
        "tinyint",
        "smallint",
        "int",
        "integer",
        "bigint",
        "date",
        "boolean",
    }
)


@dataclass(frozen=True, slots=True)
class Location:
    """A table's bucket, the folder that it is, and what the keys of the table begin with."""

    bucket: str
    folder: Path
    prefix: str


def readable(glue: Mapping[str, Any]) -> Table:
    """Return a table; its prefix is left open.

    Raises:
        NotSupportedError: its files, or one of its columns, cannot be read faithfully.
    """
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
    form, columns = _FORMATS[library], columns_of(storage.get("Columns"))
    harmless = _TEXT_SERDE if form == "text" else _HARMLESS_SERDE
    options = sorted((serde.get("Parameters") or {}).keys() - harmless)
    if options:
        raise NotSupportedError(f"SerDe property {options[0]} of table {name}", "Leave it out.")
    for column in columns if form == "text" else ():
        if column.type.partition("(")[0] not in _SCALARS:
            raise NotSupportedError(
                f"column {column.name} of text table {name} is a {column.type}",
                "Keep nested values in Parquet or JSON.",
            )
    partitions = columns_of(glue.get("PartitionKeys"))
    for column in partitions:
        if column.type.partition("(")[0] not in _PARTITION_TYPES:
            raise NotSupportedError(
                f"partition column {column.name} of table {name} is a {column.type}",
                "Declare it string.",
            )
    return Table(
        name=name,
        prefix="",
        format=form,
        columns=columns,
        partitions=partitions,
        meaning=glue.get("Description") or "",
    )


def place(glue: Mapping[str, Any], bucket_folder: BucketFolder, name: str = "") -> Location:
    """Return the bucket of a table or partition and the path under it.

    Raises:
        NotSupportedError: it is not in S3, or in no bucket that exists.
    """
    name = name or glue["Name"]
    location = (glue.get("StorageDescriptor") or {}).get("Location") or ""
    scheme, _, path = location.partition("://")
    bucket, _, prefix = path.partition("/")
    if scheme != "s3" or not bucket:
        raise NotSupportedError(
            f"table {name} has the location {location!r}", "Give it an s3://bucket/prefix/."
        )
    try:
        folder = bucket_folder(bucket)
    except KeyError:
        raise NotSupportedError(
            f"bucket {bucket} of table {name} does not exist", "Create the bucket."
        ) from None
    return Location(bucket, folder.resolve(), prefix)
