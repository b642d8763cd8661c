"""Cost by day and service, with a mark over each abnormal day."""

from collections.abc import Collection, Sequence
from datetime import date

from markupsafe import Markup

from infra.report.anomalies import Anomaly
from infra.report.charts.frame import HEIGHT, Spec, amount_axis, chart, spoken
from infra.report.costs import OTHERS, Trend
from infra.report.svg import drawing

_LINED_DAYS = 100
"""Up to so many days, bars have lines between them; beyond, the lines would hide the bars."""
_LINED: Spec = {"stroke": "var(--page)", "strokeWidth": 0.5}
_DENSE: Spec = {"binSpacing": 0}
_FAINT = 0.45


def colours(trend: Trend) -> tuple[str, ...]:
    """Return the colour of each group of a trend."""
    count = len(trend.groups)
    names = [f"var(--s{i + 1})" for i in range(count)]
    if trend.groups and trend.groups[-1] == OTHERS:
        names[-1] = "var(--others)"
    return tuple(names)


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
            "text": f"{day.charge_date}, {group}: {spoken(cost, trend.currency)}",
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
    cost = {"field": "cost", "type": "quantitative", "axis": amount_axis(trend.currency, "a day")}
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
    return chart(HEIGHT, layer=[stacked, abnormal] if marks else [stacked])


def _span(trend: Trend) -> int:
    first, last = (date.fromisoformat(trend.days[i].charge_date) for i in (0, -1))
    return (last - first).days + 1
