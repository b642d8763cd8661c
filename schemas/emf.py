"""Metrics as lines in a function's log, of which CloudWatch makes metrics (EMF).

Source: CloudWatch user guide, "Specification: Embedded metric format". Powertools writes it too,
with one dimension set a process; producers know nothing of Powertools.
"""

from collections.abc import Mapping
from decimal import Decimal

import orjson

NAMESPACE = "FinOpsFirehose"
SERVICE = "service"
"""The dimension that every metric of a function has: the function's own name."""


def emf_line(
    service: str,
    values: Mapping[str, tuple[float | Decimal, str]],
    now_millis: int,
    dimensions: Mapping[str, str] | None = None,
    details: Mapping[str, object] | None = None,
) -> str:
    """Return metrics as one line of JSON, without its end of line.

    Args:
        service: the function they are of.
        values: by name, each with its unit as CloudWatch calls it. Amounts become doubles here, as
            all metrics are: they are for looking at, the lake has them to the last digit.
        now_millis: milliseconds since 1970 UTC.
        dimensions: what else tells these metrics from others of the same names.
        details: goes along for whoever reads the log; becomes no metric.
    """
    told = {SERVICE: service, **(dimensions or {})}
    definition = {
        "Namespace": NAMESPACE,
        "Dimensions": [list(told)],
        "Metrics": [{"Name": name, "Unit": unit} for name, (_, unit) in values.items()],
    }
    document = {
        **(details or {}),
        **told,
        **{name: float(value) for name, (value, _) in values.items()},
        "_aws": {"Timestamp": now_millis, "CloudWatchMetrics": [definition]},
    }
    return orjson.dumps(document).decode()
