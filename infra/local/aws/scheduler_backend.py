"""EventBridge Scheduler for moto: refuses what will not run, and finds what moto has stored."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, ClassVar

from moto.scheduler import urls
from moto.scheduler.exceptions import ValidationException
from moto.scheduler.models import EventBridgeSchedulerBackend, scheduler_backends
from moto.scheduler.models import Schedule as StoredSchedule

from infra.local.aws.iam.access import OPEN, Access
from infra.local.aws.scheduler_expression import ScheduleExpressionError, parse_expression
from infra.local.aws.scheduler_schedules import Schedule, schedule_of
from infra.local.aws.scheduler_ticker import FailedInvocation, Occurrence, SchedulerTicker

__all__ = [
    "FailedInvocation",
    "Occurrence",
    "Schedule",
    "SchedulerTicker",
    "register_scheduler",
    "stored_schedules",
]


class LocalSchedulerBackend(EventBridgeSchedulerBackend):
    """Moto's schedules, each checked before it is stored."""

    access: ClassVar[Access] = OPEN

    @property
    def _url_module(self) -> Any:
        return SimpleNamespace(url_bases=urls.url_bases, url_paths=urls.url_paths)

    def create_schedule(self, *args: Any, **request: Any) -> StoredSchedule:
        """Store a schedule; raise ValidationException for one that could never run here."""
        _check(request, self.access)
        return super().create_schedule(*args, **request)

    def update_schedule(self, *args: Any, **request: Any) -> StoredSchedule:
        """Replace a schedule; raise ValidationException for one that could never run here."""
        _check(request, self.access)
        return super().update_schedule(*args, **request)


def register_scheduler(access: Access = OPEN) -> None:
    """Put this Scheduler in moto's place for the whole process; earlier schedules are gone."""

    class Backend(LocalSchedulerBackend):
        pass

    Backend.access = access
    scheduler_backends.clear()
    scheduler_backends.backend = Backend


def stored_schedules() -> Sequence[Schedule]:
    """Return every schedule that moto has, of all accounts and regions, by ARN."""
    found = [
        schedule_of(stored.to_dict())
        for _, _, backend in list(scheduler_backends.iter_backends())
        if isinstance(backend, EventBridgeSchedulerBackend)
        for group in list(backend.schedule_groups.values())
        for stored in list(group.schedules.values())
    ]
    return sorted(found, key=lambda schedule: schedule.arn)


def _check(request: Mapping[str, Any], access: Access) -> None:
    stored = {
        "Arn": "",
        "Name": request["name"],
        "ScheduleExpression": request["schedule_expression"],
        "ScheduleExpressionTimezone": request["schedule_expression_timezone"],
        "FlexibleTimeWindow": request["flexible_time_window"],
        "Target": request["target"],
        "ActionAfterCompletion": request.get("action_after_completion"),
    }
    try:
        schedule = schedule_of(stored)
        parse_expression(schedule.expression, schedule.time_zone)
    except ScheduleExpressionError as error:
        raise ValidationException(error.message) from error
    if access.untrusted("scheduler", schedule.role):
        raise ValidationException(
            "The execution role you provide must allow AWS EventBridge Scheduler to assume the "
            "role."
        )
