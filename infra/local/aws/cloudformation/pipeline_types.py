"""Streams, tables, schedules, workgroups, alarms, topics: one call each that takes all it gets."""

from collections.abc import Callable, Mapping
from typing import Any

from infra.local.aws.cloudformation.resource_type import (
    Call,
    Made,
    Properties,
    ResourceType,
    arn,
    renamed,
    without,
)

Found = Callable[[Properties, Mapping[str, Any]], Made]


def _one_call(
    service: str,
    operation: str,
    made: Found,
    *,
    name: str | None = None,
    names: Mapping[str, str] | None = None,
    no_effect: tuple[str, ...] = (),
) -> ResourceType:
    """Return a type whose properties are the members of one request.

    Args:
        service: the service.
        operation: the operation that makes it.
        made: what it is, from its properties and the answer.
        name: the property that names it.
        names: properties that the request calls otherwise.
        no_effect: properties that mean nothing before a stack is changed or deleted.
    """

    def calls(properties: Properties) -> list[Call]:
        request = renamed(without(properties, *no_effect), names or {})
        return [Call(service, operation, request)]

    return ResourceType(calls, lambda properties, answers: made(properties, answers[0]), name)


def _stream(properties: Properties, answer: Mapping[str, Any]) -> Made:
    return Made(properties["DeliveryStreamName"], {"Arn": answer["DeliveryStreamARN"]})


def _alarm(properties: Properties, answer: Mapping[str, Any]) -> Made:
    name = properties["AlarmName"]
    return Made(name, {"Arn": arn("cloudwatch", f"alarm:{name}")})


def _topic(properties: Properties, answer: Mapping[str, Any]) -> Made:
    return Made(
        answer["TopicArn"],
        {"TopicArn": answer["TopicArn"], "TopicName": properties["TopicName"]},
    )


PIPELINE_TYPES = {
    "AWS::KinesisFirehose::DeliveryStream": _one_call(
        "firehose", "create_delivery_stream", _stream, name="DeliveryStreamName"
    ),
    "AWS::Scheduler::Schedule": _one_call(
        "scheduler",
        "create_schedule",
        lambda properties, answer: Made(properties["Name"], {"Arn": answer["ScheduleArn"]}),
        name="Name",
    ),
    "AWS::Glue::Database": _one_call(
        "glue", "create_database", lambda properties, _: Made(properties["DatabaseInput"]["Name"])
    ),
    "AWS::Glue::Table": _one_call(
        "glue", "create_table", lambda properties, _: Made(properties["TableInput"]["Name"])
    ),
    "AWS::Athena::WorkGroup": _one_call(
        "athena",
        "create_work_group",
        lambda properties, _: Made(properties["Name"]),
        names={"WorkGroupConfiguration": "Configuration"},
        no_effect=("RecursiveDeleteOption",),
    ),
    "AWS::Athena::NamedQuery": _one_call(
        "athena",
        "create_named_query",
        lambda _, answer: Made(answer["NamedQueryId"], {"NamedQueryId": answer["NamedQueryId"]}),
        name="Name",
    ),
    "AWS::Athena::PreparedStatement": _one_call(
        "athena",
        "create_prepared_statement",
        lambda properties, _: Made(properties["StatementName"]),
        name="StatementName",
    ),
    "AWS::CloudWatch::Alarm": _one_call("cloudwatch", "put_metric_alarm", _alarm, name="AlarmName"),
    "AWS::CloudWatch::Dashboard": _one_call(
        "cloudwatch",
        "put_dashboard",
        lambda properties, _: Made(properties["DashboardName"]),
        name="DashboardName",
    ),
    "AWS::SNS::Topic": _one_call(
        "sns", "create_topic", _topic, name="TopicName", names={"TopicName": "Name"}
    ),
    "AWS::SNS::Subscription": _one_call(
        "sns",
        "subscribe",
        lambda _, answer: Made(answer["SubscriptionArn"], {"Arn": answer["SubscriptionArn"]}),
    ),
}
