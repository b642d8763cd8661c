"""What a table of the lake is: columns with Glue's types, over a prefix."""

from dataclasses import dataclass

MONEY = "decimal(38,12)"
"""Every amount in the lake: exact, 26 digits before the point and 12 after it."""

TAGS = "map<string,string>"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, its Glue type, what it means, and the FOCUS name it comes from."""

    name: str
    type: str
    meaning: str
    focus: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One Glue table over a prefix of the lake; partition columns appear only in the path."""

    name: str
    prefix: str
    format: str
    """`parquet`, or `json` for one JSON object per line."""
    columns: tuple[Column, ...]
    partitions: tuple[Column, ...]
    meaning: str
