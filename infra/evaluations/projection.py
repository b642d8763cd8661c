"""Which evaluations Athena looks for: an enum among the projection properties of one Glue table.

The template makes it from its parameter `Evaluations`; name a new one there too, or the next
deployment that touches the table takes it out again.
"""

from collections.abc import Callable
from typing import Any

from schemas.tables import CHARGES_STORED

_VALUES = "projection.evaluation.values"
_INPUT = frozenset(
    {
        "Name",
        "Description",
        "Owner",
        "LastAccessTime",
        "LastAnalyzedTime",
        "Retention",
        "StorageDescriptor",
        "PartitionKeys",
        "ViewOriginalText",
        "ViewExpandedText",
        "TableType",
        "Parameters",
        "TargetTable",
    }
)
"""What `UpdateTable` takes back of what `GetTable` gives (Glue API reference, TableInput)."""


def project(glue: Any, database: str, evaluation: str) -> None:
    """Let queries see an evaluation's rows; those they see already stay as they are."""
    _update(glue, database, lambda values: [*values, *({evaluation} - set(values))])


def hide(glue: Any, database: str, evaluation: str) -> None:
    """Take an evaluation out of what queries look for."""
    _update(glue, database, lambda values: [value for value in values if value != evaluation])


def _update(glue: Any, database: str, change: Callable[[list[str]], list[str]]) -> None:
    table = glue.get_table(DatabaseName=database, Name=CHARGES_STORED.name)["Table"]
    before = _split(table)
    after = change(before)
    if after == before:
        return
    given = {name: value for name, value in table.items() if name in _INPUT}
    given["Parameters"] = {**given["Parameters"], _VALUES: ",".join(after)}
    glue.update_table(DatabaseName=database, TableInput=given)


def _split(table: dict[str, Any]) -> list[str]:
    return [value.strip() for value in table["Parameters"][_VALUES].split(",")]
