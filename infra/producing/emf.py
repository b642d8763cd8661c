"""A producer's figures as a log line that CloudWatch makes metrics of (embedded metric format)."""

from collections.abc import Callable

import orjson
from aws_lambda_powertools.metrics import EphemeralMetrics

from infra.producing.figures import FIGURES
from producers.writer import WriterReport
from schemas.emf import NAMESPACE


class EmfLines:
    """Makes the lines of one producer, each of what happened since the one before.

    Args:
        name: the producer's name.
        now_millis: milliseconds since 1970 UTC.
    """

    def __init__(self, name: str, now_millis: Callable[[], int]) -> None:
        self._name = name
        self._now_millis = now_millis
        self._previous: WriterReport | None = None

    def __call__(self, report: WriterReport) -> str:
        """Return the next line."""
        line = emf_line(self._previous, report, self._now_millis(), self._name)
        self._previous = report
        return line


def emf_line(
    previous: WriterReport | None, report: WriterReport, now_millis: int, name: str
) -> str:
    """Return a report as one line of JSON, without its end of line.

    CloudWatch adds up what it is given: counters are differences, gauges are as they are. The
    delivery and what is the matter go along for whoever reads the log.

    Source: CloudWatch user guide, "Specification: Embedded metric format"; Powertools writes it.

    Args:
        previous: the report of the line before; None begins at zero.
        report: how things stand.
        now_millis: milliseconds since 1970 UTC.
        name: the producer's name, the one dimension.
    """
    # No service: its dimension would come from the environment.
    metrics = EphemeralMetrics(namespace=NAMESPACE, service="")
    metrics.add_dimension("producer", name)
    metrics.add_metadata("delivery", report.delivery)
    if report.problem:
        metrics.add_metadata("because", report.problem)
    for figure in FIGURES:
        value = figure.of(report)
        if figure.counts and previous is not None:
            value -= figure.of(previous)
        metrics.add_metric(figure.in_camel_case, figure.unit, value)
    # `set_timestamp` would compare it with the machine's clock, and warn.
    metrics.timestamp = now_millis
    return orjson.dumps(metrics.serialize_metric_set()).decode()
