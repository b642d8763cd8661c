"""What the streams of one service share: where things are, time, chance and injected faults."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from infra.local.firehose.choices import DEFAULT_CHOICES, Choices
from infra.local.firehose.faults import Faults
from infra.local.firehose.identifiers import Identifiers
from infra.local.firehose.processing import Function
from schemas.lake import ObjectStore
from schemas.tables import Table


@dataclass(slots=True)
class Environment:
    """The world around a stream; `faults` may change while streams run."""

    stores: Mapping[str, ObjectStore]
    functions: Mapping[str, Function]
    clock: Callable[[], datetime]
    identifiers: Identifiers
    region: str
    faults: Faults
    choices: Choices = DEFAULT_CHOICES
    tables: Mapping[tuple[str, str], Table] = field(default_factory=dict)
