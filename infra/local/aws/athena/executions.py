"""One query execution: its life from QUEUED to its end, and how `GetQueryExecution` tells it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Literal

from infra.local.athena import AthenaError
from infra.local.athena.stopping import Stop
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


@dataclass(frozen=True, slots=True)
class Failure:
    """Athena guide, "Athena error catalog": what kind of failure it was."""

    category: int
    type: int
    retryable: bool = False


USER_ERROR = Failure(USER, 1000)
INTERNAL_ERROR = Failure(SYSTEM, 200, retryable=True)
_TYPES = {
    "SYNTAX_ERROR": Failure(USER, 1006),
    "FAILED": Failure(USER, 1003),
    "HIVE_CANNOT_OPEN_SPLIT": Failure(USER, 1001, retryable=True),
    "HIVE_BAD_DATA": Failure(USER, 1001),
}
"""By the code of the error; every other one is a user error of no other kind."""


def failure_of(error: AthenaError) -> Failure:
    """Return what kind of failure an error is."""
    return _TYPES.get(error.code, USER_ERROR)


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
    results: str = ""
    """The folder of the results, `s3://bucket/prefix/`."""
    result_configuration: Mapping[str, Any] = field(default_factory=dict)
    """What the request and the workgroup say of the result beside its place."""
    caller: Principal | None = None
    """The role that asked; None for a person."""
    state: State = "QUEUED"
    started: datetime | None = None
    completed: datetime | None = None
    reason: str | None = None
    failure: Failure = field(default_factory=lambda: USER_ERROR)
    answer: Answer | None = None
    """What it answered, without the result file: that is in its bucket."""
    rows: int = 0
    bytes_scanned: int = 0
    manifest: str | None = None
    """The list of the files that it wrote, `s3://bucket/key`."""
    stop: Stop = field(default_factory=Stop, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    @property
    def database(self) -> str:
        """Where unqualified names are looked up; awswrangler puts it in quotes."""
        return self.context.get("Database", "default").strip('`"').lower()

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
        failure: Failure | None = None,
        answer: Answer | None = None,
    ) -> bool:
        """End it; false when it has ended already, and then nothing changes."""
        with self._lock:
            if self.state not in ("QUEUED", "RUNNING"):
                return False
            self.completed, self.reason = now, reason
            self.failure = failure or self.failure
            if answer is not None:
                self.rows, self.answer = answer.rows, replace(answer, body=b"")
            self.state = state
            return True

    def describe(self) -> dict[str, Any]:
        """Return the API's `QueryExecution`."""
        described: dict[str, Any] = {
            "QueryExecutionId": self.id,
            "Query": self.query,
            "StatementType": self.statement.type,
            "SubstatementType": self.statement.substatement,
            "ResultConfiguration": {**self.result_configuration, "OutputLocation": self.output},
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

    def runtime(self) -> dict[str, Any]:
        """Return the API's `QueryRuntimeStatistics`, as far as they are known here."""
        times = self._statistics()
        timeline = {key: value for key, value in times.items() if key.endswith("Millis")}
        written = self.answer.updated if self.answer else 0
        return {
            "Timeline": timeline,
            "Rows": {"InputBytes": self.bytes_scanned, "OutputRows": self.rows or written},
        }

    def _status(self) -> dict[str, Any]:
        status: dict[str, Any] = {"State": self.state, "SubmissionDateTime": self.submitted}
        if self.completed is not None:
            status["CompletionDateTime"] = self.completed
        if self.reason is not None:
            status["StateChangeReason"] = self.reason
        if self.state == "FAILED":
            status["AthenaError"] = {
                "ErrorCategory": self.failure.category,
                "ErrorType": self.failure.type,
                "Retryable": self.failure.retryable,
                "ErrorMessage": self.reason,
            }
        return status

    def _statistics(self) -> dict[str, Any]:
        ended = self.completed or self.submitted
        started = self.started or ended
        queued, ran = _millis(started - self.submitted), _millis(ended - started)
        written = {"DataManifestLocation": self.manifest} if self.manifest else {}
        return {
            **written,
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
