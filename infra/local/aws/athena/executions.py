"""One query execution: its life from QUEUED to its end, and how `GetQueryExecution` tells it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Literal

from infra.local.aws.athena.results import Answer
from infra.local.aws.athena.statements import Statement
from infra.local.aws.iam.principal import Principal

State = Literal["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"]
ENGINE_VERSION = {
    "SelectedEngineVersion": "AUTO",
    "EffectiveEngineVersion": "Athena engine version 3",
}
USER, SYSTEM = 2, 1
"""API reference, AthenaError: whose fault a failure is."""


@dataclass(slots=True)
class Execution:
    """A statement, what it was asked with, and what became of it."""

    id: str
    query: str
    statement: Statement
    context: dict[str, str]
    workgroup: str
    output: str
    """The result file, `s3://bucket/key`."""
    parameters: Sequence[str]
    submitted: datetime
    caller: Principal | None = None
    """The role that asked; None for a person."""
    state: State = "QUEUED"
    started: datetime | None = None
    completed: datetime | None = None
    reason: str | None = None
    category: int = USER
    answer: Answer | None = None
    bytes_scanned: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False)

    @property
    def database(self) -> str:
        """Where unqualified names are looked up."""
        return self.context.get("Database", "default").lower()

    def begin(self, now: datetime) -> bool:
        """Begin to run; false when it was cancelled before."""
        with self._lock:
            if self.state != "QUEUED":
                return False
            self.state, self.started = "RUNNING", now
            return True

    def end(
        self,
        state: State,
        now: datetime,
        *,
        reason: str | None = None,
        category: int = USER,
        answer: Answer | None = None,
    ) -> bool:
        """End it; false when it has ended already, and then nothing changes."""
        with self._lock:
            if self.state not in ("QUEUED", "RUNNING"):
                return False
            self.completed, self.reason, self.category = now, reason, category
            self.answer, self.state = answer, state
            return True

    def describe(self) -> dict[str, Any]:
        """Return the API's `QueryExecution`."""
        described: dict[str, Any] = {
            "QueryExecutionId": self.id,
            "Query": self.query,
            "StatementType": self.statement.type,
            "SubstatementType": self.statement.substatement,
            "ResultConfiguration": {"OutputLocation": self.output},
            "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}},
            "QueryExecutionContext": self.context,
            "Status": self._status(),
            "Statistics": self._statistics(),
            "WorkGroup": self.workgroup,
            "EngineVersion": ENGINE_VERSION,
        }
        if self.parameters:
            described["ExecutionParameters"] = list(self.parameters)
        return described

    def _status(self) -> dict[str, Any]:
        status: dict[str, Any] = {"State": self.state, "SubmissionDateTime": self.submitted}
        if self.completed is not None:
            status["CompletionDateTime"] = self.completed
        if self.reason is not None:
            status["StateChangeReason"] = self.reason
        if self.state == "FAILED":
            status["AthenaError"] = {
                "ErrorCategory": self.category,
                "Retryable": False,
                "ErrorMessage": self.reason,
            }
        return status

    def _statistics(self) -> dict[str, Any]:
        ended = self.completed or self.submitted
        started = self.started or ended
        queued, ran = _millis(started - self.submitted), _millis(ended - started)
        return {
            "EngineExecutionTimeInMillis": max(ran, 0),
            "DataScannedInBytes": self.bytes_scanned,
            "TotalExecutionTimeInMillis": queued + max(ran, 0),
            "QueryQueueTimeInMillis": queued,
            "ServicePreProcessingTimeInMillis": 0,
            "QueryPlanningTimeInMillis": 0,
            "ServiceProcessingTimeInMillis": 0,
            "ResultReuseInformation": {"ReusedPreviousResult": False},
        }


def _millis(duration: timedelta) -> int:
    return duration // timedelta(milliseconds=1)
