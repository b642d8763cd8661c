"""Charts of one bar a row: anomalies, tags, movers."""

from collections.abc import Sequence

from markupsafe import Markup

from infra.report.anomalies import Anomaly
from infra.report.charts.frame import WIDTH, Spec, amount_axis, chart, spoken
from infra.report.movers import Mover, Moves
from infra.report.svg import drawing
from infra.report.tags import TagGroup

_ROW = 30
"""Height of a bar in a chart of rows."""
_LABELS = 260
"""Width kept for the labels of a chart of rows: fonts differ from what the renderer measures."""
_LABEL_LIMIT = 215
"""Longer labels end in an ellipsis; the table has them whole."""
_TAGS = (
    ("complete", "var(--good)", "all required tags"),
    ("incomplete", "var(--warn)", "some tags missing"),
    ("missing", "var(--bad)", "all tags missing"),
)


def tag_colours() -> tuple[tuple[str, str], ...]:
    """Return the colours of tag statuses with what they mean."""
    return tuple((colour, meaning) for _, colour, meaning in _TAGS)


def anomaly_chart(currency: str, anomalies: Sequence[Anomaly], caption: str) -> Markup:
    """Draw what each abnormal day was expected to cost, and what it cost more."""
    values = [
        {
            "row": f"{i:04d}{a.charge_date}  {a.service or a.account or ''}",
            "actual": float(a.actual),
            "expected": float(a.expected),
            "text": f"actual {spoken(a.actual, currency)}, expected {spoken(a.expected, currency)}",
        }
        for i, a in enumerate(anomalies)
    ]
    return drawing(
        chart(
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
            "text": f"{meaning}: {spoken(cost, currency)}",
        }
        for i, group in enumerate(groups)
        for order, (status, _, meaning) in enumerate(_TAGS)
        if (cost := getattr(group.cost, status))
    ]
    spec = chart(
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


def move_chart(moves: Moves, drawn: Sequence[Mover], caption: str) -> Markup:
    """Draw by how much the largest movers rose or fell."""
    values = [
        {
            "row": f"{i:04d}{m.service or m.account_name or m.account or '(not named)'}",
            "change": float(m.change),
            "rises": m.change > 0,
            "text": f"before {spoken(m.earlier, moves.currency)}, "
            f"after {spoken(m.later, moves.currency)}",
        }
        for i, m in enumerate(drawn)
    ]
    spec = chart(
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


def _across(field: str, currency: str) -> Spec:
    return {"field": field, "type": "quantitative", "axis": amount_axis(currency, "")}


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
