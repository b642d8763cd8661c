"""A client whose calls the server's application answers in this thread, without a socket.

A deployment is hundreds of small calls: over HTTP, most of their time goes into connections and
into waiting for the other thread.
"""

import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit
from wsgiref.types import WSGIApplication, WSGIEnvironment

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from werkzeug.test import run_wsgi_app


def answer_here(client: Any, application: WSGIApplication) -> None:
    """Let an application answer all calls of a boto3 client."""

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        body, status, headers = run_wsgi_app(application, _environ(request))
        code = int(status.partition(" ")[0])
        return AWSResponse(request.url, code, dict(headers.items()), _Body(b"".join(body)))

    client.meta.events.register("before-send", answer)


class _Body(io.BytesIO):
    """Bytes as urllib3 gives them."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        """Yield all at once."""
        yield self.read()


def _environ(request: AWSPreparedRequest) -> WSGIEnvironment:
    url = urlsplit(request.url)
    body = _bytes(request.body)
    headers = {
        f"HTTP_{name.upper().replace('-', '_')}": _text(value)
        for name, value in request.headers.items()
    }
    return {
        **headers,
        "REQUEST_METHOD": request.method,
        "PATH_INFO": unquote(url.path, "latin-1") or "/",
        "QUERY_STRING": url.query,
        "RAW_URI": request.url,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": url.netloc,
        "CONTENT_TYPE": headers.get("HTTP_CONTENT_TYPE", ""),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    return bytes(body if isinstance(body, bytes | bytearray) else body.read())


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
