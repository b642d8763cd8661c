"""What `DescribeDeliveryStream` answers: the configuration as given, with the service's defaults.

"§" is a section of the facts that the local Firehose was built from.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from infra.local.firehose import limits

DESTINATION_ID = "destinationId-000000000001"

_LAMBDA_ORDER = (
    "LambdaArn",
    "NumberOfRetries",
    "RoleArn",
    "BufferSizeInMBs",
    "BufferIntervalInSeconds",
)
_LAMBDA_DEFAULTS = {
    "NumberOfRetries": f"{limits.DEFAULT_LAMBDA_RETRIES}",
    "BufferSizeInMBs": f"{limits.DEFAULT_LAMBDA_BUFFER_MB:g}",
    "BufferIntervalInSeconds": f"{limits.DEFAULT_LAMBDA_BUFFER_SECONDS}",
}
_S3_MEMBERS = (
    "RoleARN",
    "BucketARN",
    "Prefix",
    "ErrorOutputPrefix",
    "BufferingHints",
    "CompressionFormat",
    "EncryptionConfiguration",
    "CloudWatchLoggingOptions",
)


def describe_destination(
    configuration: Mapping[str, Any], *, plain: bool = False
) -> dict[str, Any]:
    """Return one member of `Destinations` for an `ExtendedS3DestinationConfiguration`.

    Args:
        configuration: the configuration as given.
        plain: whether it was an `S3DestinationConfiguration`.
    """
    extended: dict[str, Any] = deepcopy(dict(configuration))
    backup = extended.pop("S3BackupConfiguration", None)
    large = _converts(extended) or _partitions(extended)
    default_mb = limits.DEFAULT_LARGE_BUFFER_MB if large else limits.DEFAULT_BUFFER_MB
    extended = _with_s3_defaults(extended, default_mb)
    extended.setdefault("S3BackupMode", "Disabled")
    extended["ProcessingConfiguration"] = _processing(extended.get("ProcessingConfiguration"))
    if (conversion := extended.get("DataFormatConversionConfiguration")) is not None:
        conversion.setdefault("Enabled", True)
    if (partitioning := extended.get("DynamicPartitioningConfiguration")) is not None:
        partitioning.setdefault("Enabled", False)
        partitioning.setdefault("RetryOptions", {}).setdefault("DurationInSeconds", 300)
    if backup is not None:
        extended["S3BackupDescription"] = _with_s3_defaults(backup, limits.DEFAULT_BUFFER_MB)
    described = {
        "DestinationId": DESTINATION_ID,
        "S3DestinationDescription": {k: extended[k] for k in _S3_MEMBERS if k in extended},
    }
    return described if plain else {**described, "ExtendedS3DestinationDescription": extended}


def _with_s3_defaults(s3: dict[str, Any], default_mb: int) -> dict[str, Any]:
    hints = {"SizeInMBs": default_mb, "IntervalInSeconds": limits.DEFAULT_BUFFER_SECONDS}
    return {
        **s3,
        "BufferingHints": {**hints, **(s3.get("BufferingHints") or {})},
        "CompressionFormat": s3.get("CompressionFormat", "UNCOMPRESSED"),
        "EncryptionConfiguration": s3.get("EncryptionConfiguration")
        or {"NoEncryptionConfig": "NoEncryption"},
        "CloudWatchLoggingOptions": s3.get("CloudWatchLoggingOptions") or {"Enabled": False},
    }


def _processing(given: Mapping[str, Any] | None) -> dict[str, Any]:
    """Fill and reorder the Lambda's parameters as the service does (§2.5)."""
    if given is None:
        return {"Enabled": False, "Processors": []}
    return {
        "Enabled": given.get("Enabled", False),
        "Processors": [
            {**p, "Parameters": _parameters(p.get("Parameters") or [])}
            if p["Type"] == "Lambda"
            else p
            for p in given.get("Processors") or []
        ],
    }


def _parameters(given: list[dict[str, str]]) -> list[dict[str, str]]:
    named = {p["ParameterName"]: p["ParameterValue"] for p in given}
    values = {**_LAMBDA_DEFAULTS, **named}
    return [
        {"ParameterName": name, "ParameterValue": values[name]}
        for name in _LAMBDA_ORDER
        if name in values
    ]


def _converts(extended: Mapping[str, Any]) -> bool:
    conversion = extended.get("DataFormatConversionConfiguration")
    return conversion is not None and bool(conversion.get("Enabled", True))


def _partitions(extended: Mapping[str, Any]) -> bool:
    partitioning = extended.get("DynamicPartitioningConfiguration") or {}
    return bool(partitioning.get("Enabled", False))
