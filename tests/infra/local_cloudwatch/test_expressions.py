"""Metric math: what is known of it, and that all else is refused."""

import pytest

from infra.local.aws.cloudwatch.expressions import Expression, UnsupportedMathError

METRICS: dict[str, list[float | None]] = {
    "a": [10.0, None, 30.0],
    "b": [5.0, 2.0, 0.0],
    "none": [None, None, None],
}


def value(text: str, period: int = 300) -> list[float | None]:
    """Evaluate over the example."""
    return Expression(text, set(METRICS)).points(METRICS, period)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", [10, None, 30]),
        ("a + b", [15, None, 30]),
        ("b - a", [-5, None, -30]),
        ("100 * a", [1000, None, 3000]),
        ("a / b", [2, None, None]),
        ("-(a) + 1", [-9, None, -29]),
        ("2 * 3 - 1", [5, 5, 5]),
        ("FILL(a, 0)", [10, 0, 30]),
        ("FILL(none, 0)", [None, None, None]),
        ("FILL(a, 0) - FILL(b, 0)", [5, -2, 30]),
        ("PERIOD(a)", [300, 300, 300]),
        ("b / PERIOD(b) * 60", [1, 0.4, 0]),
        ("DIFF(a)", [None, None, 20]),
        ("DIFF(b)", [None, -3, -2]),
        ("DIFF(FILL(a, 0))", [None, -10, 30]),
    ],
)
def test_what_is_known(text: str, expected: list[float | None]) -> None:
    """A missing value makes a missing result; so does a division by zero."""
    assert value(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a +",
        "c",
        "a ** 2",
        "a > b",
        "IF(a, b, 0)",
        "SUM(METRICS())",
        "RATE(a)",
        "FILL(a, REPEAT)",
        "FILL(a, b)",
        "FILL(a + b, 0)",
        "FILL(a)",
        "PERIOD(300)",
        "a.real",
        "(lambda: a)()",
        "True",
        "'text'",
        "SELECT AVG(x) FROM y",
        "SEARCH('{x}', 'Sum', 300)",
        "ANOMALY_DETECTION_BAND(a, 2)",
    ],
)
def test_what_is_not_known_is_refused(text: str) -> None:
    """With the expression and what can be used instead."""
    with pytest.raises(UnsupportedMathError, match="expression"):
        Expression(text, set(METRICS))
