"""The report's charts as Vega-Lite specifications: data in, an SVG drawing out."""

from infra.report.charts.forecast import forecast_chart, forecast_colours
from infra.report.charts.rows import (
    anomaly_chart,
    anomaly_colours,
    move_chart,
    move_colours,
    tag_chart,
    tag_colours,
)
from infra.report.charts.trend import colours, trend_chart

__all__ = [
    "anomaly_chart",
    "anomaly_colours",
    "colours",
    "forecast_chart",
    "forecast_colours",
    "move_chart",
    "move_colours",
    "tag_chart",
    "tag_colours",
    "trend_chart",
]
