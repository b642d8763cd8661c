"""Views as Athena keeps them in Glue: `/* Presto View: base64 */`, readable by other clients."""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlglot import exp

from infra.local.athena.errors import NotSupportedError

CATALOG = "awsdatacatalog"
VIRTUAL_VIEW = "VIRTUAL_VIEW"
_TEXT = re.compile(r"\s*/\*\s*Presto View:\s*(?P<json>[A-Za-z0-9+/=\s]+)\*/\s*\Z")


def view_input(
    database: str, name: str, sql: str, columns: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """Return the Glue `TableInput` of a view.

    Args:
        database: Where its unqualified names are looked up.
        name: The view.
        sql: Its SELECT.
        columns: What it answers, as (name, Athena type).
    """
    definition = {
        "originalSql": sql,
        "catalog": CATALOG,
        "schema": database,
        "columns": [{"name": column, "type": type_} for column, type_ in columns],
    }
    encoded = base64.b64encode(json.dumps(definition).encode()).decode()
    return {
        "Name": name,
        "TableType": VIRTUAL_VIEW,
        "ViewOriginalText": f"/* Presto View: {encoded} */",
        "ViewExpandedText": "/* Presto View */",
        "Parameters": {"presto_view": "true", "comment": "Presto View"},
        "PartitionKeys": [],
        "StorageDescriptor": {
            "Columns": [{"Name": column, "Type": hive_type(type_)} for column, type_ in columns],
            "Location": "",
            "SerdeInfo": {},
        },
    }


def view_sql(glue: Mapping[str, Any]) -> tuple[str, str]:
    """Return the SELECT of a view in Glue, and the database that its names are looked up in.

    Raises:
        NotSupportedError: its text is not one of Athena's views.
    """
    match = _TEXT.match(glue.get("ViewOriginalText") or "")
    try:
        definition = json.loads(base64.b64decode(match["json"])) if match else {}
        return definition["originalSql"], definition.get("schema", glue["DatabaseName"]).lower()
    except (KeyError, ValueError):
        raise NotSupportedError(
            f"view {glue['Name']} is not one that Athena made", "Create it with CREATE VIEW."
        ) from None


def hive_type(athena_type: str) -> str:
    """Spell one of Athena's types as Glue does: `array(varchar)` is `array<string>`."""
    parsed = exp.DataType.build(athena_type, dialect="trino")
    return parsed.sql("hive").lower().replace(", ", ",").replace(": ", ":")
