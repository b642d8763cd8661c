"""The HTTP server on loopback: moto's application, guarded, in a thread."""

import json
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

from infra.local.aws.control_paths import PREFIX, Call, ControlError, Hooks
from infra.local.aws.iam.access import Access
from infra.local.aws.iam.edge import Edge
from infra.local.aws.server_faults import NoAnswerError, raise_if_dropped

HOST = "127.0.0.1"
"""Loopback, and nothing else: the server believes every caller."""
_POLL_SECONDS = 0.01
"""How often the server looks whether it is to end."""


class HttpServer:
    """Serves moto's API until closed.

    Args:
        port: the port; 0 takes a free one.
        log: the file that collects tracebacks of calls that failed unexpectedly.
        hooks: what paths of ours do, beside AWS's own API.
        access: which calls of roles are let through.
    """

    def __init__(self, port: int, log: Path, hooks: Hooks, access: Access) -> None:
        moto = Edge(Dispatcher(), access)
        self.application: WSGIApplication = Guard(moto, log, hooks)
        """What answers, for calls that need no socket."""
        self._server = make_server(
            HOST, port, self.application, threaded=True, request_handler=_QuietHandler
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


class Dispatcher(DomainDispatcherApplication):
    """moto's, which for each call looks through its 190 folders, twice; this one does it once."""

    def __init__(self) -> None:
        super().__init__(create_backend_app)
        self._backends: dict[str | None, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        """Return which backend answers for a host."""
        if host not in self._backends:
            self._backends[host] = super().get_backend_for_host(host)
        return self._backends[host]


class Guard:
    """Refuses what is no AWS client, and answers crashes as AWS does."""

    def __init__(self, application: WSGIApplication, log: Path, hooks: Hooks) -> None:
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
            if str(environ.get("PATH_INFO", "")).startswith(PREFIX):
                return self._answer_hook(environ, start)
            answer = self._application(environ, start)
            raise_if_dropped()
            return answer
        except NoAnswerError:
            raise
        except Exception as error:
            self._keep(environ)
            status = "500 Internal Server Error"
            return _error(
                environ, start, status, "InternalError", f"{type(error).__name__}: {error}"
            )

    def _answer_hook(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], str(environ["PATH_INFO"])
        hook = self._hooks.get((method, path))
        if hook is None:
            return _error(environ, start, "404 Not Found", "NotFound", f"no {method} {path} here")
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        query = dict(parse_qsl(str(environ.get("QUERY_STRING", ""))))
        try:
            answer = hook(Call(query, json.loads(body) if body else {}))
        except ControlError as error:
            return _send(start, "400 Bad Request", {"message": str(error)})
        if answer is None:
            start("204 No Content", [])
            return []
        return _send(start, "200 OK", answer)

    def _keep(self, environ: WSGIEnvironment) -> None:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("a", encoding="utf-8") as file:
            file.write(f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO')}\n")
            file.write(traceback.format_exc())


class _QuietHandler(MotoRequestHandler):
    """Leaves the terminal alone."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 werkzeug's name
        """Print nothing; `Guard` keeps what matters."""

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        """Close the connection: there will be no answer to wait for."""
        self.close_connection = True


def _send(start: StartResponse, status: str, document: object) -> Iterable[bytes]:
    answer = json.dumps(document).encode()
    start(status, [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
    return [answer]


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
