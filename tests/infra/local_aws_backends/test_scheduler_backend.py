"""Schedules stored over HTTP: checked, and read whole."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.scheduler.models import scheduler_backends

from infra.local.aws.scheduler_backend import (
    Schedule,
    register_scheduler,
    stored_schedules,
)
from tests.infra.local_aws_backends.endpoints import Endpoint

START = datetime(2026, 1, 1, tzinfo=UTC)
TARGET = "arn:aws:lambda:us-east-1:123456789012:function:ingest"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:failed"
ARN = "arn:aws:scheduler:us-east-1:123456789012:schedule/default/"


@pytest.fixture
def scheduler(served: Endpoint) -> Any:
    """Return a client of the Scheduler."""
    register_scheduler()
    return served.client("scheduler")


def create(scheduler: Any, expression: str = "rate(1 hour)", **request: Any) -> None:
    """Store a schedule over HTTP."""
    scheduler.create_schedule(
        **{
            "Name": "hourly",
            "ScheduleExpression": expression,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": TARGET, "RoleArn": "arn:aws:iam::123456789012:role/x"},
            **request,
        }
    )


def test_stored_schedules_are_read_whole(scheduler: Any) -> None:
    """What boto3 stores is what the ticker sees."""
    create(
        scheduler,
        "cron(0 6 * * ? *)",
        ScheduleExpressionTimezone="Europe/Berlin",
        State="DISABLED",
        StartDate=START + timedelta(days=3650),
        EndDate=START + timedelta(days=3651),
        Target={
            "Arn": TARGET,
            "RoleArn": "arn:aws:iam::123456789012:role/x",
            "Input": "{}",
            "RetryPolicy": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60},
            "DeadLetterConfig": {"Arn": QUEUE},
        },
    )
    assert stored_schedules() == [
        Schedule(
            arn=ARN + "hourly",
            expression="cron(0 6 * * ? *)",
            target=TARGET,
            input="{}",
            time_zone="Europe/Berlin",
            enabled=False,
            start=START + timedelta(days=3650),
            end=START + timedelta(days=3651),
            retries=0,
            max_age=timedelta(seconds=60),
            dead_letter_queue=QUEUE,
            role="arn:aws:iam::123456789012:role/x",
        )
    ]


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"ScheduleExpression": "cron(0 6 * * * *)"}, "Invalid Schedule Expression"),
        ({"ScheduleExpressionTimezone": "Mars/Olympus"}, "Invalid ScheduleExpressionTimezone"),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5}}, "FLEXIBLE"),
        ({"ActionAfterCompletion": "DELETE"}, "ActionAfterCompletion"),
    ],
)
def test_what_would_never_run_is_refused_when_it_is_stored(
    scheduler: Any, request_: dict[str, Any], words: str
) -> None:
    """Bad expressions and unsupported settings are a ValidationException, and nothing is stored."""
    with pytest.raises(ClientError, match=words) as caught:
        create(scheduler, **request_)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert stored_schedules() == []


def test_updates_are_checked_and_seen(scheduler: Any) -> None:
    """An update is checked like a new schedule, and the ticker sees it."""
    create(scheduler)
    target = {"Arn": TARGET, "RoleArn": "arn:aws:iam::123456789012:role/x"}
    same = {"Name": "hourly", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": target}
    with pytest.raises(ClientError, match="Invalid Schedule Expression"):
        scheduler.update_schedule(ScheduleExpression="rate(1 week)", **same)
    scheduler.update_schedule(ScheduleExpression="rate(2 hours)", **same)
    assert [s.expression for s in stored_schedules()] == ["rate(2 hours)"]


def test_the_seam_moto_offers_is_still_there() -> None:
    """Moto builds the backend class it is given and finds its URLs."""
    register_scheduler()
    backend = scheduler_backends["123456789012"]["us-east-1"]
    assert type(backend) is scheduler_backends.backend
    assert "/schedules/(?P<name>[^/]+)$" in backend.url_paths
