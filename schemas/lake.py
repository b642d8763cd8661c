"""Where things lie in the lake, and the one storage port everything uses to get there.

The lake is a bucket on AWS and a folder on a laptop; keys are the same. Nothing here opens a file.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

RAW = "raw/"
PROCESSED = "processed/"
ERRORS = "errors/"
QUARANTINE = "quarantine/"
SPOOL = "spool/"
STATE = "state/"
BASELINES = "baselines/"
SUMMARIES = "summaries/"
DAILY_COSTS = "summaries/daily_costs/"
MONTHLY_COSTS = "summaries/monthly_costs/"
SUMMARY_STATE = "state/summaries/current.json"
"""Which build of each day's and month's summary is shown, and from what it was built."""
ANOMALIES = "summaries/anomaly_events/events.json"
"""Every anomaly as it stands: one object, replaced whole."""
ANOMALY_HISTORY = "summaries/anomaly_history/"
"""What happened to anomalies: an object for each run that changed any, never replaced."""
ANOMALY_ACKS = "summaries/anomaly_acks/"
"""What people said of anomalies, an object each; no job writes here."""
JUDGED_DAYS = "summaries/judged_days.json"
"""What each judged day was judged from, so that only what has changed is judged again."""
SUPPRESSIONS = "state/suppressions/"
"""Planned events, an object each."""
AUDITS = "audits/"
"""What audits found, and the tallies that the next one builds on."""
CURRENT_STATE = "state/current/current.json"
"""The one small object that says which delivery each day is read from: replaced whole."""
DELIVERY_STATUS = "state/delivery_status/status.json"
"""What settle found of every delivery, for people and for the `deliveries` view."""
INGESTED = "state/ingested/"
"""Receipts of completed deliveries by scope, and what finished ingests counted by source."""
ACTIVE_EVALUATION = "state/active_evaluation/active.json"
EVALUATIONS = "state/evaluations/"
"""What each registered evaluation stands for: one immutable object an evaluation."""
REPLAYS = "state/replays/"
"""What was replayed whole: a receipt for each object of raw/, by evaluation."""
REDRIVES = "state/redrives/"
"""Which failed records were put back, and how often: one object for each object of errors/."""
COMPACTIONS = "state/compactions/"
"""What compaction is doing to a partition, and which of its files are to be deleted: one object
for each partition that is not finished."""
POLICIES = "state/policies/"
"""The policy documents evaluations name, by their fingerprint."""

FIRST_DATE = "2018-01-01"
LAST_DATE = "2032-12-31"
"""The charge dates and billing periods the lake accepts, and the range the tables project: one
constant for both: a valid date outside the projected range exists in S3 and in no answer. Fifteen
years, because Athena projects months times days, and a scan may not have a million partitions."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_MONTH = re.compile(r"\d{4}-\d{2}\Z")
_EVALUATION = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}\Z")
_CHARGES_KEY = re.compile(
    r"processed/charges/evaluation=([^/]+)/billing_period=([^/]+)/charge_date=([^/]+)/.+"
)


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """One stored object: its key and its size in bytes."""

    key: str
    size: int


class ObjectStore(Protocol):
    """What we ask of S3, and no more. Keys use `/`; a put replaces the whole object or nothing."""

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield the objects whose key begins with `prefix`, in key order."""
        ...

    def get(self, key: str) -> bytes:
        """Return the object's bytes; raise `KeyError` when there is none."""
        ...

    def put(self, key: str, body: bytes) -> None:
        """Store the object, whole or not at all, durable when the call returns."""
        ...

    def delete(self, key: str) -> None:
        """Remove the object; removing an absent one is no error."""
        ...


def is_month(text: str) -> bool:
    """Tell whether `text` is a `YYYY-MM` the lake accepts."""
    return (
        bool(_MONTH.match(text))
        and FIRST_DATE[:7] <= text <= LAST_DATE[:7]
        and "01" <= text[5:] <= "12"
    )


def is_date(text: str) -> bool:
    """Tell whether `text` is a `YYYY-MM-DD` the lake accepts (days up to 31 in any month)."""
    return (
        bool(_DATE.match(text))
        and FIRST_DATE <= text <= LAST_DATE
        and is_month(text[:7])
        and "01" <= text[8:] <= "31"
    )


def is_evaluation(text: str) -> bool:
    """Tell whether `text` may name an evaluation: short, lower case, safe in a path and in SQL."""
    return bool(_EVALUATION.match(text))


def charges_partition(evaluation: str, billing_period: str, charge_date: str) -> str:
    """Return the partition path of charge rows, `evaluation=…/billing_period=…/charge_date=…`.

    Raises:
        ValueError: a value is not of its form or outside the projected range, so that no value
            from data can escape the prefix.
    """
    if not is_evaluation(evaluation):
        raise ValueError(f"evaluation {evaluation!r}")
    if not is_month(billing_period):
        raise ValueError(f"billing period {billing_period!r}")
    if not is_date(charge_date):
        raise ValueError(f"charge date {charge_date!r}")
    return f"evaluation={evaluation}/billing_period={billing_period}/charge_date={charge_date}"


def partition_of(key: str) -> tuple[str, str, str] | None:
    """Return (evaluation, billing period, charge date) of a file of charge rows; None elsewhere."""
    found = _CHARGES_KEY.match(key)
    return (found[1], found[2], found[3]) if found else None


def deliveries_partition(asserted_month: str) -> str:
    """Return the partition path of delivery rows, `asserted_month=YYYY-MM`.

    A file may be as old as 1970 (an archive without times) or from the future (a wrong clock): its
    rows stand in the nearest projected month, and the column keeps what it said.

    Raises:
        ValueError: not a month.
    """
    if not _MONTH.match(asserted_month):
        raise ValueError(f"asserted month {asserted_month!r}")
    nearest = min(max(asserted_month, FIRST_DATE[:7]), LAST_DATE[:7])
    return f"asserted_month={nearest}"
