"""The month added up: what is known, and what is expected of the rest."""

from datetime import date
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from infra.report.charts.frame import HEIGHT, Spec, amount_axis, chart, spoken
from infra.report.forecast import Forecast
from infra.report.svg import drawing

_DAY_OF_MONTH: Spec = {
    "field": "day",
    "type": "quantitative",
    "scale": {"domain": [1, 31], "nice": False},
    "axis": {"title": "day of the month", "grid": False, "values": [1, 5, 10, 15, 20, 25, 31]},
}


def forecast_chart(forecast: Forecast, caption: str) -> Markup:
    """Draw the month added up: what is known, what is expected, its range, and the month before.

    The range is known for the month's end only; before, it opens as fast as what is expected.
    """
    known = [_point(day, sofar, forecast, "by") for day, sofar in forecast.actual]
    expected = [_point(day, sofar, forecast, "expected by") for day, sofar in forecast.expected]
    before = [_point(day, sofar, forecast, "by") for day, sofar in forecast.previous]
    amount = _sofar("cost", forecast.currency)
    layers = [
        _area(_range(forecast), forecast.currency),
        _line(before, "--others"),
        _dots(before, "--others"),
        _line([*known[-1:], *expected] if expected else [], "--s1", strokeDash=[5, 4]),
        _dots(expected, "--page"),
        _line(known, "--s1"),
        _dots(known, "--s1"),
    ]
    return drawing(
        chart(
            HEIGHT,
            encoding={"x": _DAY_OF_MONTH, "y": amount},
            layer=[layer for layer in layers if layer["data"]["values"]],
        ),
        caption,
    )


def forecast_colours(forecast: Forecast) -> tuple[tuple[str, str], ...]:
    """Return the colours of a month with what they mean."""
    found = [("var(--s1)", "this month, complete days")]
    if forecast.expected:
        found.append(("var(--range)", "expected, and its range"))
    if forecast.previous:
        found.append(("var(--others)", "the month before"))
    return tuple(found)


def _point(day: date, sofar: Decimal, forecast: Forecast, word: str) -> Spec:
    text = f"{word} {day}: {spoken(sofar, forecast.currency)}"
    return {"day": day.day, "cost": float(sofar), "text": text}


def _range(forecast: Forecast) -> list[Spec]:
    if forecast.end is None or not forecast.expected:
        return []
    begin, first = float(forecast.settled), forecast.expected[0][0].day
    ends = {"low": float(forecast.end.low) - begin, "high": float(forecast.end.high) - begin}
    whole = float(forecast.end.point) - begin
    values = [{"day": first - 1, "low": begin, "high": begin}] if first > 1 else []
    for i, (day, sofar) in enumerate(forecast.expected):
        share = (float(sofar) - begin) / whole if whole else (i + 1) / len(forecast.expected)
        values.append({"day": day.day, **{n: begin + share * end for n, end in ends.items()}})
    return values


def _line(values: list[Spec], colour: str, **mark: Any) -> Spec:
    return {
        "data": {"values": values},
        "mark": {"type": "line", "color": f"var({colour})", "strokeWidth": 2, **mark},
    }


def _dots(values: list[Spec], fill: str) -> Spec:
    stroke = "--others" if fill == "--others" else "--s1"
    return {
        "data": {"values": values},
        "mark": {
            "type": "point",
            "size": 12 if fill == "--others" else 34,
            "fill": f"var({fill})",
            "stroke": f"var({stroke})",
            "opacity": 1,
        },
        "encoding": {"description": {"field": "text"}},
    }


def _area(values: list[Spec], currency: str) -> Spec:
    return {
        "data": {"values": values},
        "mark": {"type": "area", "color": "var(--range)", "opacity": 1},
        "encoding": {"y": _sofar("low", currency), "y2": {"field": "high"}},
    }


def _sofar(field: str, currency: str) -> Spec:
    return {
        "field": field,
        "type": "quantitative",
        "axis": amount_axis(currency, "added up"),
    }
