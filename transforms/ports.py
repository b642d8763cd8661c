"""What jobs need from outside and are given: a way to ask the lake in SQL."""

from typing import Any, Protocol


class Query(Protocol):
    """Athena, or the local engine that answers the same SQL."""

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Answer one SELECT: a list of rows by column name; decimals are `Decimal`."""
        ...
