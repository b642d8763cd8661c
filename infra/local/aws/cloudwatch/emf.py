"""Metrics that a function writes into its log, read as CloudWatch reads them.

Source: CloudWatch user guide, "Specification: Embedded metric format". A line that is not of that
format is a line; CloudWatch says nothing about it either.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from infra.local.aws.cloudwatch.series import Key

_MARK = '"_aws"'


def metrics_in(lines: Iterable[str]) -> Iterator[tuple[Key, float, str]]:
    """Yield each value in a log: which metric, how much, in which unit."""
    for line in lines:
        if _MARK in line:
            try:
                document = json.loads(line)
                found = list(_metrics(document))
            except (ValueError, TypeError, KeyError, AttributeError):
                continue
            yield from found


def _metrics(document: Mapping[str, Any]) -> Iterator[tuple[Key, float, str]]:
    for directive in document["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = {name: str(document[name]) for name in names}
            for metric in directive["Metrics"]:
                key = Key.of(directive["Namespace"], metric["Name"], dimensions)
                values = document[metric["Name"]]
                for value in values if isinstance(values, list) else [values]:
                    yield key, float(value), metric.get("Unit", "None")
