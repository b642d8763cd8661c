"""The report's charts as Vega-Lite specifications: data in, an SVG drawing out.

Colours are CSS variables of the page, so that one drawing serves dark, light and print. A drawing
is made of floats, amounts are not: each mark carries its exact amount as text.
"""

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from infra.report.amounts import exact
from infra.report.anomalies import Anomaly
from infra.report.costs import OTHERS, Trend
from infra.report.forecast import Forecast
from infra.report.movers import Mover, Moves
from infra.report.svg import drawing
from infra.report.tags import TagGroup

Spec = dict[str, Any]

WIDTH = 940
_HEIGHT = 260
_ROW = 30
"""Height of a bar in a chart of rows."""
_LABELS = 260
"""Width kept for the labels of a chart of rows: fonts differ from what the renderer measures."""
_LABEL_LIMIT = 215
"""Longer labels end in an ellipsis; the table has them whole."""
_LINED_DAYS = 100
"""Up to so many days, bars have lines between them; beyond, the lines would hide the bars."""
_LINED: Spec = {"stroke": "var(--page)", "strokeWidth": 0.5}
_DENSE: Spec = {"binSpacing": 0}
_FAINT = 0.45
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
_TAGS = (
    ("complete", "var(--good)", "all required tags"),
    ("incomplete", "var(--warn)", "some tags missing"),
    ("missing", "var(--bad)", "all tags missing"),
)


_DAY_OF_MONTH: Spec = {
    "field": "day",
    "type": "quantitative",
    "scale": {"domain": [1, 31], "nice": False},
    "axis": {"title": "day of the month", "grid": False, "values": [1, 5, 10, 15, 20, 25, 31]},
}


def colours(trend: Trend) -> tuple[str, ...]:
    """Return the colour of each group of a trend."""
    count = len(trend.groups)
    names = [f"var(--s{i + 1})" for i in range(count)]
    if trend.groups and trend.groups[-1] == OTHERS:
        names[-1] = "var(--others)"
    return tuple(names)


def tag_colours() -> tuple[tuple[str, str], ...]:
    """Return the colours of tag statuses with what they mean."""
    return tuple((colour, meaning) for _, colour, meaning in _TAGS)


def trend_chart(
    trend: Trend, anomalies: Sequence[Anomaly], growing: Collection[str], caption: str
) -> Markup:
    """Draw effective cost by day, stacked by service, with a mark over each abnormal day.

    Args:
        trend: one currency.
        anomalies: those of the same currency.
        growing: days that are not complete; they are drawn fainter.
        caption: the id of the element that describes the drawing.
    """
    bars = [
        {
            "day": day.charge_date,
            "order": i,
            "cost": float(cost),
            "opacity": _FAINT if day.charge_date in growing else 1,
            "text": f"{day.charge_date}, {group}: {_spoken(cost, trend.currency)}",
        }
        for day in trend.days
        for i, (group, cost) in enumerate(zip(trend.groups, day.groups, strict=True))
        if cost
    ]
    tops = {d.charge_date: sum(float(c) for c in d.groups if c > 0) for d in trend.days}
    marks = [
        {"day": day, "cost": tops[day], "text": f"{day}: {count} abnormal"}
        for day in sorted(tops)
        if (count := sum(a.charge_date <= day <= a.end_date for a in anomalies))
    ]
    return drawing(_trend_spec(trend, bars, marks), caption)


def _trend_spec(trend: Trend, bars: list[Spec], marks: list[Spec]) -> Spec:
    day = {
        "field": "day",
        "type": "temporal",
        "timeUnit": "utcyearmonthdate",
        "axis": {
            "title": None,
            "format": "%-d %b %Y",
            "grid": False,
            # A date twice says less than once.
            "tickCount": 8 if _span(trend) > 8 else {"interval": "day", "step": 1},
            "labelAlign": "left",
            "labelFlush": False,
            "labelOverlap": True,
        },
    }
    cost = {"field": "cost", "type": "quantitative", "axis": _amount_axis(trend.currency, "a day")}
    stacked: Spec = {
        "data": {"values": bars},
        "mark": {"type": "bar", **(_LINED if _span(trend) <= _LINED_DAYS else _DENSE)},
        "encoding": {
            "x": day,
            "y": {**cost, "stack": "zero"},
            "order": {"field": "order", "type": "quantitative"},
            "color": {
                "field": "order",
                "type": "ordinal",
                "scale": {"domain": list(range(len(trend.groups))), "range": list(colours(trend))},
                "legend": None,
            },
            "opacity": {"field": "opacity", "type": "quantitative", "scale": None},
            "description": {"field": "text"},
        },
    }
    abnormal: Spec = {
        "data": {"values": marks},
        "mark": {
            "type": "point",
            "shape": "triangle-down",
            "filled": True,
            "size": 90,
            "yOffset": -9,
            "opacity": 1,
            "color": "var(--ink)",
        },
        "encoding": {
            "x": {**day, "bandPosition": 0.5},
            "y": cost,
            "description": {"field": "text"},
        },
    }
    return _chart(_HEIGHT, layer=[stacked, abnormal] if marks else [stacked])


def _span(trend: Trend) -> int:
    first, last = (date.fromisoformat(trend.days[i].charge_date) for i in (0, -1))
    return (last - first).days + 1


def anomaly_chart(currency: str, anomalies: Sequence[Anomaly], caption: str) -> Markup:
    """Draw what each abnormal day was expected to cost, and what it cost more."""
    values = [
        {
            "row": f"{i:04d}{a.charge_date}  {a.service or a.account or ''}",
            "actual": float(a.actual),
            "expected": float(a.expected),
            "text": f"actual {_spoken(a.actual, currency)}, "
            f"expected {_spoken(a.expected, currency)}",
        }
        for i, a in enumerate(anomalies)
    ]
    return drawing(
        _chart(
            _ROW * len(values),
            width=WIDTH - _LABELS,
            data={"values": values},
            encoding={"y": _rows_axis(), "description": {"field": "text"}},
            layer=[
                {**_bar("var(--others)"), "encoding": {"x": _across("expected", currency)}},
                {
                    **_bar("var(--bad)"),
                    "encoding": {"x": _across("expected", currency), "x2": {"field": "actual"}},
                },
            ],
        ),
        caption,
    )


def tag_chart(currency: str, groups: Sequence[TagGroup], caption: str) -> Markup:
    """Draw how each account's taggable cost is tagged."""
    values = [
        {
            "row": f"{i:04d}{group.account_name or group.account or '(no account)'}",
            "order": order,
            "cost": float(cost),
            "text": f"{meaning}: {_spoken(cost, currency)}",
        }
        for i, group in enumerate(groups)
        for order, (status, _, meaning) in enumerate(_TAGS)
        if (cost := getattr(group.cost, status))
    ]
    spec = _chart(
        _ROW * len(groups),
        width=WIDTH - _LABELS,
        data={"values": values},
        **_bar(),
        encoding={
            "y": _rows_axis(),
            "x": {**_across("cost", currency), "stack": "zero"},
            "order": {"field": "order", "type": "quantitative"},
            "color": {
                "field": "order",
                "type": "ordinal",
                "scale": {"domain": [0, 1, 2], "range": [colour for _, colour, _ in _TAGS]},
                "legend": None,
            },
            "description": {"field": "text"},
        },
    )
    return drawing(spec, caption)


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
        _chart(
            _HEIGHT,
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
    text = f"{word} {day}: {_spoken(sofar, forecast.currency)}"
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
        "axis": _amount_axis(currency, "added up"),
    }


def move_chart(moves: Moves, drawn: Sequence[Mover], caption: str) -> Markup:
    """Draw by how much the largest movers rose or fell."""
    values = [
        {
            "row": f"{i:04d}{m.service or m.account_name or m.account or '(not named)'}",
            "change": float(m.change),
            "rises": m.change > 0,
            "text": f"before {_spoken(m.earlier, moves.currency)}, "
            f"after {_spoken(m.later, moves.currency)}",
        }
        for i, m in enumerate(drawn)
    ]
    spec = _chart(
        _ROW * len(drawn),
        width=WIDTH - _LABELS,
        data={"values": values},
        **_bar(),
        encoding={
            "y": _rows_axis(),
            "x": _across("change", moves.currency),
            "color": {
                "field": "rises",
                "type": "nominal",
                "scale": {"domain": [True, False], "range": ["var(--bad)", "var(--good)"]},
                "legend": None,
            },
            "description": {"field": "text"},
        },
    )
    return drawing(spec, caption)


def move_colours() -> tuple[tuple[str, str], ...]:
    """Return the colours of movers with what they mean."""
    return (("var(--bad)", "costs more"), ("var(--good)", "costs less"))


def anomaly_colours() -> tuple[tuple[str, str], ...]:
    """Return the colours of an abnormal day with what they mean."""
    return (("var(--others)", "expected"), ("var(--bad)", "more than expected"))


def _bar(colour: str | None = None) -> Spec:
    mark: Spec = {"type": "bar", "height": {"band": 0.6}}
    return {"mark": mark if colour is None else {**mark, "color": colour}}


def _chart(height: int, *, width: int = WIDTH, **parts: Any) -> Spec:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": width,
        "height": height,
        "config": _CONFIG,
        **parts,
    }


def _amount_axis(currency: str, unit: str) -> Spec:
    return {"title": f"{currency} {unit}".strip(), "tickCount": 5, "domain": False, "ticks": False}


def _across(field: str, currency: str) -> Spec:
    return {"field": field, "type": "quantitative", "axis": _amount_axis(currency, "")}


def _rows_axis() -> Spec:
    """Return an axis of one label a row; four digits before it keep equal labels apart."""
    return {
        "field": "row",
        "type": "nominal",
        "sort": None,
        "axis": {
            "title": None,
            "labelExpr": "slice(datum.label, 4)",
            "labelAlign": "left",
            "labelPadding": _LABELS,
            "labelLimit": _LABEL_LIMIT,
            "labelColor": "var(--ink)",
            "domain": False,
            "ticks": False,
        },
    }


def _spoken(amount: Decimal, currency: str) -> str:
    return f"{exact(amount)} {currency}"
