"""Another template for a stack that is there: its streams are updated, replaced, made or deleted.

Nothing else of a stack is changed in place here: all of it is made anew at the next start, which
takes seconds. Streams are, because what CloudFormation does to them is part of what Firehose is:
an update goes on with what is buffered, and a replacement or a deletion discards it.
"""

from collections.abc import Mapping
from typing import Any

from infra.local.aws.cloudformation.deploy import Deployment, Stack
from infra.local.aws.cloudformation.intrinsics import references
from infra.local.aws.cloudformation.resource_type import Call
from infra.local.aws.errors import DeployError

STREAM = "AWS::KinesisFirehose::DeliveryStream"
_NAME = "DeliveryStreamName"
_CREATE_ONLY = (_NAME, "DeliveryStreamType", "DirectPutSourceConfiguration")
"""A change of these is a replacement; the type's schema says so."""
_UPDATED = ("ExtendedS3DestinationConfiguration", "DeliveryStreamEncryptionConfigurationInput")


def update_streams(before: Deployment, after: Deployment) -> Stack:
    """Change the streams of a stack to what another template says, and return the stack.

    Args:
        before: the stack's template, with all that is made.
        after: the other template, with what it has in common with the first.

    Raises:
        DeployError: something other than a stream would change, or a service refuses a change.
    """
    after.check()
    added = [key for key in after.resources if key not in before.resources]
    removed = [key for key in before.resources if key not in after.resources]
    for key in [*added, *removed]:
        _check_is_stream(key, (before if key in removed else after).resources[key])
    _check_others(before, after, {*added, *removed})
    changed = [
        key
        for key in after.resources
        if key in before.resources and before.properties(key) != after.properties(key)
    ]
    replaced = [key for key in changed if _differ(before, after, key, _CREATE_ONLY)]
    for key in replaced:
        _check_nobody_refers(after, key)
        after.forget(key)
    for key in changed:
        if key not in replaced:
            _update(before, after, key)
    stack = after.make()
    for key in [*replaced, *removed]:
        name = before.properties(key)[_NAME]
        before.send(key, Call("firehose", "delete_delivery_stream", {_NAME: name}))
    return stack


def _check_others(before: Deployment, after: Deployment, ignored: set[str]) -> None:
    for key, resource in after.resources.items():
        if key in ignored or resource.get("Type") == STREAM == before.resources[key].get("Type"):
            continue
        for other in references(resource.get("Properties")):
            if other in ignored:
                raise _refused(key)
        if resource.get("Type") != before.resources[key].get("Type") or before.properties(
            key
        ) != after.properties(key):
            raise _refused(key)


def _check_is_stream(key: str, resource: Mapping[str, Any]) -> None:
    if resource.get("Type") != STREAM:
        raise _refused(key)


def _check_nobody_refers(after: Deployment, stream: str) -> None:
    for key, resource in after.resources.items():
        if stream in references(resource.get("Properties")):
            raise _refused(key)


def _refused(key: str) -> DeployError:
    return DeployError(
        f"{key}: only streams are changed while the server runs; restart it to change the rest"
    )


def _differ(before: Deployment, after: Deployment, key: str, names: tuple[str, ...]) -> bool:
    old, new = before.properties(key), after.properties(key)
    return any(old.get(name) != new.get(name) for name in names)


def _update(before: Deployment, after: Deployment, key: str) -> None:
    old, new = before.properties(key), after.properties(key)
    others = {n for n in {*old, *new} if old.get(n) != new.get(n)} - set(_UPDATED)
    if others:
        raise DeployError(
            f"{key}: {sorted(others)[0]} of a stream is not changed while the server runs; "
            "restart it"
        )
    name = {_NAME: new[_NAME]}
    destination, encryption = _UPDATED
    if old.get(destination) != new.get(destination):
        described = after.send(key, Call("firehose", "describe_delivery_stream", name))
        description = described["DeliveryStreamDescription"]
        update = dict(new[destination])
        if "S3BackupConfiguration" in update:
            update["S3BackupUpdate"] = update.pop("S3BackupConfiguration")
        request = {
            **name,
            "CurrentDeliveryStreamVersionId": description["VersionId"],
            "DestinationId": description["Destinations"][0]["DestinationId"],
            "ExtendedS3DestinationUpdate": update,
        }
        after.send(key, after.fit(key, Call("firehose", "update_destination", request)))
    if old.get(encryption) != new.get(encryption):
        if encryption in new:
            started = {**name, encryption: new[encryption]}
            after.send(key, Call("firehose", "start_delivery_stream_encryption", started))
        else:
            after.send(key, Call("firehose", "stop_delivery_stream_encryption", name))
