"""An in-process Amazon Data Firehose, as faithful as its documentation and captures allow.

Section numbers (§) in comments are those of `docs/reference/firehose-behaviour.md`, the facts it is
held to. It knows the service's own shapes and table schemas, and nothing of what flows through it.
Absent, and refused where a configuration asks for it: jq and the other processors, HiveJsonSerDe,
ORC, ZIP and Snappy objects. Absent without a word: IAM, throughput quotas and encryption at rest.
What is buffered lives in this process only, unless a journal keeps it.
"""

from infra.local.firehose.errors import DeliveryError, FirehoseError, JournalError
from infra.local.firehose.fault import Fault, Kind
from infra.local.firehose.fault_board import FaultBoard
from infra.local.firehose.fault_errors import FaultError
from infra.local.firehose.faults import NO_FAULTS, Faults, never, some
from infra.local.firehose.journal import Journal, Journals, NoJournal, no_journal
from infra.local.firehose.service import LocalFirehose

__all__ = [
    "NO_FAULTS",
    "DeliveryError",
    "Fault",
    "FaultBoard",
    "FaultError",
    "Faults",
    "FirehoseError",
    "Journal",
    "JournalError",
    "Journals",
    "Kind",
    "LocalFirehose",
    "NoJournal",
    "never",
    "no_journal",
    "some",
]
