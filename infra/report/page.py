"""The page: the report's data through templates that escape every value."""

from datetime import date
from decimal import Decimal
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from infra.report import charts
from infra.report.amounts import exact, shown, total, total_known
from infra.report.data import Report
from infra.report.deliveries import UNSETTLED
from infra.report.findings import SEVERITIES
from infra.report.forecast import BACK, SHORTEST
from infra.report.text import holdable

SECTIONS = (
    ("totals", "Totals"),
    ("forecast", "Month forecast"),
    ("trend", "Trend by service"),
    ("movers", "Movers"),
    ("anomalies", "Anomalies"),
    ("untagged", "Untagged money"),
    ("low-value", "Low-value recurring"),
    ("commitments", "Commitments unused"),
    ("findings", "Findings by rule"),
    ("deliveries", "Delivery health"),
    ("basis", "What this page rests on"),
)
"""The page's sections: id, which is also the template's name, and title."""
STATUS_MEANINGS = {
    "incomplete": "rows are missing; the days keep what they had before",
    "in-flight": "sent, and not all of it has landed yet",
    "open": "never completed; run its ingest again",
    "empty": "every row is in quarantine",
    "active": "what the page shows for its days",
    "append": "its rows count beside others",
    "superseded": "replaced by a later delivery of the same scope",
}
_LIMITS = {"rows": 25, "listed": 50, "charted": 10, "few_days": 5}
"""How much a section shows before it sums up the rest."""


def render(report: Report) -> str:
    """Return the report as one HTML page that needs nothing but itself."""
    return holdable(_environment().get_template("page.html.j2").render(report=report))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("infra.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "decimal": Decimal,
        "exact": exact,
        "month_name": lambda month: f"{date.fromisoformat(f'{month}-01'):%B %Y}",
        "number": lambda n: f"{n:,}",
        "shown": shown,
        "total": total,
        "total_known": total_known,
        "zip": zip,
    }
    environment.globals |= {
        **_LIMITS,
        "back": BACK,
        "charts": charts,
        "shortest": SHORTEST,
        "sections": SECTIONS,
        "severities": SEVERITIES,
        "meanings": STATUS_MEANINGS,
        "unsettled": UNSETTLED,
        # The style sheet is ours, and `>` is part of it.
        "style": Markup(
            resources.files("infra.report").joinpath("templates", "page.css").read_text("utf-8")
        ),
    }
    return environment
