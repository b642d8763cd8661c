"""The endpoint of a running producer, asked over loopback as a scraper and a probe ask it."""

import json
import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from infra.producing.figures import FIGURES
from infra.producing.metrics import MetricsError, MetricsServer, WriterCollector, ailments
from producers.transport import ScriptedTransport
from producers.writer import DeliveryWriter, WriterReport
from tests.infra.producing.reports import REPORT, report
from tests.producers.writer.events import AT_ONCE, event

NAME = "invoices"


def ask(url: str, method: str = "GET") -> tuple[int, str, bytes]:
    """Return status, content type and body."""
    host, slash, path = url.removeprefix("http://").partition("/")
    connection = HTTPConnection(host, timeout=10)
    try:
        connection.request(method, slash + path)
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read()
    finally:
        connection.close()


def scrape(url: str) -> dict[str, tuple[str, dict[str, str], float]]:
    """Return every sample by its name: type, labels, value; none may come twice."""
    status, kind, body = ask(url + "/metrics")
    assert status == 200
    assert kind.startswith("text/plain; version=")
    found: dict[str, tuple[str, dict[str, str], float]] = {}
    for family in text_string_to_metric_families(body.decode()):
        assert family.documentation
        for sample in family.samples:
            assert sample.name not in found
            found[sample.name] = (family.type, sample.labels, sample.value)
    return found


def health(url: str) -> tuple[int, Any]:
    """Return the probe's status and body."""
    status, kind, body = ask(url + "/healthz")
    assert kind == "application/json"
    return status, json.loads(body)


def test_a_scrape_says_what_the_report_says() -> None:
    """Every figure under its Prometheus name, with the producer's label; nothing beside them."""
    with MetricsServer(0, lambda: REPORT, name=NAME) as server:
        found = scrape(server.url)
    labels = {"producer": NAME}
    counters = {
        "events_put": 120,
        "events_acknowledged": 110,
        "events_accepted": 90,
        "rows_rejected": 3,
        "records_accepted": 7,
        "records_retried": 5,
        "records_unknown": 2,
        "wire_bytes": 4_321,
        "billed_bytes": 35_840,
    }
    gauges = {
        "events_pending": 10,
        "records_in_flight": 1,
        "spool_records": 4,
        "spool_events": 20,
        "spool_bytes": 9_999,
        "spool_damaged_bytes": 17,
        "oldest_waiting_seconds": 1.5,
        "problem": 0,
    }
    wanted: dict[str, Any] = {
        f"finops_producer_{n}_total": ("counter", labels, v) for n, v in counters.items()
    }
    wanted |= {f"finops_producer_{n}": ("gauge", labels, v) for n, v in gauges.items()}
    delivery = {**labels, "delivery": REPORT.delivery}
    wanted["finops_producer_info"] = ("gauge", delivery, 1)
    assert found == wanted


def test_each_scrape_looks_once() -> None:
    """The numbers of one scrape are of one moment."""
    looks: Iterator[WriterReport] = iter([report(put=200), report(put=300, problem="disk full")])
    with MetricsServer(0, lambda: next(looks), name=NAME) as server:
        first, second = scrape(server.url), scrape(server.url)
    assert first["finops_producer_events_put_total"][2] == 200
    assert first["finops_producer_events_pending"][2] == 90
    assert second["finops_producer_events_pending"][2] == 190
    assert second["finops_producer_problem"][2] == 1


def test_a_real_writer_is_shown(tmp_path: Path) -> None:
    """Everything that was put is acknowledged and accepted, and nothing waits."""
    with DeliveryWriter(NAME, ScriptedTransport(), tmp_path, AT_ONCE) as writer:
        for n in range(25):
            writer.put(event(n))
        with MetricsServer(0, writer.report, name=writer.name) as server:
            writer.flush(timeout=20)
            found = scrape(server.url)
            assert health(server.url)[0] == 200
    for name in ("put", "acknowledged", "accepted"):
        assert found[f"finops_producer_events_{name}_total"][2] == 25
    assert found["finops_producer_spool_events"][2] == 0
    assert found["finops_producer_billed_bytes_total"][2] >= 5_120


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({}, []),
        ({"oldest_waiting": 300.0}, []),
        ({"oldest_waiting": 300.5}, ["the oldest entry has waited for 300 s, longer than 300"]),
        ({"problem": "disk full; make room"}, ["disk full; make room"]),
        (
            {"problem": "no connection; try again", "oldest_waiting": 4_000.0},
            [
                "no connection; try again",
                "the oldest entry has waited for 4,000 s, longer than 300",
            ],
        ),
    ],
)
def test_a_producer_is_well_or_says_why_not(changes: dict[str, Any], because: list[str]) -> None:
    """200 or 503, and which of the two reasons."""
    looked = report(**changes)
    assert ailments(looked) == because
    with MetricsServer(0, lambda: looked, name=NAME) as server:
        status, body = health(server.url)
    assert status == (503 if because else 200)
    assert body == {
        "status": "failing" if because else "ok",
        "producer": NAME,
        "because": because,
        "events_pending": 10,
        "spool_events": 20,
        "oldest_waiting_seconds": looked.oldest_waiting,
    }


def test_how_long_is_too_long_can_be_said() -> None:
    """The bound is the caller's."""
    with MetricsServer(0, lambda: REPORT, name=NAME, oldest=1.0) as server:
        assert health(server.url)[0] == 503


def test_nothing_else_is_there() -> None:
    """Unknown paths are 404, and nobody may change anything."""
    with MetricsServer(0, lambda: REPORT, name=NAME) as server:
        for path in ("/", "/metrics/", "/healthz/x", "/favicon.ico"):
            assert ask(server.url + path)[0] == 404
        for path in ("/metrics", "/healthz"):
            assert ask(server.url + path, "POST")[0] == 405


def test_it_is_on_loopback_and_gone_afterwards() -> None:
    """The default address is reachable from this machine alone; closing frees the port."""
    with MetricsServer(0, lambda: REPORT, name=NAME) as server:
        url = server.url
        assert url.startswith("http://127.0.0.1:")
    with pytest.raises(ConnectionRefusedError):
        ask(url + "/healthz")
    port = int(url.rpartition(":")[2])
    with MetricsServer(port, lambda: REPORT, name=NAME) as again:
        assert again.url == url


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="no IPv6 on this machine")
def test_it_listens_on_ipv6_too() -> None:
    """An address with colons is one."""
    with MetricsServer(0, lambda: REPORT, name=NAME, host="::1") as server:
        assert health(server.url)[0] == 200


def test_an_address_that_cannot_be_had_is_an_error_with_the_next_step() -> None:
    """A taken port, no such address, no such port."""
    with MetricsServer(0, lambda: REPORT, name=NAME) as server:
        taken = int(server.url.rpartition(":")[2])
        for port, host in ((taken, "127.0.0.1"), (0, "192.0.2.1"), (70_000, "127.0.0.1")):
            with (
                pytest.raises(MetricsError, match="choose another --metrics-port"),
                MetricsServer(port, lambda: REPORT, name=NAME, host=host),
            ):
                pass


def test_a_caller_that_goes_away_leaves_no_trace(capfd: pytest.CaptureFixture[str]) -> None:
    """Half a request and a reset: nothing is printed, and the next caller is answered."""
    with MetricsServer(0, lambda: REPORT, name=NAME) as server:
        port = int(server.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as caller:
            caller.sendall(b"GET /met")
            linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        assert health(server.url)[0] == 200
    assert capfd.readouterr() == ("", "")


def test_nothing_is_registered_for_the_whole_process() -> None:
    """Two producers in a process each show their own figures."""
    ours = {family.name for family in WriterCollector(lambda: REPORT, NAME).collect()}
    other = report(put=1, acknowledged=1)
    with (
        MetricsServer(0, lambda: REPORT, name=NAME) as one,
        MetricsServer(0, lambda: other, name="other") as two,
    ):
        assert scrape(one.url)["finops_producer_events_put_total"][2] == 120
        assert scrape(two.url)["finops_producer_events_put_total"][1:] == ({"producer": "other"}, 1)
        assert ours.isdisjoint(family.name for family in REGISTRY.collect())


def test_names_are_as_prometheus_wants_them() -> None:
    """Snake case; the unit at the end, the base unit; a counter's `_total` is added."""
    names = [figure.name for figure in FIGURES]
    assert len(set(names)) == len(names)
    for figure in FIGURES:
        assert not figure.name.endswith("_total")
        suffix = {"Bytes": "_bytes", "Seconds": "_seconds"}.get(figure.unit, "")
        assert figure.name.endswith(suffix)
