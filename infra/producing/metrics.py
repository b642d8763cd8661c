"""Health and metrics of a running producer over HTTP: `/healthz`, and `/metrics` for Prometheus."""

import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from socketserver import ThreadingMixIn
from threading import Thread
from types import TracebackType
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

import orjson
from prometheus_client import CollectorRegistry, Metric, make_wsgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

from infra.producing.figures import FIGURES
from producers.writer import WriterReport
from schemas.errors import FinopsError

PREFIX = "finops_producer_"
HOST = "127.0.0.1"
"""Loopback, unless the caller says otherwise: nobody has to prove who they are."""
OLDEST_SECONDS = 300.0
"""An entry that waits longer than Firehose's own buffer is late for a reader."""
_POLL_SECONDS = 0.05
"""How often the server looks whether it is to end."""
_CALLER_SECONDS = 10.0


class MetricsError(FinopsError):
    """The endpoint cannot be served where it was asked for."""


class MetricsServer:
    """Serves the figures of one producer, on a thread of its own, as a context manager.

    Args:
        port: the port; 0 takes a free one.
        look: returns how the producer stands; asked once for each call.
        host: the address to listen on.
        name: the producer's name, a label of every figure.
        oldest: an entry may wait in the spool so many seconds before that is a problem.

    Example:
        with MetricsServer(9464, writer.report, name="invoices"):
            ...
    """

    def __init__(
        self,
        port: int,
        look: Callable[[], WriterReport],
        *,
        host: str = HOST,
        name: str,
        oldest: float = OLDEST_SECONDS,
    ) -> None:
        self._port = port
        self._host = host
        self._application = _Application(look, name, oldest)

    @property
    def url(self) -> str:
        """Where it is, once it serves."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._server.server_port}"

    def __enter__(self) -> "MetricsServer":
        """Begin to serve.

        Raises:
            MetricsError: the address is not there, not allowed, or taken.
        """
        try:
            self._server = _listen(self._host, self._port, self._application)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise MetricsError(
                f"no metrics at {self._host} port {self._port}: {reason}; choose another "
                "--metrics-port (0 takes a free one) or --metrics-host"
            ) from error
        self._thread = Thread(
            target=self._server.serve_forever,
            args=(_POLL_SECONDS,),
            name="producer-metrics",
            daemon=True,
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Accept no more calls."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def ailments(report: WriterReport, oldest: float = OLDEST_SECONDS) -> list[str]:
    """Return what is wrong with a producer; empty when it is well."""
    found = [report.problem] if report.problem else []
    if report.oldest_waiting > oldest:
        found.append(
            f"the oldest entry has waited for {report.oldest_waiting:,.0f} s, "
            f"longer than {oldest:,.0f}"
        )
    return found


class WriterCollector(Collector):
    """Makes Prometheus's figures of one report a scrape, so that they add up."""

    def __init__(self, look: Callable[[], WriterReport], name: str) -> None:
        self._look = look
        self._name = name

    def collect(self) -> Iterator[Metric]:
        """Yield every figure, and the open delivery."""
        report = self._look()
        for figure in FIGURES:
            kind = CounterMetricFamily if figure.counts else GaugeMetricFamily
            family = kind(PREFIX + figure.name, figure.means, labels=["producer"])
            family.add_metric([self._name], figure.of(report))
            yield family
        info = InfoMetricFamily(PREFIX[:-1], "The open delivery.", labels=["producer"])
        info.add_metric([self._name], {"delivery": report.delivery})
        yield info


class _Application:
    """Answers the two paths."""

    def __init__(self, look: Callable[[], WriterReport], name: str, oldest: float) -> None:
        # A registry of its own: two producers in a process do not see each other.
        registry = CollectorRegistry()
        registry.register(WriterCollector(look, name))
        self._metrics = make_wsgi_app(registry)
        self._look = look
        self._name = name
        self._oldest = oldest

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer one call."""
        path = environ.get("PATH_INFO")
        if path == "/metrics":
            answer: Iterable[bytes] = self._metrics(environ, start)
            return answer
        if path != "/healthz":
            return _say(start, "404 Not Found", {"error": "there are /metrics and /healthz"})
        if environ["REQUEST_METHOD"] != "GET":
            return _say(start, "405 Method Not Allowed", {"error": "GET it"}, ("Allow", "GET"))
        report = self._look()
        wrong = ailments(report, self._oldest)
        body = {
            "status": "failing" if wrong else "ok",
            "producer": self._name,
            "because": wrong,
            "events_pending": report.pending,
            "spool_events": report.waiting_events,
            "oldest_waiting_seconds": report.oldest_waiting,
        }
        return _say(start, "503 Service Unavailable" if wrong else "200 OK", body)


def _say(
    start: StartResponse, status: str, body: dict[str, Any], *headers: tuple[str, str]
) -> Iterable[bytes]:
    text = orjson.dumps(body) + b"\n"
    kind = ("Content-Type", "application/json")
    start(status, [kind, ("Content-Length", str(len(text))), *headers])
    return [text]


class _Handler(WSGIRequestHandler):
    """Leaves the terminal alone, and no caller a connection for ever."""

    timeout = _CALLER_SECONDS

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the base class's name
        """Print nothing."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing of a caller that went away or says nothing; the rest is ours."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Server6(_Server):
    address_family = socket.AF_INET6


def _listen(host: str, port: int, application: _Application) -> WSGIServer:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    kind = _Server6 if found[0][0] == socket.AF_INET6 else _Server
    return make_server(host, port, application, kind, handler_class=_Handler)
