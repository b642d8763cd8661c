"""What the streams of one service share: where things are, time, chance and injected faults."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from infra.local.firehose.faults import Faults
from infra.local.firehose.identifiers import Identifiers
from infra.local.firehose.processing import Function
from schemas.lake import ObjectStore

Denied = Callable[[str, str, str], str | None]
"""A role's ARN, an action and a resource's ARN to why it may not; None where it may."""


def nothing_denied(role: str, action: str, resource: str) -> None:
    """Let every role do everything."""


@dataclass(slots=True)
class Environment:
    """The world around a stream; `faults` may change while streams run."""

    stores: Mapping[str, ObjectStore]
    functions: Mapping[str, Function]
    clock: Callable[[], datetime]
    identifiers: Identifiers
    region: str
    faults: Faults
    denied: Denied = nothing_denied
