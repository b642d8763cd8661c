"""Load the shipped views: one `.sql` file a view, its column list compared with the tables."""

from functools import cache
from importlib import resources

from schemas.tables import CHARGES_STORED, Table

VIEWS = (
    "charges_all",
    "charges",
    "deliveries",
    "findings",
    "focus",
    "daily_costs",
    "monthly_costs",
)
"""Every view, each after those it uses."""


@cache
def views() -> dict[str, str]:
    """Return every view's SELECT by name."""
    folder = resources.files("infra").joinpath("athena", "views")
    return {name: folder.joinpath(f"{name}.sql").read_text("utf-8") for name in VIEWS}


def view_statements() -> list[str]:
    """Return the statements that make the views, in order; making them again replaces them."""
    return [f"create or replace view {name} as\n{sql}" for name, sql in views().items()]


def charge_columns(table: Table = CHARGES_STORED) -> tuple[str, ...]:
    """Return the columns that the charge views show, partition columns last."""
    return tuple(c.name for c in (*table.columns, *table.partitions))
