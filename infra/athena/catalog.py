"""Load the shipped views: one `.sql` file a view, its column list compared with the tables."""

from functools import cache
from importlib import resources

from schemas.tables import CHARGES_STORED, Table


@cache
def views() -> dict[str, str]:
    """Return every view's SELECT by name."""
    folder = resources.files("infra").joinpath("athena", "views")
    return {
        file.name.removesuffix(".sql"): file.read_text("utf-8")
        for file in sorted(folder.iterdir(), key=lambda f: f.name)
        if file.name.endswith(".sql")
    }


def charge_columns(table: Table = CHARGES_STORED) -> tuple[str, ...]:
    """Return the columns that the charge views show, partition columns last."""
    return tuple(c.name for c in (*table.columns, *table.partitions))
