"""Buckets, queues and log groups."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from infra.local.aws.account import ACCOUNT, REGION
from infra.local.aws.cloudformation.intrinsics import is_intrinsic
from infra.local.aws.cloudformation.resource_type import (
    Call,
    Made,
    Properties,
    ResourceType,
    arn,
    items,
    only,
    renamed,
)

_BUCKET_SETTINGS = {
    # property: (operation, member of the request)
    "OwnershipControls": ("put_bucket_ownership_controls", "OwnershipControls"),
    "PublicAccessBlockConfiguration": (
        "put_public_access_block",
        "PublicAccessBlockConfiguration",
    ),
    "VersioningConfiguration": ("put_bucket_versioning", "VersioningConfiguration"),
}
_QUEUE_ATTRIBUTES = (
    "DelaySeconds",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
)
Answers = Sequence[Mapping[str, Any]]


def _bucket(properties: Properties) -> list[Call]:
    special = ("BucketName", "BucketEncryption", "LifecycleConfiguration", "Tags")
    only(properties, (*_BUCKET_SETTINGS, *special))
    name = {"Bucket": properties["BucketName"]}
    calls = [Call("s3", "create_bucket", name)]
    for key, (operation, member) in _BUCKET_SETTINGS.items():
        if key in properties:
            calls.append(Call("s3", operation, {**name, member: properties[key]}))
    if "BucketEncryption" in properties:
        encryption = {"ServerSideEncryptionConfiguration": _encryption(properties)}
        calls.append(Call("s3", "put_bucket_encryption", {**name, **encryption}))
    if "LifecycleConfiguration" in properties:
        lifecycle = {"LifecycleConfiguration": _lifecycle(properties["LifecycleConfiguration"])}
        calls.append(Call("s3", "put_bucket_lifecycle_configuration", {**name, **lifecycle}))
    if "Tags" in properties:
        tags = {"Tagging": {"TagSet": properties["Tags"]}}
        calls.append(Call("s3", "put_bucket_tagging", {**name, **tags}))
    return calls


def _encryption(properties: Properties) -> Any:
    wanted = renamed(properties["BucketEncryption"], {"ServerSideEncryptionConfiguration": "Rules"})
    names = {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"}
    return {**wanted, "Rules": [renamed(rule, names) for rule in items(wanted.get("Rules"))]}


def _lifecycle(configuration: Any) -> Any:
    return {**configuration, "Rules": [_rule(r) for r in items(configuration.get("Rules"))]}


def _rule(rule: Any) -> Any:
    """Return a lifecycle rule as the API has it; its simple settings are nested there."""
    if is_intrinsic(rule):
        return rule
    wanted = renamed(rule, {"Id": "ID"})
    filters = {
        name: wanted.pop(name)
        for name in ("Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan")
        if name in wanted
    }
    wanted["Filter"] = filters if len(filters) < 2 else {"And": filters}
    if "ExpirationInDays" in wanted:
        wanted["Expiration"] = {"Days": wanted.pop("ExpirationInDays")}
    if "Transitions" in wanted:
        days = {"TransitionInDays": "Days"}
        wanted["Transitions"] = [renamed(t, days) for t in items(wanted["Transitions"])]
    return wanted


def _bucket_made(properties: Properties, answers: Answers) -> Made:
    name = properties["BucketName"]
    return Made(
        name,
        {
            "Arn": f"arn:aws:s3:::{name}",
            "DomainName": f"{name}.s3.amazonaws.com",
            "RegionalDomainName": f"{name}.s3.{REGION}.amazonaws.com",
        },
    )


def _bucket_policy(properties: Properties) -> list[Call]:
    only(properties, ("Bucket", "PolicyDocument"))
    policy = json.dumps(properties["PolicyDocument"])
    return [Call("s3", "put_bucket_policy", {"Bucket": properties["Bucket"], "Policy": policy})]


def _queue(properties: Properties) -> list[Call]:
    only(properties, ("QueueName", "Tags", *_QUEUE_ATTRIBUTES))
    attributes = {n: _text(properties[n]) for n in _QUEUE_ATTRIBUTES if n in properties}
    tags = {tag["Key"]: tag["Value"] for tag in items(properties.get("Tags"))}
    request = {"QueueName": properties["QueueName"], "Attributes": attributes, "tags": tags}
    return [Call("sqs", "create_queue", request)]


def _text(value: Any) -> Any:
    """Return a queue's attribute as the API has it: text, or a JSON document."""
    if is_intrinsic(value) or isinstance(value, str):
        return value
    return json.dumps(value)


def _queue_made(properties: Properties, answers: Answers) -> Made:
    name, url = properties["QueueName"], answers[0]["QueueUrl"]
    return Made(url, {"Arn": arn("sqs", name), "QueueName": name, "QueueUrl": url})


def _log_group(properties: Properties) -> list[Call]:
    only(properties, ("LogGroupName", "RetentionInDays", "KmsKeyId", "Tags"))
    request = {"logGroupName": properties["LogGroupName"]}
    if "KmsKeyId" in properties:
        request["kmsKeyId"] = properties["KmsKeyId"]
    if "Tags" in properties:
        request["tags"] = {tag["Key"]: tag["Value"] for tag in items(properties["Tags"])}
    calls = [Call("logs", "create_log_group", request)]
    if "RetentionInDays" in properties:
        retention = {"retentionInDays": properties["RetentionInDays"]}
        name = {"logGroupName": properties["LogGroupName"]}
        calls.append(Call("logs", "put_retention_policy", {**name, **retention}))
    return calls


def _log_group_made(properties: Properties, answers: Answers) -> Made:
    name = properties["LogGroupName"]
    return Made(name, {"Arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}:*"})


def _log_stream(properties: Properties) -> list[Call]:
    names = {"LogGroupName": "logGroupName", "LogStreamName": "logStreamName"}
    only(properties, names)
    return [Call("logs", "create_log_stream", renamed(properties, names))]


STORAGE_TYPES = {
    "AWS::S3::Bucket": ResourceType(_bucket, _bucket_made, "BucketName"),
    "AWS::S3::BucketPolicy": ResourceType(_bucket_policy, lambda p, _: Made(p["Bucket"])),
    "AWS::SQS::Queue": ResourceType(_queue, _queue_made, "QueueName"),
    "AWS::Logs::LogGroup": ResourceType(_log_group, _log_group_made, "LogGroupName"),
    "AWS::Logs::LogStream": ResourceType(
        _log_stream, lambda p, _: Made(p["LogStreamName"]), "LogStreamName"
    ),
}
