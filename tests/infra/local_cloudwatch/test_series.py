"""Measured values by the minute."""

from infra.local.aws.cloudwatch.emf import metrics_in
from infra.local.aws.cloudwatch.series import KEPT_MINUTES, Key, MetricStore
from schemas.emf import NAMESPACE, emf_line

KEY = Key.of("Ours", "N", {"b": "2", "a": "1"})


def test_statistics_are_of_what_was_counted() -> None:
    """In one minute or over several; the end is not included."""
    store = MetricStore()
    store.record(10, [(KEY, 4, "Count"), (KEY, 1, "Count")])
    store.record(12, [(KEY, 7, "Count")])
    ((minute, samples),) = store.read(KEY, 10, 12)
    assert minute == 10
    names = ("Sum", "Minimum", "Maximum", "SampleCount", "Average")
    assert [samples.statistic(name) for name in names] == [5, 1, 4, 2, 2.5]
    assert [m for m, _ in store.read(KEY, 0, 13)] == [10, 12]
    assert store.read(KEY, 13, 99) == store.read(Key.of("Ours", "N", {}), 0, 99) == []


def test_a_late_value_finds_its_minute() -> None:
    """A client may put what was measured before."""
    store = MetricStore()
    for minute in (10, 5, 7, 5):
        store.record(minute, [(KEY, 1, "Count")])
    assert [(m, s.count) for m, s in store.read(KEY, 0, 99)] == [(5, 2), (7, 1), (10, 1)]


def test_dimensions_have_no_order() -> None:
    """A metric is the same however they are listed."""
    assert Key.of("Ours", "N", {"a": "1", "b": "2"}) == KEY


def test_what_is_old_is_forgotten() -> None:
    """Memory is bounded by what is kept, twice over."""
    store = MetricStore()
    for minute in range(3 * KEPT_MINUTES):
        store.record(minute, [(KEY, 1, "Count")])
    kept = store.read(KEY, 0, 3 * KEPT_MINUTES)
    assert KEPT_MINUTES <= len(kept) <= 2 * KEPT_MINUTES + 1
    assert kept[-1][0] == 3 * KEPT_MINUTES - 1


def test_a_log_s_metrics_are_read_and_the_rest_is_left() -> None:
    """Ours and Powertools's form (lists), several dimension sets, and lines that only look so."""
    powertools = (
        '{"service": "f", "Records": [2.0, 3.0], "_aws": {"Timestamp": 1, "CloudWatchMetrics": '
        '[{"Namespace": "N", "Dimensions": [["service"], []], '
        '"Metrics": [{"Name": "Records"}]}]}}'
    )
    log = [
        "START",
        emf_line("f", {"Lag": (2.5, "Seconds")}, 1, {"rule": "r"}),
        '{"_aws": "not a document"}',
        '{"_aws": {"CloudWatchMetrics": [{"Namespace": "N", "Dimensions": [["gone"]], '
        '"Metrics": []}]}}',
        '"_aws" {',
        powertools,
    ]
    one, all_ = Key.of("N", "Records", {"service": "f"}), Key.of("N", "Records", {})
    assert list(metrics_in(log)) == [
        (Key.of(NAMESPACE, "Lag", {"service": "f", "rule": "r"}), 2.5, "Seconds"),
        (one, 2.0, "None"),
        (one, 3.0, "None"),
        (all_, 2.0, "None"),
        (all_, 3.0, "None"),
    ]
