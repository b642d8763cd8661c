"""The page: a difference through one template that escapes every value, in the report's style."""

from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from infra.difference_report import words
from infra.report.amounts import exact, shown
from transforms.differences.model import Difference

LISTED = 200
"""Rows of a table before the rest is counted; --json has them all."""


def render(difference: Difference) -> str:
    """Return the difference as one HTML page that needs nothing but itself."""
    return _environment().get_template("page.html.j2").render(d=difference)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("infra.difference_report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"exact": exact, "number": lambda n: f"{n:,}", "shown": shown}
    environment.globals |= {
        "words": words,
        "listed": LISTED,
        # The style sheet is ours, and `>` is part of it.
        "style": Markup(
            resources.files("infra.report").joinpath("templates", "page.css").read_text("utf-8")
        ),
    }
    return environment
