"""An in-process Amazon Data Firehose, as faithful as its documentation and captures allow.

Section numbers (§) in comments are those of `docs/reference/firehose-behaviour.md`, the facts it is
held to; `facts.toml` says of each whether it is emulated here, and `Choices` has what is unknown.
It knows the service's own shapes and table schemas, and nothing of what flows through it. What is
buffered lives in this process only, unless a journal keeps it.
"""

from infra.local.firehose.choices import DEFAULT_CHOICES, Choices
from infra.local.firehose.errors import DeliveryError, FirehoseError, JournalError
from infra.local.firehose.fault import Fault, Kind
from infra.local.firehose.fault_board import FaultBoard
from infra.local.firehose.fault_errors import FaultError
from infra.local.firehose.faults import NO_FAULTS, Faults, never, some
from infra.local.firehose.invocation_errors import (
    AccessDeniedError,
    FunctionTimedOutError,
    InvocationError,
    ThrottledError,
)
from infra.local.firehose.journal import Journal, Journals, NoJournal, no_journal
from infra.local.firehose.service import LocalFirehose

__all__ = [
    "DEFAULT_CHOICES",
    "NO_FAULTS",
    "AccessDeniedError",
    "Choices",
    "DeliveryError",
    "Fault",
    "FaultBoard",
    "FaultError",
    "Faults",
    "FirehoseError",
    "FunctionTimedOutError",
    "InvocationError",
    "Journal",
    "JournalError",
    "Journals",
    "Kind",
    "LocalFirehose",
    "NoJournal",
    "ThrottledError",
    "never",
    "no_journal",
    "some",
]
