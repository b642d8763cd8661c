"""What the streams of one service share: places, time, chance, faults, and who is told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from infra.local.firehose.choices import DEFAULT_CHOICES, Choices
from infra.local.firehose.fault_board import FaultBoard
from infra.local.firehose.identifiers import Identifiers
from infra.local.firehose.processing import Function
from infra.local.firehose.telemetry import Telemetry
from schemas.lake import ObjectStore
from schemas.tables import Table

Denied = Callable[[str, str, str], str | None]
"""A role's ARN, an action and a resource's ARN to why it may not; None where it may."""


def nothing_denied(role: str, action: str, resource: str) -> None:
    """Let every role do everything."""


@dataclass(slots=True)
class Environment:
    """The world around a stream; its faults come and go while streams run."""

    stores: Mapping[str, ObjectStore]
    functions: Mapping[str, Function]
    clock: Callable[[], datetime]
    identifiers: Identifiers
    region: str
    faults: FaultBoard
    telemetry: Telemetry
    choices: Choices = DEFAULT_CHOICES
    tables: Mapping[tuple[str, str], Table] = field(default_factory=dict)
    denied: Denied = nothing_denied
