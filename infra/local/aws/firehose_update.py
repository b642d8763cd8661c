"""`UpdateDestination`: what the update makes of a configuration, and what the service refuses."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from infra.local.aws.firehose_description import DESTINATION_ID
from infra.local.firehose.errors import FirehoseError, InvalidArgumentError

_MERGED = (
    "DataFormatConversionConfiguration",
    "DynamicPartitioningConfiguration",
    "S3BackupConfiguration",
)
"""What keeps the members that an update does not name; everything else is replaced as a whole."""


class ConcurrentModificationError(FirehoseError):
    """The update names another version than the current one."""

    code = "ConcurrentModificationException"
    next_step = "describe the stream and send its VersionId"


def updated_configuration(
    current: Mapping[str, Any], request: Mapping[str, Any], version: str
) -> dict[str, Any]:
    """Return the configuration as it would be after the update.

    Conversion is merged member by member, processing is replaced as a whole, as captured from the
    service.

    Raises:
        FirehoseError: the version or the destination is another, the update is not one of an
            extended S3 destination, or it switches partitioning on or off, or the backup off.
    """
    given_version = request.get("CurrentDeliveryStreamVersionId")
    if given_version != version:
        raise ConcurrentModificationError(
            f"Cannot update firehose: {request.get('DeliveryStreamName')} since the current "
            f"version id: {version} and specified version id: {given_version} do not match"
        )
    if request.get("DestinationId") != DESTINATION_ID:
        raise InvalidArgumentError(f"Destination Id {request.get('DestinationId')} not found")
    update = request.get("ExtendedS3DestinationUpdate") or request.get("S3DestinationUpdate")
    if not isinstance(update, Mapping):
        raise InvalidArgumentError("ExtendedS3DestinationUpdate must not be null")
    changed = {_renamed(name): value for name, value in update.items()}
    _refuse(current, changed)
    merged: dict[str, Any] = deepcopy(dict(current))
    for name, value in changed.items():
        merged[name] = {**(merged.get(name) or {}), **value} if name in _MERGED else value
    return merged


def _renamed(name: str) -> str:
    return "S3BackupConfiguration" if name == "S3BackupUpdate" else name


def _refuse(current: Mapping[str, Any], changed: Mapping[str, Any]) -> None:
    if "DynamicPartitioningConfiguration" in changed:
        before = (current.get("DynamicPartitioningConfiguration") or {}).get("Enabled", False)
        after = changed["DynamicPartitioningConfiguration"].get("Enabled", before)
        if before != after:
            raise InvalidArgumentError(
                "Dynamic Partitioning can only be enabled or disabled when the stream is created"
            )
    if current.get("S3BackupMode") == "Enabled" and changed.get("S3BackupMode") == "Disabled":
        raise InvalidArgumentError("S3BackupMode cannot be disabled once it is enabled")
