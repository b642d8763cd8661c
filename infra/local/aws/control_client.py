"""Asks a running server over its own paths; the other end of `control_paths`."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode

from infra.local.aws.control_paths import ControlError


def ask(
    endpoint_url: str,
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    document: Mapping[str, object] | None = None,
) -> Any:
    """Return what the server answers, None for nothing.

    Raises:
        ControlError: the server refuses it, or does not answer.
    """
    url = f"{endpoint_url}{path}" + (f"?{urlencode(query)}" if query else "")
    body = None if document is None else json.dumps(document).encode()
    request = urllib.request.Request(url, data=body, method=method)
    # Without the machine's proxies: the server is on loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request) as answer:
            text = answer.read()
    except urllib.error.HTTPError as error:
        with error:
            raise ControlError(_message(error.read(), error.code)) from None
    except (OSError, HTTPException) as error:
        raise ControlError(
            f"the server at {endpoint_url} does not answer ({error}); see: finops local status"
        ) from error
    return json.loads(text) if text else None


def _message(body: bytes, status: int) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return f"the server answers {status}: {body.decode(errors='replace')}; look at its log"
