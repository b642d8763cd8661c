"""The report's questions: one SQL file each, in the SQL that Athena and the local engine share."""

from functools import cache
from importlib import resources


@cache
def queries() -> dict[str, str]:
    """Return every question's SELECT by name."""
    folder = resources.files("infra").joinpath("athena", "queries", "report")
    return {
        file.name.removesuffix(".sql"): file.read_text("utf-8")
        for file in sorted(folder.iterdir(), key=lambda f: f.name)
        if file.name.endswith(".sql")
    }
