"""What `CreateDeliveryStream` refuses is refused here, in the service's words."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from infra.local.firehose import FirehoseError
from infra.local.firehose.configuration import parse_configuration
from infra.local.firehose.settings import OpenX, StreamSettings
from tests.infra.firehose.setups import (
    FUNCTION,
    ROLE,
    TABLE,
    configuration,
    conversion,
    delimiting,
    plain,
    processing,
)

MIB = 1024 * 1024


def parse(settings: Mapping[str, Any]) -> StreamSettings:
    """Parse with the test table in the catalogue."""
    tables = {("db", "rows"): TABLE}
    return parse_configuration(settings, tables=tables, region="us-east-1", account="1")


def hints(size: int, interval: int) -> dict[str, int]:
    """Return buffering hints."""
    return {"SizeInMBs": size, "IntervalInSeconds": interval}


def _twice() -> dict[str, Any]:
    one = processing()
    return {**one, "Processors": one["Processors"] * 2}


REFUSED = [
    (
        configuration(CompressionFormat="GZIP"),
        "The S3 destination's compression format must be set to UNCOMPRESSED when data format "
        "conversion is enabled",
    ),
    (
        plain(BufferingHints=hints(63, 60), DataFormatConversionConfiguration=conversion()),
        "BufferingHints.SizeInMBs must be at least 64 when data format conversion is enabled.",
    ),
    (
        configuration(BufferingHints=hints(63, 60), DataFormatConversionConfiguration=None),
        "BufferingHints.SizeInMBs must be at least 64 when Dynamic Partitioning is enabled.",
    ),
    (
        configuration(BufferingHints=hints(64, 59)),
        "BufferingHints.IntervalInSeconds must be at least 60 seconds when Dynamic Partitioning "
        "is enabled.",
    ),
    (
        configuration(Prefix="main/"),
        "S3 Prefix should contain Dynamic Partitioning namespaces when Dynamic Partitioning is "
        "enabled",
    ),
    (
        configuration(ProcessingConfiguration=delimiting()),
        "Lambda should be present when S3 Prefix contains keys from partitionKeyFromLambda "
        "namespace",
    ),
    (configuration(ProcessingConfiguration=_twice()), "Cannot have more than 1 Lambda processor."),
    (
        configuration(ProcessingConfiguration=None),
        "Processing Configuration is not enabled when DataPartitioning is enabled",
    ),
    (
        configuration(DynamicPartitioningConfiguration=None),
        "Dynamic Partitioning Namespaces can only be part of a prefix expression when Dynamic "
        "Partitioning is enabled.",
    ),
    (
        configuration(ErrorOutputPrefix=None),
        "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions",
    ),
    (
        configuration(Prefix="!{timestamp:bogus}/!{partitionKeyFromLambda:k}/"),
        "Invalid conversion character used in the value of the expression in Prefix",
    ),
    (configuration(S3BackupConfiguration=None), "S3BackupConfiguration.RoleARN must not be null"),
    (
        configuration(ProcessingConfiguration=processing(NumberOfRetries="301")),
        "Number of retries for lambda must be between 0 and 300.",
    ),
    (
        configuration(ProcessingConfiguration=processing(BufferSizeInMBs="3.1")),
        "BufferSizeInMBs must be between 0.2 and 3.",
    ),
    (
        configuration(ProcessingConfiguration=processing(BufferSizeInMBs="0.1")),
        "BufferSizeInMBs must be between 0.2 and 3.",
    ),
]


@pytest.mark.fact(
    "conversion-uncompressed",
    "conversion-buffer-size",
    "partitioning-buffer-size",
    "partitioning-buffer-interval",
    "partitioning-prefix",
    "partitioning-processing",
    "namespace-without-partitioning",
    "partitioning-lambda",
    "one-lambda",
    "error-prefix-required",
    "timestamp-pattern",
    "retries-range",
    "lambda-buffer-size",
)
@pytest.mark.parametrize(("settings", "message"), REFUSED)
def test_the_services_refusals_have_the_services_words(
    settings: dict[str, Any], message: str
) -> None:
    """A template that fails on AWS fails here with the same message."""
    with pytest.raises(FirehoseError) as refusal:
        parse(settings)
    assert refusal.value.code == "InvalidArgumentException"
    assert refusal.value.message == message
    assert "\n" not in str(refusal.value)


def _parts(without: str) -> dict[str, Any]:
    return {name: part for name, part in conversion().items() if name != without}


ALSO_REFUSED = {
    "unknown setting": configuration(Unheard="of"),
    "unknown lambda parameter": configuration(ProcessingConfiguration=processing(Unheard="of")),
    "one lambda buffer hint": configuration(ProcessingConfiguration=processing(BufferSizeInMBs="")),
    "no lambda ARN": configuration(ProcessingConfiguration=processing(LambdaArn="")),
    "no processors": configuration(ProcessingConfiguration={"Enabled": True, "Processors": []}),
    "six processors": configuration(
        ProcessingConfiguration={"Enabled": True, "Processors": processing()["Processors"] * 6}
    ),
    "another processor": configuration(
        ProcessingConfiguration={"Enabled": True, "Processors": [{"Type": "Decompression"}]}
    ),
    "another delimiter": plain(ProcessingConfiguration=delimiting(";")),
    "retries that are no number": configuration(
        ProcessingConfiguration=processing(NumberOfRetries="many")
    ),
    "fractional retries": configuration(ProcessingConfiguration=processing(NumberOfRetries="1.5")),
    "logging to nowhere": configuration(CloudWatchLoggingOptions={"Enabled": True}),
    "no role": configuration(RoleARN=None),
    "bucket that is no ARN": configuration(BucketARN="lake"),
    "error type in the prefix": configuration(
        Prefix="!{firehose:error-output-type}/!{partitionKeyFromLambda:k}/"
    ),
    "error prefix without its type": configuration(ErrorOutputPrefix="e/!{timestamp:yyyy}/"),
    "partition key in the error prefix": configuration(
        ErrorOutputPrefix="e/!{firehose:error-output-type}/!{partitionKeyFromLambda:k}/"
    ),
    "jq keys": configuration(Prefix="main/!{partitionKeyFromQuery:k}/"),
    "unknown namespace": configuration(Prefix="!{unheard:of}/!{partitionKeyFromLambda:k}/"),
    "open expression": configuration(Prefix="!{partitionKeyFromLambda:k}/!{timestamp:yyyy"),
    "size as text": configuration(BufferingHints={"SizeInMBs": "64", "IntervalInSeconds": 60}),
    "size too large": configuration(BufferingHints=hints(129, 60)),
    "interval too long": configuration(BufferingHints=hints(64, 901)),
    "backup interval": configuration(
        S3BackupConfiguration={
            "BucketARN": "arn:aws:s3:::lake",
            "RoleARN": ROLE,
            "BufferingHints": hints(5, 59),
        }
    ),
    "file extension in the backup": configuration(
        S3BackupConfiguration={
            "BucketARN": "arn:aws:s3:::lake",
            "RoleARN": ROLE,
            "FileExtension": ".raw",
        }
    ),
    "backup without a step before it": plain(ProcessingConfiguration=None),
    "no schema": configuration(DataFormatConversionConfiguration=_parts("SchemaConfiguration")),
    "no input format": configuration(
        DataFormatConversionConfiguration=_parts("InputFormatConfiguration")
    ),
    "timestamp format": configuration(
        DataFormatConversionConfiguration={
            **conversion(),
            "InputFormatConfiguration": {
                "Deserializer": {"HiveJsonSerDe": {"TimestampFormats": ["EEE"]}}
            },
        }
    ),
    "two deserializers": configuration(
        DataFormatConversionConfiguration={
            **conversion(),
            "InputFormatConfiguration": {
                "Deserializer": {"HiveJsonSerDe": {}, "OpenXJsonSerDe": {}}
            },
        }
    ),
    "unknown table": configuration(
        DataFormatConversionConfiguration={
            **conversion(),
            "SchemaConfiguration": {"RoleARN": ROLE, "DatabaseName": "db", "TableName": "none"},
        }
    ),
    "parquet compression": configuration(
        DataFormatConversionConfiguration=conversion(Compression="ZSTD")
    ),
    "small parquet pages": configuration(
        DataFormatConversionConfiguration=conversion(PageSizeBytes=1000)
    ),
    "extension": configuration(FileExtension="parquet"),
    "time zone": configuration(CustomTimeZone="Mars/Olympus"),
    "retry duration": configuration(
        DynamicPartitioningConfiguration={
            "Enabled": True,
            "RetryOptions": {"DurationInSeconds": 7201},
        }
    ),
}


@pytest.mark.fact(
    "lambda-buffer-both",
    "processor-count",
    "logging-needs-names",
    "error-prefix-type",
    "prefix-without-type",
    "backup-configuration",
    "backup-interval",
    "backup-needs-a-step",
    "conversion-parts",
    "conversion-table-at-create",
    "parquet-page-size",
    "partition-retry-duration",
)
@pytest.mark.parametrize("settings", ALSO_REFUSED.values(), ids=ALSO_REFUSED)
def test_what_has_no_captured_message_is_refused_too(settings: dict[str, Any]) -> None:
    """Nothing that AWS refuses, and nothing without effect here, is taken in silence."""
    with pytest.raises(FirehoseError):
        parse(settings)


def _lambda(**parameters: str) -> dict[str, Any]:
    return configuration(ProcessingConfiguration=processing(**parameters))


def _backup(size: int, interval: int) -> dict[str, Any]:
    backup = {"BucketARN": "arn:aws:s3:::lake", "RoleARN": ROLE}
    return configuration(S3BackupConfiguration={**backup, "BufferingHints": hints(size, interval)})


def _retry(seconds: int) -> dict[str, Any]:
    return configuration(
        DynamicPartitioningConfiguration={
            "Enabled": True,
            "RetryOptions": {"DurationInSeconds": seconds},
        }
    )


@pytest.mark.fact("retries-range", "lambda-buffer-size", "lambda-buffer-interval")
@pytest.mark.fact("partitioning-buffer-size", "partitioning-buffer-interval")
@pytest.mark.fact("conversion-buffer-size", "backup-interval", "partition-retry-duration")
@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        (_lambda(NumberOfRetries="0"), _lambda(NumberOfRetries="-1")),
        (_lambda(NumberOfRetries="300"), _lambda(NumberOfRetries="301")),
        (_lambda(BufferSizeInMBs="0.2"), _lambda(BufferSizeInMBs="0.19")),
        (_lambda(BufferSizeInMBs="3"), _lambda(BufferSizeInMBs="3.01")),
        (_lambda(BufferIntervalInSeconds="0"), _lambda(BufferIntervalInSeconds="-1")),
        (_lambda(BufferIntervalInSeconds="900"), _lambda(BufferIntervalInSeconds="901")),
        (
            configuration(BufferingHints=hints(64, 60)),
            configuration(BufferingHints=hints(63, 60)),
        ),
        (
            configuration(BufferingHints=hints(128, 900)),
            configuration(BufferingHints=hints(129, 900)),
        ),
        (
            configuration(BufferingHints=hints(64, 60)),
            configuration(BufferingHints=hints(64, 59)),
        ),
        (plain(BufferingHints=hints(1, 0)), plain(BufferingHints=hints(0, 0))),
        (plain(BufferingHints=hints(1, 900)), plain(BufferingHints=hints(1, 901))),
        (_backup(1, 60), _backup(1, 59)),
        (_backup(128, 900), _backup(129, 900)),
        (_retry(0), _retry(-1)),
        (_retry(7200), _retry(7201)),
    ],
)
def test_the_bounds_of_numbers(inside: dict[str, Any], outside: dict[str, Any]) -> None:
    """The last value that is accepted, and the first that is not."""
    parse(inside)
    with pytest.raises(FirehoseError):
        parse(outside)


def test_a_full_configuration_is_read_as_given() -> None:
    """Sizes are MiB, intervals seconds, and the Lambda's numbers come from text."""
    settings = parse(configuration())
    assert settings.partitioned
    assert (settings.main.bucket, settings.main.hints.size) == ("lake", 64 * MIB)
    assert settings.function is not None
    assert (settings.function.arn, settings.function.retries) == (FUNCTION, 2)
    assert settings.function.hints.size == int(0.2 * MIB)
    assert settings.backup is not None
    assert settings.backup.hints.interval == timedelta(seconds=300)
    assert settings.conversion is not None
    assert settings.conversion.deserializer == OpenX(False, False, {})


@pytest.mark.fact(
    "conversion-buffer-size",
    "retries-default",
    "lambda-buffer-size",
    "lambda-buffer-interval",
    "parquet-compression",
    "parquet-dictionary",
)
def test_defaults_are_the_services() -> None:
    """Buffers, retries and formats that are left out are those of the API."""
    bare = processing(NumberOfRetries="", BufferSizeInMBs="", BufferIntervalInSeconds="")
    settings = parse(
        configuration(
            ProcessingConfiguration=bare,
            BufferingHints=None,
            S3BackupMode=None,
            DataFormatConversionConfiguration=conversion(openx={"CaseInsensitive": True}),
        )
    )
    assert settings.main.hints.size == 128 * MIB
    assert settings.backup is None
    assert settings.function is not None
    assert settings.function.retries == 3
    assert settings.function.hints.size == MIB
    assert settings.function.hints.interval == timedelta(seconds=60)
    assert settings.conversion is not None
    assert settings.conversion.parquet.compression == "SNAPPY"
    assert settings.conversion.parquet.page_size == MIB
    assert not settings.conversion.parquet.dictionary
    assert parse(plain(BufferingHints=None)).main.hints.size == 5 * MIB


@pytest.mark.fact("conversion-enabled-default")
def test_conversion_without_enabled_is_on() -> None:
    """An omitted Enabled counts as true for conversion, as a capture showed."""
    parts = _parts("Enabled")
    assert parse(configuration(DataFormatConversionConfiguration=parts)).conversion is not None
    off = {**parts, "Enabled": False}
    assert parse(configuration(DataFormatConversionConfiguration=off)).conversion is None
