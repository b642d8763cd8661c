"""What the server answers beside AWS's own API, for our command line: a POST, a GET, a DELETE."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from schemas.errors import FinopsError

PREFIX = "/_local/"


@dataclass(frozen=True, slots=True)
class Call:
    """A call of our own: its query parameters and its JSON document, empty ones without."""

    query: Mapping[str, str]
    document: Mapping[str, object]


Hook = Callable[[Call], object]
"""Answers a call with what is JSON, None for nothing; raises `ControlError` to refuse it."""
Hooks = Mapping[tuple[str, str], Hook]
"""By method and path."""


class ControlError(FinopsError):
    """The call cannot be done; the caller is told why."""
