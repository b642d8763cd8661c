"""The streams' error log: events in the group and the stream that a destination names (§6)."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from moto.logs.models import logs_backends

from infra.local.aws.iam.access import Access
from infra.local.aws.iam.principal import Principal
from infra.local.aws.iam.requirements import log_stream_arn
from infra.local.clock import Clock
from infra.local.firehose.diagnostics import Diagnostic, ObjectKind, Report
from infra.local.firehose.records import epoch_millis
from infra.local.iam import Call

Describe = Callable[[str], Mapping[str, Any] | None]
"""A stream's ARN to its `DeliveryStreamDescription`, None when it is gone."""


def error_log(describe: Describe, clock: Clock, access: Access) -> Report:
    """Return what writes events into moto's CloudWatch Logs.

    Nothing is written where nobody wants it, where there is no log, and where the destination's
    role may not write.
    """

    def write(diagnostic: Diagnostic) -> None:
        description = describe(diagnostic.arn)
        if description is None:
            return
        destination = _destination(description, diagnostic.kind)
        options = destination.get("CloudWatchLoggingOptions") or {}
        if not options.get("Enabled"):
            return
        _, _, _, region, account, _ = diagnostic.arn.split(":", 5)
        group_name, stream_name = options.get("LogGroupName", ""), options.get("LogStreamName", "")
        group = logs_backends[account][region].groups.get(group_name)
        # The service creates neither: it may only put events.
        if group is None or stream_name not in group.streams:
            return
        call = Call("logs:PutLogEvents", log_stream_arn(group_name, stream_name))
        if access.denied(Principal(destination["RoleARN"], diagnostic.name), call):
            return
        event = {
            "timestamp": epoch_millis(clock.now()),
            "message": json.dumps(_body(diagnostic, description, destination)),
        }
        # Past the backend, which takes only events of the machine's present.
        group.put_log_events(stream_name, [event])

    return write


def _destination(description: Mapping[str, Any], kind: ObjectKind) -> Mapping[str, Any]:
    """Return what is described of the bucket; a stream of the older structure has no backup."""
    (described,) = description["Destinations"]
    found: Mapping[str, Any] = described["S3DestinationDescription"]
    if kind is ObjectKind.BACKUP:
        found = described["ExtendedS3DestinationDescription"]["S3BackupDescription"]
    return found


def _body(
    diagnostic: Diagnostic, description: Mapping[str, Any], destination: Mapping[str, Any]
) -> dict[str, str]:
    body = {
        "deliveryStreamARN": diagnostic.arn,
        "destination": destination["BucketARN"],
        "deliveryStreamVersionId": description["VersionId"],  # text, as captured for S3
        "message": diagnostic.message,
        "errorCode": diagnostic.code,
    }
    # What the service puts here is not known (§13.11); the function is what a reader looks for.
    return {**body, "processor": diagnostic.processor} if diagnostic.processor else body
