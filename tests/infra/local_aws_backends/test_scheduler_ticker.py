"""Schedules fire on a clock that moves only when told."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.aws.scheduler_backend import (
    FailedInvocation,
    Schedule,
    SchedulerTicker,
)
from infra.local.clock import ManualClock

START = datetime(2026, 1, 1, tzinfo=UTC)
TARGET = "arn:aws:lambda:us-east-1:123456789012:function:ingest"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:failed"
ARN = "arn:aws:scheduler:us-east-1:123456789012:schedule/default/"


def schedule(name: str = "hourly", expression: str = "cron(0 * * * ? *)", **other: Any) -> Schedule:
    """Return a schedule."""
    return Schedule(arn=ARN + name, expression=expression, target=TARGET, **other)


class Run:
    """A ticker over some schedules, and what it did."""

    def __init__(
        self,
        *schedules: Schedule,
        fails: Callable[[int], bool] = lambda nth: False,
        start: datetime = START,
    ) -> None:
        self.schedules: Sequence[Schedule] = schedules
        self.clock = ManualClock(start)
        self.fails = fails
        self.fired: list[tuple[datetime, str]] = []
        self.given_up: list[FailedInvocation] = []
        self.ticker = SchedulerTicker(
            lambda: self.schedules, self.invoke, self.clock, Random(1), self.given_up.append
        )

    def invoke(self, target: str, payload: str) -> None:
        """Remember an invocation, and fail if that is its lot."""
        assert target == TARGET
        self.fired.append((self.clock.now(), payload))
        if self.fails(len(self.fired)):
            raise RuntimeError("no capacity")

    def times(self) -> list[datetime]:
        """Return when invocations were tried."""
        return [moment for moment, _ in self.fired]


def hours(*numbers: float) -> list[datetime]:
    """Return moments by the hours since the start."""
    return [START + timedelta(hours=n) for n in numbers]


def test_a_month_of_hours_in_one_call() -> None:
    """A month of hourly schedules fires each hour once, with the clock at that hour."""
    run = Run(schedule(input='{"at":"<aws.scheduler.scheduled-time>"}'))
    assert run.ticker.run_until(START + timedelta(days=31)) == 31 * 24 + 1
    assert run.times() == [START + timedelta(hours=n) for n in range(31 * 24 + 1)]
    assert json.loads(run.fired[30][1]) == {"at": "2026-01-02T06:00:00Z"}
    assert run.clock.now() == START + timedelta(days=31)


def test_placeholders_are_filled_in() -> None:
    """All four placeholders of the service are replaced, ids being one per occurrence."""
    text = ",".join(
        f"<aws.scheduler.{name}>"
        for name in ("schedule-arn", "scheduled-time", "attempt-number", "execution-id")
    )
    run = Run(schedule(input=text, retries=1), fails=lambda nth: nth == 1)
    run.ticker.run_until(START + timedelta(hours=1))
    first, second, third = (payload.split(",") for _, payload in run.fired)
    assert first[:3] == [ARN + "hourly", "2026-01-01T00:00:00Z", "1"]
    assert second == [*first[:2], "2", first[3]]
    assert third[2] == "1"
    assert third[3] != first[3]


def test_without_input_the_target_gets_the_scheduler_s_event() -> None:
    """A target without Input gets Scheduler's own event, with the scheduled time."""
    run = Run(schedule())
    run.ticker.tick()
    event = json.loads(run.fired[0][1])
    assert (event["source"], event["time"]) == ("aws.scheduler", "2026-01-01T00:00:00Z")
    assert (event["region"], event["account"]) == ("us-east-1", "123456789012")
    assert event["resources"] == [ARN + "hourly"]


def test_schedules_interleave_in_time_order() -> None:
    """Occurrences of several schedules come in the order of their times, ties by name."""
    run = Run(
        schedule("b", "cron(0 * * * ? *)", input="b"),
        schedule("a", "cron(0/30 * * * ? *)", input="a"),
        schedule("once", "at(2026-01-01T00:45:00)", input="once"),
    )
    run.ticker.run_until(START + timedelta(hours=1))
    assert [payload for _, payload in run.fired] == ["a", "b", "a", "once", "a", "b"]


def test_state_start_and_end() -> None:
    """A disabled schedule is silent; the others keep to their start and end."""
    run = Run(
        schedule("off", enabled=False),
        schedule("window", start=START + timedelta(hours=2), end=START + timedelta(hours=4)),
    )
    run.ticker.run_until(START + timedelta(hours=9))
    assert run.times() == hours(2, 3, 4)


def test_a_rate_begins_at_once_or_at_its_start() -> None:
    """A rate counts from when the schedule began: at once, or at its StartDate, even a past one."""
    run = Run(schedule(expression="rate(2 hours)"))
    run.ticker.run_until(START + timedelta(hours=4))
    assert run.times() == hours(0, 2, 4)
    past = Run(schedule(expression="rate(2 hours)", start=START - timedelta(minutes=30)))
    past.ticker.run_until(START + timedelta(hours=4))
    assert past.times() == hours(1.5, 3.5)


def test_failures_are_retried_then_given_up() -> None:
    """A failing target is retried with growing pauses, then given up to the dead letter queue."""
    run = Run(schedule(expression="at(2026-01-01T00:00:00)", retries=3, dead_letter_queue=QUEUE),
              fails=lambda nth: True)  # fmt: skip
    run.ticker.run_until(START + timedelta(hours=1))
    pauses = [(b - a).total_seconds() for a, b in zip(run.times(), run.times()[1:], strict=False)]
    assert pauses == [1, 2, 4]
    (failed,) = run.given_up
    assert failed.dead_letter_queue == QUEUE
    attributes = failed.attributes()
    assert attributes["EXHAUSTED_RETRY_CONDITION"] == "MaximumRetryAttempts"
    assert attributes["RETRY_ATTEMPTS"] == "3"
    assert "no capacity" in attributes["ERROR_MESSAGE"]


def test_old_events_are_given_up() -> None:
    """Retries end when the event is older than its maximum age."""
    run = Run(
        schedule(expression="at(2026-01-01T00:00:00)", max_age=timedelta(seconds=60)),
        fails=lambda nth: True,
    )
    run.ticker.run_until(START + timedelta(hours=1))
    (failed,) = run.given_up
    assert failed.exhausted == "MaximumEventAgeInSeconds"
    assert run.times()[-1] - START <= timedelta(seconds=60)


def test_a_failure_delays_nothing_else() -> None:
    """While one occurrence is retried, the next ones fire in their time."""
    run = Run(schedule(input="<aws.scheduler.scheduled-time>"), fails=lambda nth: nth <= 13)
    run.ticker.run_until(START + timedelta(hours=2))
    scheduled = {payload for _, payload in run.fired}
    assert scheduled == {f"2026-01-01T0{n}:00:00Z" for n in range(3)}
    assert run.given_up == []
    assert run.times() == sorted(run.times())


def test_schedules_may_come_and_go() -> None:
    """A schedule made later begins then; one that is deleted is silent from then on."""
    run = Run(schedule("first"))
    run.ticker.run_until(START + timedelta(hours=1))
    run.schedules = [schedule("second", "rate(1 hour)")]
    run.clock.advance(by=timedelta(minutes=10))
    run.ticker.tick()
    run.ticker.run_until(START + timedelta(hours=3))
    minutes = [(moment - START).total_seconds() / 60 for moment in run.times()]
    assert minutes == [0, 60, 70, 130]


@settings(deadline=None, max_examples=30)
@given(
    cuts=st.lists(st.integers(0, 600), max_size=6),
    expressions=st.lists(
        st.sampled_from(["rate(7 minutes)", "cron(0/25 * * * ? *)", "at(2026-01-01T03:00:00)"]),
        min_size=1,
        max_size=3,
        unique=True,
    ),
    failing=st.sets(st.integers(1, 20)),
)
def test_the_steps_do_not_matter(
    cuts: list[int], expressions: list[str], failing: set[int]
) -> None:
    """Going through time in steps fires exactly what one long run fires, in the same order."""
    runs = []
    for stops in ([600], [*sorted(cuts), 600]):
        run = Run(
            *(schedule(str(n), text, retries=2) for n, text in enumerate(expressions)),
            fails=failing.__contains__,
        )
        for stop in stops:
            run.ticker.run_until(START + timedelta(minutes=stop))
        runs.append((run.fired, run.given_up))
    assert runs[0] == runs[1]
