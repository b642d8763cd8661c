"""EMF lines, held to what the published specification requires."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.producing.emf import EmfLines, emf_line
from infra.producing.figures import FIGURES
from producers.sending import Sent
from producers.writer import WriterReport
from schemas.emf import NAMESPACE
from tests.infra.producing.reports import REPORT, report

NOW = 1_790_000_000_000
UNITS = {"Count", "Bytes", "Seconds"}


def read(line: str) -> dict[str, Any]:
    """Parse a line, and check the members and limits that the specification names.

    CloudWatch user guide, "Specification: Embedded metric format".
    """
    assert "\n" not in line
    assert len(line.encode()) < 1_000_000
    root: dict[str, Any] = json.loads(line)
    assert isinstance(root["_aws"]["Timestamp"], int)
    (directive,) = root["_aws"]["CloudWatchMetrics"]
    assert set(directive) == {"Namespace", "Dimensions", "Metrics"}
    for dimensions in directive["Dimensions"]:
        assert 1 <= len(dimensions) <= 30
        assert all(isinstance(root[name], str) and root[name] for name in dimensions)
    assert len(directive["Metrics"]) <= 100
    for metric in directive["Metrics"]:
        assert metric["Unit"] in UNITS
        values = root[metric["Name"]]
        assert len(values) <= 100
        assert all(isinstance(value, float) for value in values)
    return root


def figures(line: str) -> dict[str, float]:
    """Return each metric's one value."""
    root = read(line)
    (directive,) = root["_aws"]["CloudWatchMetrics"]
    found = {}
    for metric in directive["Metrics"]:
        (found[metric["Name"]],) = root[metric["Name"]]
    return found


def test_a_line_is_what_the_specification_requires() -> None:
    """Namespace, one dimension, the time as given, all figures with their units."""
    root = read(emf_line(None, REPORT, NOW, "invoices"))
    (directive,) = root["_aws"]["CloudWatchMetrics"]
    assert root["_aws"]["Timestamp"] == NOW
    assert (directive["Namespace"], directive["Dimensions"]) == (NAMESPACE, [["producer"]])
    assert root["producer"] == "invoices"
    units = {metric["Name"]: metric["Unit"] for metric in directive["Metrics"]}
    assert units == {figure.in_camel_case: figure.unit for figure in FIGURES}
    assert units["OldestWaitingSeconds"] == "Seconds"
    assert units["BilledBytes"] == "Bytes"
    assert root["delivery"] == REPORT.delivery
    assert "because" not in root


def test_what_is_the_matter_goes_along() -> None:
    """As text beside the metric: CloudWatch keeps it in the log."""
    line = emf_line(None, report(problem="disk full; make room"), NOW, "p")
    assert read(line)["because"] == "disk full; make room"
    assert figures(line)["Problem"] == 1


def test_the_first_line_has_everything_so_far() -> None:
    """Counters from zero, gauges as they are."""
    found = figures(emf_line(None, REPORT, NOW, "p"))
    assert found == {figure.in_camel_case: figure.of(REPORT) for figure in FIGURES}


def test_the_next_line_has_what_happened_since() -> None:
    """Counters are differences, zero included; gauges are as they are."""
    sent = Sent(records=9, events=100, wire_bytes=5_000, billed_bytes=46_080, retried=5, unknown=2)
    later = report(put=150, acknowledged=150, sent=sent, waiting_events=2, oldest_waiting=0.5)
    lines = EmfLines("p", lambda: NOW)
    lines(REPORT)
    found = figures(lines(later))
    assert (found["EventsPut"], found["EventsAcknowledged"], found["EventsAccepted"]) == (
        30,
        40,
        10,
    )
    assert (found["RecordsAccepted"], found["BilledBytes"]) == (2, 10_240)
    assert (found["RecordsRetried"], found["RecordsUnknown"], found["RowsRejected"]) == (0, 0, 0)
    assert (found["EventsPending"], found["SpoolEvents"]) == (0, 2)
    assert found["OldestWaitingSeconds"] == 0.5


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=8))
def test_the_lines_add_up_to_the_last_report(steps: list[int]) -> None:
    """Whatever the looks were, CloudWatch's sums are the writer's counts."""
    lines = EmfLines("p", lambda: NOW)
    put, total = 0, 0.0
    last: WriterReport = REPORT
    for step in steps:
        put += step
        last = report(put=put, acknowledged=put)
        total += figures(lines(last))["EventsPut"]
    assert total == last.put


def test_the_environment_does_not_change_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Powertools reads names from it; a producer's dimension is its name alone."""
    before = emf_line(None, REPORT, NOW, "p")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "other")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Other")
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")
    assert emf_line(None, REPORT, NOW, "p") == before
