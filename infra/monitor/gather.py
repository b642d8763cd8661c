"""Asks a stack how it is, through AWS's own API."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.errors import UsageError
from infra.monitor import lake
from infra.monitor.snapshot import AlarmState, Snapshot
from infra.monitor.streams import stream_state
from infra.wiring import Platform

_RUNBOOK = " Runbook: "


def gather(platform: Platform, *, evaluated: bool) -> Snapshot:
    """Return a stack at this moment.

    Args:
        platform: the stack.
        evaluated: whether anybody evaluates its alarms.

    Raises:
        UsageError: the account's credentials do not allow to look.
    """
    now, stream, store = platform.clock.now(), platform.names.stream, platform.store
    cloudwatch = platform.client("cloudwatch")
    try:
        return Snapshot(
            at=now,
            stack=stream,
            lake=platform.lake,
            evaluated=evaluated,
            # The template begins every name with the stack's.
            alarms=tuple(_alarms(cloudwatch, f"{stream}-")),
            stream=stream_state(platform.client("firehose"), cloudwatch, stream, now),
            deliveries=lake.deliveries(store),
            errors=lake.errors(store),
            spool=lake.spool(store),
            audit=lake.last_audit(store),
        )
    except (ClientError, BotoCoreError) as error:
        raise UsageError(
            f"{error}; allow reading CloudWatch, Firehose and the lake's bucket"
        ) from error


def _alarms(cloudwatch: Any, prefix: str) -> Iterator[AlarmState]:
    for page in cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix):
        for alarm in page["MetricAlarms"]:
            _, _, runbook = alarm.get("AlarmDescription", "").rpartition(_RUNBOOK)
            yield AlarmState(
                name=alarm["AlarmName"].removeprefix(prefix),
                state=alarm["StateValue"],
                since=alarm.get("StateTransitionedTimestamp") or alarm["StateUpdatedTimestamp"],
                reason=alarm.get("StateReason", ""),
                runbook=runbook if _RUNBOOK in alarm.get("AlarmDescription", "") else "",
            )
