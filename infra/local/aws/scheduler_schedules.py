"""A schedule as the ticker sees it, read from what the Scheduler's API stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.local.aws.iam.principal import Principal
from infra.local.aws.scheduler_expression import ScheduleExpressionError

DEFAULT_RETRY_ATTEMPTS = 185
DEFAULT_EVENT_AGE = timedelta(seconds=86_400)
"""API reference, RetryPolicy: what holds where a target says nothing."""


_TARGET_MEMBERS = {"Arn", "RoleArn", "Input", "RetryPolicy", "DeadLetterConfig"}


@dataclass(frozen=True, slots=True)
class Schedule:
    """One schedule: when, whom, with what, and what if that fails."""

    arn: str
    expression: str
    target: str
    input: str | None = None
    """The payload with its placeholders; None sends Scheduler's own event."""
    time_zone: str = "UTC"
    enabled: bool = True
    start: datetime | None = None
    end: datetime | None = None
    retries: int = DEFAULT_RETRY_ATTEMPTS
    max_age: timedelta = DEFAULT_EVENT_AGE
    dead_letter_queue: str | None = None
    role: str = ""
    """The ARN of the role that it invokes its target as."""

    @property
    def principal(self) -> Principal:
        """Whom its invocations come from."""
        return Principal(self.role, self.arn.rpartition("/")[2])


def schedule_of(stored: Mapping[str, Any]) -> Schedule:
    """Return the schedule of a `GetSchedule` answer.

    Raises:
        ScheduleExpressionError: it asks for a flexible window, for deletion after completion or
            for a templated target, which are not done here.
    """
    name, target = stored["Name"], stored["Target"]
    window = (stored.get("FlexibleTimeWindow") or {}).get("Mode", "OFF")
    if window != "OFF":
        raise ScheduleExpressionError(
            f"schedule {name}: FlexibleTimeWindow {window} is not supported locally, only OFF"
        )
    if (stored.get("ActionAfterCompletion") or "NONE") != "NONE":
        raise ScheduleExpressionError(
            f"schedule {name}: ActionAfterCompletion DELETE is not supported locally"
        )
    if extra := sorted(
        set(target) - {"Arn", "RoleArn", "Input", "RetryPolicy", "DeadLetterConfig"}
    ):
        raise ScheduleExpressionError(
            f"schedule {name}: Target.{extra[0]} is not supported locally"
        )
    retry = target.get("RetryPolicy") or {}
    age = retry.get("MaximumEventAgeInSeconds")
    return Schedule(
        arn=stored["Arn"],
        expression=stored["ScheduleExpression"],
        target=target["Arn"],
        input=target.get("Input"),
        time_zone=stored.get("ScheduleExpressionTimezone") or "UTC",
        enabled=(stored.get("State") or "ENABLED") == "ENABLED",
        start=_moment(stored.get("StartDate")),
        end=_moment(stored.get("EndDate")),
        retries=int(retry.get("MaximumRetryAttempts", DEFAULT_RETRY_ATTEMPTS)),
        max_age=DEFAULT_EVENT_AGE if age is None else timedelta(seconds=int(age)),
        dead_letter_queue=(target.get("DeadLetterConfig") or {}).get("Arn"),
        role=target.get("RoleArn") or "",
    )


def _moment(value: object) -> datetime | None:
    """Read a timestamp as it came over the wire: epoch seconds or ISO 8601."""
    if value is None:
        return None
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
