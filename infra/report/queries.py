"""The report's questions: one SQL file each, in the SQL that Athena and the local engine share."""

from datetime import date
from functools import cache
from importlib import resources


@cache
def queries() -> dict[str, str]:
    """Return every question's SELECT by name; `{first}` and the like stand for days."""
    folder = resources.files("infra").joinpath("athena", "queries", "report")
    return {
        file.name.removesuffix(".sql"): file.read_text("utf-8")
        for file in sorted(folder.iterdir(), key=lambda f: f.name)
        if file.name.endswith(".sql")
    }


def question(name: str, **days: date) -> str:
    """Return a question's SELECT about these days.

    Only days can be put in, so no text from outside ever becomes SQL.
    """
    return queries()[name].format_map({name: day.isoformat() for name, day in days.items()})
