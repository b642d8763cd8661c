"""Metrics in a log line, held to what the published specification requires."""

import json
from decimal import Decimal

from schemas.emf import NAMESPACE, emf_line

NOW = 1_790_000_000_000


def test_a_line_is_what_the_specification_requires() -> None:
    """Every metric and every dimension is a member of the root; the time is as given."""
    line = emf_line(
        "finops-settle",
        {"Lag": (2.5, "Seconds"), "Money": (Decimal("12.10"), "None")},
        NOW,
        {"currency": "EUR"},
        {"because": "it is late"},
    )
    assert "\n" not in line
    root = json.loads(line)
    assert root.pop("_aws") == {
        "Timestamp": NOW,
        "CloudWatchMetrics": [
            {
                "Namespace": NAMESPACE,
                "Dimensions": [["service", "currency"]],
                "Metrics": [{"Name": "Lag", "Unit": "Seconds"}, {"Name": "Money", "Unit": "None"}],
            }
        ],
    }
    assert root == {
        "because": "it is late",
        "service": "finops-settle",
        "currency": "EUR",
        "Lag": 2.5,
        "Money": 12.1,
    }


def test_a_function_alone_is_one_dimension() -> None:
    """What an alarm in the template can name."""
    directive = json.loads(emf_line("f", {"N": (1, "Count")}, NOW))["_aws"]["CloudWatchMetrics"][0]
    assert directive["Dimensions"] == [["service"]]
