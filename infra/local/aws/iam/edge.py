"""Where HTTP calls come in: whose is it, what does it ask for, may that be?"""

import io
import json
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment
from xml.sax.saxutils import escape

from moto.core.request import Request
from moto.core.routing import get_service_router
from werkzeug.exceptions import MethodNotAllowed, NotFound

from infra.local.aws.iam.access import Access
from infra.local.aws.iam.principal import Principal
from infra.local.aws.iam.requirements import needed
from infra.local.aws.iam.roles import UnknownKeyError, principal_of
from infra.local.iam import NotUnderstoodError

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d+/([^/]+)/([^/]+)/aws4_request")
_REST = {"s3", "lambda"}
"""The services whose operations are told by method and path; all others are told by a header."""
_NOT_JUDGED = re.compile(
    r"HTTP_X_AMZ_(ACL|GRANT_.*|TAGGING|OBJECT_LOCK_.*|COPY_SOURCE.*|WEBSITE_.*|BYPASS_.*)"
)
"""Headers of S3 that need a permission of their own."""
_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost)(:\d+)?")


class _RefusedError(Exception):
    """A call that is not let through; S3's errors have codes of their own."""

    def __init__(self, service: str, code: str, message: str, s3_code: str = "") -> None:
        super().__init__(message)
        self.service, self.message = service, message
        self.code = s3_code if service == "s3" and s3_code else code


def _denied(service: str, message: str) -> _RefusedError:
    return _RefusedError(service, "AccessDeniedException", message, "AccessDenied")


class Edge:
    """Lets through what a person asks for, and of a role's calls those that it may make.

    Args:
        application: what answers.
        access: who may do what.
    """

    def __init__(self, application: WSGIApplication, access: Access) -> None:
        self._application = application
        self._access = access

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer one call."""
        if not self._access.enforced:
            return self._application(environ, start)
        request = Request(environ)
        try:
            service, principal = _caller(request)
            if principal is None:
                return self._application(environ, start)
            self._check(request, service, principal)
        except _RefusedError as refused:
            return _refuse(request, start, refused)
        with self._access.calling(principal):
            return self._application(environ, start)

    def _check(self, request: Request, service: str, principal: Principal) -> None:
        operation, body = _asked(request, service)
        calls = needed(service, operation, body)
        if calls is None or not _plain(request, service):
            raise _denied(
                service,
                f"User: {principal.arn} is not authorized to perform: {service}:{operation}; the "
                "local IAM does not know what it needs: see infra/local/aws/iam/requirements.py",
            )
        message = self._access.denied(principal, *calls)
        if message is not None:
            raise _denied(service, message)


def _caller(request: Request) -> tuple[str, Principal | None]:
    """Return the service that is called, and the role that calls; None for a person."""
    signed = request.headers.get("Authorization", "")
    token = request.headers.get("X-Amz-Security-Token")
    if not signed:
        signed = f"Credential={request.args.get('X-Amz-Credential', '')}"
        token = request.args.get("X-Amz-Security-Token")
    found = _CREDENTIAL.search(signed)
    if found is None:
        raise _RefusedError(
            "",
            "MissingAuthenticationToken",
            "Request is missing Authentication Token; sign it, as every AWS client does",
        )
    key, _, service = found.groups()
    try:
        return service, principal_of(key, token)
    except UnknownKeyError:
        raise _RefusedError(
            service,
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
            "InvalidAccessKeyId",
        ) from None
    except NotUnderstoodError as error:
        raise _denied(
            service,
            f"The caller has {error}, which the local IAM does not understand; use a role's keys",
        ) from None


def _asked(request: Request, service: str) -> tuple[str, dict[str, Any]]:
    """Return the operation and its parameters, as far as permissions depend on them."""
    if service in _REST:
        try:
            operation, path = get_service_router(service).match(request)
        except (NotFound, MethodNotAllowed):
            return f"{request.method} {request.path}", {}
        return operation.name, {**request.args.to_dict(), **path}
    content = request.environ["wsgi.input"].read(request.content_length or 0)
    request.environ["wsgi.input"] = io.BytesIO(content)
    operation_name = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
    if operation_name:
        return operation_name, json.loads(content or b"{}")
    # The query protocol, which STS and SNS have.
    form = dict(parse_qsl(content.decode("latin-1"), keep_blank_values=True))
    return form.get("Action", request.path), form


def _plain(request: Request, service: str) -> bool:
    """Tell whether a call of S3 is one that its operation alone describes."""
    return service != "s3" or (
        _LOOPBACK.fullmatch(request.host) is not None
        and "versionId" not in request.args
        and not any(_NOT_JUDGED.fullmatch(name) for name in request.environ)
    )


def _refuse(request: Request, start: StartResponse, refused: _RefusedError) -> Iterable[bytes]:
    content, kind = _rendered(request, refused)
    if request.method == "HEAD":
        content = b""
    # 403 is what REST services answer; of the JSON services all but the newest say 400.
    json_rpc = "X-Amz-Target" in request.headers
    headers = [
        ("Content-Type", kind),
        ("Content-Length", str(len(content))),
        ("x-amzn-ErrorType", refused.code),
    ]
    send: Callable[..., Any] = start
    send("400 Bad Request" if json_rpc else "403 Forbidden", headers)
    return [content]


def _rendered(request: Request, refused: _RefusedError) -> tuple[bytes, str]:
    if "X-Amz-Target" in request.headers or refused.service == "lambda":
        document = {"__type": refused.code, "message": refused.message, "Message": refused.message}
        return json.dumps(document).encode(), "application/x-amz-json-1.1"
    code, message = refused.code, escape(refused.message)
    xml = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    if refused.service not in ("s3", ""):
        xml = f"<ErrorResponse>{xml}</ErrorResponse>"  # the query protocol
    return xml.encode(), "application/xml"
