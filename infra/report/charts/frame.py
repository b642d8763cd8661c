"""What every chart has: its size, its axes, its fonts, and amounts in words.

Colours are CSS variables of the page, so that one drawing serves dark, light and print. A drawing
is made of floats, amounts are not: each mark carries its exact amount as text.
"""

from decimal import Decimal
from typing import Any

from infra.report.amounts import exact

Spec = dict[str, Any]
WIDTH = 940
HEIGHT = 260
_CONFIG: Spec = {
    "background": None,
    "padding": {"left": 4, "top": 4, "right": 24, "bottom": 4},
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": "var(--muted)",
        "titleColor": "var(--muted)",
        "gridColor": "var(--line)",
        "domainColor": "var(--line)",
        "tickColor": "var(--line)",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    },
}


def chart(height: int, *, width: int = WIDTH, **parts: Any) -> Spec:
    """Return a specification with the parts that are said."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": width,
        "height": height,
        "config": _CONFIG,
        **parts,
    }


def amount_axis(currency: str, unit: str) -> Spec:
    """Return an axis of amounts."""
    return {"title": f"{currency} {unit}".strip(), "tickCount": 5, "domain": False, "ticks": False}


def spoken(amount: Decimal, currency: str) -> str:
    """Return an amount in full, for who hears the page."""
    return f"{exact(amount)} {currency}"
