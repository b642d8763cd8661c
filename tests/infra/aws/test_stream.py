"""The template's delivery stream against what the service refuses when a stream is created.

Linters miss these rules; a deployment finds them.
"""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from infra.aws.template import load_template
from infra.local.firehose.configuration import parse_configuration
from infra.local.firehose.errors import FirehoseError
from infra.local.firehose.refusals import RULES
from infra.local.firehose.settings import OpenX, StreamSettings
from schemas.tables import Column, Table
from tests.infra.aws.stack import ACCOUNT, REGION, Stack

MIB = 1024 * 1024
LOG_STREAM = "AWS::Logs::LogStream"
Change = Callable[[dict[str, Any]], None]


def created(change: Change = lambda destination: None) -> StreamSettings:
    """Deploy the template with its destination changed, and create the stream."""
    template = copy.deepcopy(load_template())
    change(template["Resources"]["Stream"]["Properties"]["ExtendedS3DestinationConfiguration"])
    stack = Stack(template, {})
    destination = stack.properties("Stream")["ExtendedS3DestinationConfiguration"]
    tables = {}
    for properties in stack.all("AWS::Glue::Table").values():
        table = properties["TableInput"]
        columns = tuple(
            Column(c["Name"], c["Type"], "") for c in table["StorageDescriptor"]["Columns"]
        )
        tables[(properties["DatabaseName"], table["Name"])] = Table(
            table["Name"], "", "parquet", columns, (), ""
        )
    return parse_configuration(destination, tables=tables, region=REGION, account=ACCOUNT)


def put(path: str, value: Any) -> Change:
    """Return the change that puts a value at a dotted path; None removes the setting."""
    *parents, last = path.split(".")

    def change(destination: dict[str, Any]) -> None:
        for name in parents:
            destination = destination[name]
        if value is None:
            del destination[last]
        else:
            destination[last] = value

    return change


def lambda_parameter(name: str, value: str) -> Change:
    """Return the change of one parameter of the Lambda processor; empty text removes it."""

    def change(destination: dict[str, Any]) -> None:
        [processor] = destination["ProcessingConfiguration"]["Processors"]
        processor["Parameters"] = [
            {**p, "ParameterValue": value} if p["ParameterName"] == name else p
            for p in processor["Parameters"]
            if p["ParameterName"] != name or value
        ]

    return change


def both(*changes: Change) -> Change:
    """Return several changes as one."""

    def change(destination: dict[str, Any]) -> None:
        for part in changes:
            part(destination)

    return change


def second_lambda(destination: dict[str, Any]) -> None:
    """Add the Lambda processor a second time."""
    destination["ProcessingConfiguration"]["Processors"] *= 2


TYPE = "!{firehose:error-output-type}"
KEY = "!{partitionKeyFromLambda:table}"
NO_CONVERSION = put("DataFormatConversionConfiguration", None)

REFUSED: list[tuple[Change, str]] = [
    # format conversion
    (
        put("CompressionFormat", "GZIP"),
        "The S3 destination's compression format must be set to UNCOMPRESSED when data format "
        "conversion is enabled",
    ),
    (
        put("BufferingHints.SizeInMBs", 63),
        "BufferingHints.SizeInMBs must be at least 64 when data format conversion is enabled.",
    ),
    *(
        (put(f"DataFormatConversionConfiguration.{part}", None), f"{part} must not be null")
        for part in (
            "SchemaConfiguration",
            "InputFormatConfiguration",
            "OutputFormatConfiguration",
        )
    ),
    # dynamic partitioning
    (
        both(NO_CONVERSION, put("BufferingHints.SizeInMBs", 63)),
        "BufferingHints.SizeInMBs must be at least 64 when Dynamic Partitioning is enabled.",
    ),
    (
        put("BufferingHints.IntervalInSeconds", 59),
        "BufferingHints.IntervalInSeconds must be at least 60 seconds when Dynamic Partitioning "
        "is enabled.",
    ),
    (
        put("Prefix", "processed/"),
        "S3 Prefix should contain Dynamic Partitioning namespaces when Dynamic Partitioning is "
        "enabled",
    ),
    (
        put("ProcessingConfiguration.Enabled", False),
        "Processing Configuration is not enabled when DataPartitioning is enabled",
    ),
    (
        put("DynamicPartitioningConfiguration.Enabled", False),
        "Dynamic Partitioning Namespaces can only be part of a prefix expression when Dynamic "
        "Partitioning is enabled.",
    ),
    (
        put("DynamicPartitioningConfiguration.RetryOptions.DurationInSeconds", 7201),
        "RetryOptions.DurationInSeconds must be between 0 and 7200",
    ),
    # prefixes
    (
        put("ErrorOutputPrefix", None),
        "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions",
    ),
    (
        put("ErrorOutputPrefix", "errors/!{timestamp:yyyy}/"),
        "ErrorOutputPrefix must contain !{firehose:error-output-type} when it has expressions",
    ),
    (
        put("ErrorOutputPrefix", f"errors/{TYPE}/{KEY}/"),
        "ErrorOutputPrefix must not contain Dynamic Partitioning namespaces",
    ),
    (put("Prefix", f"{TYPE}/{KEY}/"), f"Prefix must not contain {TYPE}"),
    (
        put("Prefix", f"!{{timestamp:bogus}}/{KEY}/"),
        "Invalid conversion character used in the value of the expression in Prefix",
    ),
    (
        put("FileExtension", "parquet"),
        "FileExtension must begin with a dot and have only the characters 0-9a-z!-_.*'()",
    ),
    # the Lambda processor
    (second_lambda, "Cannot have more than 1 Lambda processor."),
    (
        lambda_parameter("NumberOfRetries", "301"),
        "Number of retries for lambda must be between 0 and 300.",
    ),
    (
        lambda_parameter("BufferSizeInMBs", "0.1"),
        "BufferSizeInMBs must be between 0.2 and 3.",
    ),
    (
        lambda_parameter("BufferIntervalInSeconds", "901"),
        "BufferIntervalInSeconds must be between 0 and 900.",
    ),
    (
        lambda_parameter("BufferIntervalInSeconds", ""),
        "Both BufferSizeInMBs and BufferIntervalInSeconds are required if one is given",
    ),
    # the backup
    (
        put("S3BackupConfiguration.Prefix", f"raw/{KEY}/"),
        "Dynamic Partitioning Namespaces are not available in the prefix of the S3 backup",
    ),
    (
        put("S3BackupConfiguration.BufferingHints.IntervalInSeconds", 59),
        "BufferingHints.IntervalInSeconds must be at least 60 seconds for the S3 backup",
    ),
    (
        both(
            NO_CONVERSION,
            put("ProcessingConfiguration", None),
            put("DynamicPartitioningConfiguration", None),
            put("Prefix", "processed/"),
        ),
        "S3 backup is available only with data transformation or data format conversion",
    ),
    (put("S3BackupConfiguration", None), "S3BackupConfiguration.RoleARN must not be null"),
    # a processor that is no Lambda
    (
        put("ProcessingConfiguration.Processors", [{"Type": "AppendDelimiterToRecord"}]),
        "Lambda should be present when S3 Prefix contains keys from partitionKeyFromLambda "
        "namespace",
    ),
    # logging
    (
        put("CloudWatchLoggingOptions.LogGroupName", None),
        "CloudWatchLoggingOptions.LogGroupName must not be null",
    ),
    # the Glue table
    (
        put("DataFormatConversionConfiguration.SchemaConfiguration.TableName", "gone"),
        "The Glue table finops.gone was not found (EntityNotFoundException)",
    ),
]


def test_the_stream_is_accepted_and_is_what_the_design_says() -> None:
    """Created as it stands: partitions, Parquet, the small Lambda buffer, the raw backup."""
    settings = created()
    assert settings.partitioned
    assert settings.main.prefix.partition_keys == {"table", "partition"}
    assert settings.main.hints.size == 64 * MIB
    assert settings.main.hints.interval.total_seconds() == 300
    assert settings.function is not None
    assert settings.function.arn == (
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:finops-transform:live"
    )
    assert settings.function.hints.size == int(0.2 * MIB)
    assert settings.conversion is not None
    assert settings.conversion.catalogue.table == "lake_rows"
    assert isinstance(settings.conversion.deserializer, OpenX)
    assert not settings.conversion.deserializer.case_insensitive
    assert (settings.conversion.parquet.compression, settings.conversion.parquet.dictionary) == (
        "SNAPPY",
        True,
    )
    assert settings.backup is not None
    assert settings.backup.hints.size == 128 * MIB
    assert settings.backup.compression == "UNCOMPRESSED"


@pytest.mark.parametrize(("change", "message"), REFUSED, ids=[m for _, m in REFUSED])
def test_each_refusal_of_the_service_is_seen(change: Change, message: str) -> None:
    """The template, changed so that AWS would refuse it, is refused with the same words."""
    with pytest.raises(FirehoseError) as refusal:
        created(change)
    assert refusal.value.code == "InvalidArgumentException"
    assert refusal.value.message == message


def test_every_rule_has_a_template_that_breaks_it() -> None:
    """A new rule without a case above fails here."""
    assert {message for _, message in RULES} <= {message for _, message in REFUSED}


def test_what_the_destination_configuration_does_not_say() -> None:
    """Direct puts, encrypted, both logs written, made after the policy that the service tries."""
    stack = Stack.of()
    stream = stack.properties("Stream")
    assert (stream["DeliveryStreamName"], stream["DeliveryStreamType"]) == ("finops", "DirectPut")
    assert stream["DeliveryStreamEncryptionConfigurationInput"] == {"KeyType": "AWS_OWNED_CMK"}
    assert stack.resource("Stream")["DependsOn"] == ["FirehosePolicy"]
    main = stream["ExtendedS3DestinationConfiguration"]
    logs = [d["CloudWatchLoggingOptions"] for d in (main, main["S3BackupConfiguration"])]
    streams = {(s["LogGroupName"], s["LogStreamName"]) for s in stack.all(LOG_STREAM).values()}
    assert {(log["LogGroupName"], log["LogStreamName"]) for log in logs} == streams
    assert all(log["Enabled"] for log in logs)
