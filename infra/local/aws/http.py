"""The HTTP server on loopback: moto's application, guarded, in a thread."""

import json
import traceback
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from threading import Thread
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

from infra.local.aws.iam.access import Access
from infra.local.aws.iam.edge import Edge

HOST = "127.0.0.1"
"""Loopback, and nothing else: the server believes every caller."""
_POLL_SECONDS = 0.01
"""How often the server looks whether it is to end."""


class HttpServer:
    """Serves moto's API until closed.

    Args:
        port: the port; 0 takes a free one.
        log: the file that collects tracebacks of calls that failed unexpectedly.
        hooks: what a POST to a path of ours does, beside AWS's own API.
        access: which calls of roles are let through.
    """

    def __init__(
        self, port: int, log: Path, hooks: Mapping[str, Callable[[], None]], access: Access
    ) -> None:
        moto = Edge(DomainDispatcherApplication(create_backend_app), access)
        application = Guard(moto, log, hooks)
        self._server = make_server(
            HOST, port, application, threaded=True, request_handler=_QuietHandler
        )
        self._thread = Thread(target=self._server.serve_forever, args=(_POLL_SECONDS,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{HOST}:{self._server.port}"

    def close(self) -> None:
        """Accept no more calls."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Guard:
    """Refuses what is no AWS client, and answers crashes as AWS does."""

    def __init__(
        self, application: WSGIApplication, log: Path, hooks: Mapping[str, Callable[[], None]]
    ) -> None:
        self._application = application
        self._log = log
        self._hooks = hooks

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer one call."""
        if "HTTP_ORIGIN" in environ:
            # A page in the user's browser must not reach this; SDKs never send an origin.
            return _error(environ, start, "403 Forbidden", "AccessDenied", "Not for browsers.")
        if str(environ.get("PATH_INFO", "")).startswith("/moto-api"):
            # It could wipe moto's state, and nothing here needs it.
            return _error(environ, start, "404 Not Found", "NotFound", "Not part of AWS.")
        try:
            hook = self._hooks.get(str(environ.get("PATH_INFO", "")))
            if hook is not None and environ["REQUEST_METHOD"] == "POST":
                hook()
                start("204 No Content", [])
                return []
            return self._application(environ, start)
        except Exception as error:
            self._keep(environ)
            status = "500 Internal Server Error"
            return _error(
                environ, start, status, "InternalError", f"{type(error).__name__}: {error}"
            )

    def _keep(self, environ: WSGIEnvironment) -> None:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("a", encoding="utf-8") as file:
            file.write(f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO')}\n")
            file.write(traceback.format_exc())


class _QuietHandler(MotoRequestHandler):
    """Leaves the terminal alone."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 werkzeug's name
        """Print nothing; `Guard` keeps what matters."""


def _error(
    environ: WSGIEnvironment, start: StartResponse, status: str, code: str, message: str
) -> Iterable[bytes]:
    answer, kind = _render(str(environ.get("CONTENT_TYPE", "")), code, message)
    send: Callable[..., Any] = start
    send(status, [("Content-Type", kind), ("Content-Length", str(len(answer)))])
    return [answer]


def _render(content_type: str, code: str, message: str) -> tuple[bytes, str]:
    """Return an error in the form that the caller's protocol has, and its content type."""
    if "json" in content_type:
        return json.dumps({"__type": code, "message": message}).encode(), content_type
    text = message.replace("&", "&amp;").replace("<", "&lt;")
    xml = f"<Error><Code>{code}</Code><Message>{text}</Message></Error>"
    return xml.encode(), "application/xml"
