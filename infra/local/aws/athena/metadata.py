"""The catalogue as Athena's own API tells it: data catalogues, databases, tables."""

import re
from collections.abc import Mapping
from typing import Any

from infra.local.aws.athena.errors import InvalidRequestError, MetadataError
from infra.local.aws.glue_tables import GlueCatalogue, GlueNotFoundError

_CATALOG = "AwsDataCatalog"


def data_catalog_summary() -> dict[str, str]:
    """Return the API's summary of the only catalogue."""
    return {"CatalogName": _CATALOG, "Type": "GLUE"}


def data_catalog(name: str) -> dict[str, Any]:
    """Return the API's `DataCatalog`.

    Raises:
        InvalidRequestError: there is no other than Glue's.
    """
    _check(name)
    return {"Name": _CATALOG, "Type": "GLUE"}


def database(glue: GlueCatalogue, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the API's `Database`.

    Raises:
        MetadataError: there is none of that name.
    """
    _check(request["CatalogName"])
    try:
        return _database(glue.database(request["DatabaseName"].lower()))
    except GlueNotFoundError as error:
        raise MetadataError(error.message) from None


def databases(glue: GlueCatalogue, request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return all databases by name."""
    _check(request["CatalogName"])
    return [_database(glue.database(name)) for name in glue.databases()]


def table(glue: GlueCatalogue, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the API's `TableMetadata`.

    Raises:
        MetadataError: there is no such database or table.
    """
    _check(request["CatalogName"])
    try:
        return _table(glue.table(request["DatabaseName"].lower(), request["TableName"].lower()))
    except GlueNotFoundError as error:
        raise MetadataError(error.message) from None


def tables(glue: GlueCatalogue, request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the tables and views of a database whose names fit an expression, by name.

    Raises:
        MetadataError: there is no such database.
        InvalidRequestError: the expression is none.
    """
    _check(request["CatalogName"])
    try:
        wanted = re.compile(request.get("Expression") or ".*")
        found = glue.tables(request["DatabaseName"].lower())
    except re.error as error:
        raise InvalidRequestError(f"Expression is not a regular expression: {error}") from None
    except GlueNotFoundError as error:
        raise MetadataError(error.message) from None
    return [_table(found[name]) for name in sorted(found) if wanted.fullmatch(name)]


def _check(catalog: str) -> None:
    if catalog.lower() != _CATALOG.lower():
        raise InvalidRequestError(f"Catalog {catalog} is not found.")


def _database(glue: Mapping[str, Any]) -> dict[str, Any]:
    told = {key: glue.get(key) for key in ("Name", "Description", "Parameters")}
    return {key: value for key, value in told.items() if value}


def _table(glue: Mapping[str, Any]) -> dict[str, Any]:
    storage = glue.get("StorageDescriptor") or {}
    parameters = dict(glue.get("Parameters") or {})
    serde = storage.get("SerdeInfo") or {}
    named = {
        "location": storage.get("Location"),
        "inputformat": storage.get("InputFormat"),
        "outputformat": storage.get("OutputFormat"),
        "serde.serialization.lib": serde.get("SerializationLibrary"),
    }
    parameters |= {key: value for key, value in named.items() if value}
    parameters |= {f"serde.param.{k}": v for k, v in (serde.get("Parameters") or {}).items()}
    return {
        "Name": glue["Name"],
        "CreateTime": glue.get("CreateTime"),
        "TableType": glue.get("TableType") or "EXTERNAL_TABLE",
        "Columns": [_column(column) for column in storage.get("Columns") or []],
        "PartitionKeys": [_column(column) for column in glue.get("PartitionKeys") or []],
        "Parameters": parameters,
    }


def _column(glue: Mapping[str, str]) -> dict[str, str]:
    return {key: glue[key] for key in ("Name", "Type", "Comment") if key in glue}
