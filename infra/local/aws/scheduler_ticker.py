"""What makes schedules happen: every occurrence in its order, on a clock that may be simulated."""

import heapq
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from infra.local.aws.scheduler_expression import parse_expression
from infra.local.aws.scheduler_schedules import Schedule
from infra.local.clock import Clock

FIRST_BACKOFF = timedelta(seconds=1)
LONGEST_BACKOFF = timedelta(minutes=10)
"""The service retries with exponential backoff and says no numbers; these are ours."""


@dataclass(frozen=True, slots=True, order=True)
class Occurrence:
    """One attempt to invoke a schedule's target; ordered by when it is due."""

    due: datetime
    arn: str
    scheduled: datetime
    attempt: int
    schedule: Schedule = field(compare=False)
    execution: str = field(compare=False)

    def payload(self) -> str:
        """Return what the target gets, placeholders filled in."""
        text = self.schedule.input
        if text is None:
            return _scheduler_event(self)
        values = {
            "scheduled-time": _iso(self.scheduled),
            "execution-id": self.execution,
            "attempt-number": str(self.attempt),
            "schedule-arn": self.arn,
        }
        for name, value in values.items():
            text = text.replace(f"<aws.scheduler.{name}>", value)
        return text


@dataclass(frozen=True, slots=True)
class FailedInvocation:
    """An occurrence that was given up."""

    occurrence: Occurrence
    error: str
    exhausted: str
    """`MaximumRetryAttempts` or `MaximumEventAgeInSeconds`."""

    @property
    def dead_letter_queue(self) -> str | None:
        """The queue's ARN; without one the occurrence is dropped."""
        return self.occurrence.schedule.dead_letter_queue

    def attributes(self) -> dict[str, str]:
        """Return the message attributes of the dead letter."""
        occurrence = self.occurrence
        return {
            "ERROR_CODE": "InvocationFailed",
            "ERROR_MESSAGE": self.error,
            "EXECUTION_ID": occurrence.execution,
            "EXHAUSTED_RETRY_CONDITION": self.exhausted,
            "RETRY_ATTEMPTS": str(occurrence.attempt - 1),
            "SCHEDULED_TIME": _iso(occurrence.scheduled),
            "SCHEDULE_ARN": occurrence.arn,
            "TARGET_ARN": occurrence.schedule.target,
        }


class SchedulerTicker:
    """Fires schedules as their expressions say.

    Nothing happens by itself: `tick` fires what has become due by the clock, `run_until` takes the
    clock along. A schedule first seen begins at that moment, or at its StartDate; what was due
    before is not made up for.

    Args:
        schedules: The schedules now; read again after every invocation.
        invoke: Target ARN and payload text; raises where the target did not take the event. (A
            Lambda takes it before it runs: its own errors are not the Scheduler's to retry.)
        clock: What schedules go by.
        random: Makes execution ids.
        give_up: Told of every occurrence that failed for good.
        authorize: Raises where a schedule's role may not invoke its target.
    """

    def __init__(
        self,
        schedules: Callable[[], Sequence[Schedule]],
        invoke: Callable[[str, str], None],
        clock: Clock,
        random: Random,
        give_up: Callable[[FailedInvocation], None] = lambda failed: None,
        authorize: Callable[[Schedule], None] = lambda schedule: None,
    ) -> None:
        self._schedules = schedules
        self._invoke = invoke
        self._clock = clock
        self._random = random
        self._give_up = give_up
        self._authorize = authorize
        self._began: dict[Schedule, datetime] = {}
        self._next: dict[Schedule, datetime | None] = {}
        self._retries: list[Occurrence] = []
        self._notice()

    def tick(self) -> int:
        """Fire everything that is due by the clock, and return how much was fired."""
        return self.run_until(self._clock.now())

    def run_until(self, moment: datetime) -> int:
        """Fire everything due up to `moment` in time order, moving or awaiting the clock.

        Returns:
            How many invocations were tried, retries included.
        """
        fired = 0
        while (occurrence := self._take(moment)) is not None:
            self._wait_for(occurrence.due)
            self._fire(occurrence)
            fired += 1
        self._wait_for(moment)
        return fired

    def _take(self, moment: datetime) -> Occurrence | None:
        """Remove and return the earliest occurrence due by `moment`."""
        self._notice()
        upcoming = [(due, s.arn, s) for s, due in self._next.items() if due is not None]
        due, _, schedule = min(upcoming, key=lambda u: u[:2], default=(None, "", None))
        if self._retries and (due is None or self._retries[0].due <= due):
            return heapq.heappop(self._retries) if self._retries[0].due <= moment else None
        if due is None or schedule is None or due > moment:
            return None
        self._next[schedule] = self._following(schedule, due)
        execution = f"{self._random.getrandbits(64):016x}"
        return Occurrence(due, schedule.arn, due, 1, schedule, execution)

    def _notice(self) -> None:
        """Forget schedules that are gone, and find the first time of those that are new."""
        current = [s for s in self._schedules() if s.enabled]
        for gone in self._next.keys() - set(current):
            del self._next[gone], self._began[gone]
        for schedule in current:
            if schedule not in self._next:
                now = self._clock.now()
                self._began[schedule] = schedule.start or now
                just_before = max(now, self._began[schedule]) - timedelta(microseconds=1)
                self._next[schedule] = self._following(schedule, just_before)

    def _following(self, schedule: Schedule, moment: datetime) -> datetime | None:
        expression = parse_expression(schedule.expression, schedule.time_zone)
        due = expression.after(moment, self._began[schedule])
        return None if due is None or (schedule.end and due > schedule.end) else due

    def _wait_for(self, moment: datetime) -> None:
        while (missing := (moment - self._clock.now()).total_seconds()) > 0:
            self._clock.sleep(missing)

    def _fire(self, occurrence: Occurrence) -> None:
        try:
            self._authorize(occurrence.schedule)
            self._invoke(occurrence.schedule.target, occurrence.payload())
        except Exception as error:  # whatever the target raises, the schedule goes on
            self._retry(occurrence, f"{type(error).__name__}: {error}")

    def _retry(self, failed: Occurrence, error: str) -> None:
        backoff = min(FIRST_BACKOFF * 2 ** min(failed.attempt - 1, 20), LONGEST_BACKOFF)
        due = self._clock.now() + backoff
        if failed.attempt > failed.schedule.retries:
            self._give_up(FailedInvocation(failed, error, "MaximumRetryAttempts"))
        elif due - failed.scheduled > failed.schedule.max_age:
            self._give_up(FailedInvocation(failed, error, "MaximumEventAgeInSeconds"))
        else:
            again = Occurrence(
                due,
                failed.arn,
                failed.scheduled,
                failed.attempt + 1,
                failed.schedule,
                failed.execution,
            )
            heapq.heappush(self._retries, again)


def _scheduler_event(occurrence: Occurrence) -> str:
    """Return the event a target without `Input` gets."""
    _, _, _, region, account, _ = occurrence.arn.split(":", 5)
    return json.dumps(
        {
            "version": "0",
            "id": occurrence.execution,
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": account,
            "time": _iso(occurrence.scheduled),
            "region": region,
            "resources": [occurrence.arn],
            "detail": "{}",
        }
    )


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
