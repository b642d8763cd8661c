"""Firehose over HTTP: what a stream may be, what it is described as, and its updates."""

import io
from datetime import timedelta
from typing import Any

import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from tests.infra.firehose.setups import configuration, plain, processing
from tests.infra.local_aws_backends.firehose_setup import BUCKET_ARN, START, FirehoseSetup


@pytest.mark.fact("describe-lambda")
def test_describe_echoes_with_the_service_s_defaults(firehose: FirehoseSetup) -> None:
    """Describe answers what was given, with the service's defaults, and both S3 descriptions."""
    arn = firehose.create(
        plain(ProcessingConfiguration=processing(BufferSizeInMBs="", BufferIntervalInSeconds="")),
        DeliveryStreamEncryptionConfigurationInput={"KeyType": "AWS_OWNED_CMK"},
    )
    described = firehose.described()
    assert described["DeliveryStreamARN"] == arn
    assert (described["DeliveryStreamStatus"], described["VersionId"]) == ("ACTIVE", "1")
    assert described["CreateTimestamp"] == START
    encryption = described["DeliveryStreamEncryptionConfiguration"]
    assert encryption == {"KeyType": "AWS_OWNED_CMK", "Status": "ENABLED"}
    (destination,) = described["Destinations"]
    extended = destination["ExtendedS3DestinationDescription"]
    assert extended["S3BackupDescription"]["BufferingHints"]["SizeInMBs"] == 5
    assert destination["S3DestinationDescription"]["BucketARN"] == BUCKET_ARN
    (processor,) = extended["ProcessingConfiguration"]["Processors"]
    assert [p["ParameterName"] for p in processor["Parameters"]] == [
        "LambdaArn",
        "NumberOfRetries",
        "BufferSizeInMBs",
        "BufferIntervalInSeconds",
    ]
    assert processor["Parameters"][2]["ParameterValue"] == "1"


@pytest.mark.fact("throughput-hint")
def test_the_throughput_hint_is_described(firehose: FirehoseSetup) -> None:
    """It is information for the service, and echoed."""
    firehose.create(plain(), DirectPutSourceConfiguration={"ThroughputHintInMBs": 5})
    assert firehose.described()["Source"] == {
        "DirectPutSourceDescription": {"ThroughputHintInMBs": 5}
    }


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            configuration(CompressionFormat="GZIP"),
            "The S3 destination's compression format must be set to UNCOMPRESSED when data format "
            "conversion is enabled",
        ),
        (
            configuration(BufferingHints={"SizeInMBs": 63, "IntervalInSeconds": 60}),
            "BufferingHints.SizeInMBs must be at least 64 when data format conversion is enabled.",
        ),
        (
            configuration(ErrorOutputPrefix=None),
            "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions",
        ),
        (
            configuration(Prefix="main/"),
            "S3 Prefix should contain Dynamic Partitioning namespaces when Dynamic Partitioning "
            "is enabled",
        ),
        (
            plain(Prefix="main/!{partitionKeyFromLambda:k}/"),
            "Dynamic Partitioning Namespaces can only be part of a prefix expression when Dynamic "
            "Partitioning is enabled.",
        ),
        (
            configuration(ProcessingConfiguration=processing(NumberOfRetries="301")),
            "Number of retries for lambda must be between 0 and 300.",
        ),
    ],
)
def test_refusals_come_over_http_with_the_service_s_words(
    firehose: FirehoseSetup, settings: dict[str, Any], message: str
) -> None:
    """What the service refuses at create is refused with its code and message."""
    assert firehose.refusal(settings) == ("InvalidArgumentException", message)
    assert firehose.firehose.list_delivery_streams()["DeliveryStreamNames"] == []


@pytest.mark.fact("conversion-table-at-create")
@pytest.mark.parametrize(("database", "table"), [("db", "nope"), ("nope", "rows")])
def test_an_unknown_glue_table_is_wrapped(
    firehose: FirehoseSetup, database: str, table: str
) -> None:
    """An unknown database or table is an InvalidArgument that wraps Glue's EntityNotFound."""
    settings = configuration()
    schema = settings["DataFormatConversionConfiguration"]["SchemaConfiguration"]
    schema.update(DatabaseName=database, TableName=table)
    code, message = firehose.refusal(settings)
    assert code == "InvalidArgumentException"
    assert "nope not found." in message
    assert "EntityNotFoundException" in message


def test_what_is_not_supported_says_so(firehose: FirehoseSetup) -> None:
    """A setting that only the service has is refused, and the message says where to go."""
    code, message = firehose.refusal(plain(CompressionFormat="Snappy"))
    assert code == "InvalidArgumentException"
    assert message.startswith("Not supported locally: CompressionFormat Snappy")
    assert message.endswith("run it on AWS")


def test_a_bucket_must_exist(firehose: FirehoseSetup) -> None:
    """A destination in an unknown bucket is refused."""
    _, message = firehose.refusal(configuration(BucketARN="arn:aws:s3:::nowhere"))
    assert message == "The bucket nowhere does not exist"


@pytest.mark.fact("stream-encryption")
def test_encryption_is_switched_on_and_off(firehose: FirehoseSetup) -> None:
    """Answers to puts say `Encrypted` as long as encryption is on."""
    firehose.create(plain())
    name = {"DeliveryStreamName": "events"}
    assert firehose.put(b"x")["Encrypted"] is False
    firehose.firehose.start_delivery_stream_encryption(**name)
    assert firehose.put(b"x")["Encrypted"] is True
    firehose.firehose.stop_delivery_stream_encryption(**name)
    assert firehose.described()["DeliveryStreamEncryptionConfiguration"] == {"Status": "DISABLED"}


@pytest.mark.fact("stream-encryption")
def test_a_customer_key_needs_its_arn(firehose: FirehoseSetup) -> None:
    """KeyARN goes with a customer's key, and only with it."""
    encryption = {"KeyType": "CUSTOMER_MANAGED_CMK"}
    code, message = firehose.refusal(plain(), DeliveryStreamEncryptionConfigurationInput=encryption)
    assert code == "InvalidArgumentException"
    assert "KeyARN" in message


@pytest.mark.fact("partitioning-at-create-only", "backup-stays-on")
@pytest.mark.parametrize(
    ("update", "words"),
    [
        ({"DynamicPartitioningConfiguration": {"Enabled": False}}, "only be enabled or"),
        ({"S3BackupMode": "Disabled"}, "S3BackupMode"),
        ({"BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60}}, "at least 64"),
        ({"BufferingHints": {"SizeInMBs": 64}}, "and vice versa"),
        ({"Prefix": "other/"}, "should contain Dynamic Partitioning namespaces"),
        ({"CompressionFormat": "Snappy"}, "Not supported locally"),
    ],
)
def test_updates_are_refused_for_their_own_reason(
    firehose: FirehoseSetup, update: dict[str, Any], words: str
) -> None:
    """What the service refuses at create it refuses in an update, and some things more."""
    firehose.create()
    with pytest.raises(ClientError, match=words):
        _update(firehose, update)


@pytest.mark.fact("object-version")
def test_an_update_without_a_change_is_fine(firehose: FirehoseSetup) -> None:
    """An update to what is there already succeeds, and the version stays."""
    firehose.create()
    _update(firehose, {"BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 60}})
    assert firehose.described()["VersionId"] == "1"
    assert "LastUpdateTimestamp" not in firehose.described()


@pytest.mark.parametrize(
    ("version", "destination", "code", "message"),
    [
        (
            "2",
            "destinationId-000000000001",
            "ConcurrentModificationException",
            "Cannot update firehose: events since the current version id: 1 and specified version "
            "id: 2 do not match",
        ),
        (
            "1",
            "destinationId-000000000002",
            "InvalidArgumentException",
            "Destination Id destinationId-000000000002 not found",
        ),
    ],
)
def test_an_update_names_version_and_destination(
    firehose: FirehoseSetup, version: str, destination: str, code: str, message: str
) -> None:
    """Whoever updates says what they have seen."""
    firehose.create()
    with pytest.raises(ClientError) as caught:
        _update(firehose, {}, version=version, destination=destination)
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == (code, message)


@pytest.mark.fact("object-version", "update-buffered")
def test_an_update_is_a_new_version_for_what_is_buffered_too(firehose: FirehoseSetup) -> None:
    """Version, prefix and buffers are those of the update; the old version is no longer taken."""
    firehose.create(plain())
    firehose.put(b"x")
    firehose.clock.advance(by=timedelta(seconds=60))
    firehose.control.tick()
    _update(firehose, {"Prefix": "other/"})
    described = firehose.described()
    assert described["VersionId"] == "2"
    assert described["LastUpdateTimestamp"] == START + timedelta(seconds=60)
    (destination,) = described["Destinations"]
    assert destination["ExtendedS3DestinationDescription"]["Prefix"] == "other/"
    firehose.put(b"y")
    firehose.control.flush()
    (key,) = firehose.keys("other/")
    assert key.startswith("other/2026/03/01/12/events-2-")
    assert firehose.s3.get_object(Bucket="lake", Key=key)["Body"].read() == b"xy"
    with pytest.raises(ClientError):
        _update(firehose, {"Prefix": "third/"})


@pytest.mark.fact("update-merges-conversion")
def test_an_update_merges_conversion_and_replaces_processing(firehose: FirehoseSetup) -> None:
    """A member of the conversion that is not named stays; a parameter of the Lambda does not."""
    firehose.create()
    parquet = {"Serializer": {"ParquetSerDe": {"Compression": "GZIP"}}}
    _update(
        firehose,
        {
            "DataFormatConversionConfiguration": {"OutputFormatConfiguration": parquet},
            "ProcessingConfiguration": processing(NumberOfRetries=""),
            "S3BackupUpdate": {"Prefix": "backup/"},
        },
    )
    (destination,) = firehose.described()["Destinations"]
    extended = destination["ExtendedS3DestinationDescription"]
    conversion = extended["DataFormatConversionConfiguration"]
    assert conversion["OutputFormatConfiguration"] == parquet
    assert conversion["SchemaConfiguration"]["TableName"] == "rows"
    (processor,) = extended["ProcessingConfiguration"]["Processors"]
    retries = [p for p in processor["Parameters"] if p["ParameterName"] == "NumberOfRetries"]
    assert retries == [{"ParameterName": "NumberOfRetries", "ParameterValue": "3"}]
    assert extended["S3BackupDescription"]["Prefix"] == "backup/"
    assert extended["S3BackupDescription"]["BufferingHints"]["IntervalInSeconds"] == 300


@pytest.mark.fact("table-version-latest")
def test_a_stream_follows_its_table(firehose: FirehoseSetup) -> None:
    """Columns are those of the newest version of the table when an object is written."""
    firehose.create()
    firehose.put(b'{"id":1,"note":"n"}')
    columns = [{"Name": "id", "Type": "bigint"}, {"Name": "note", "Type": "string"}]
    glue = firehose.served.client("glue")
    table = {"Name": "rows", "StorageDescriptor": {"Columns": columns}}
    glue.update_table(DatabaseName="db", TableInput=table)
    firehose.control.flush()
    (key,) = firehose.keys("main/")
    body = firehose.s3.get_object(Bucket="lake", Key=key)["Body"].read()
    assert pq.read_table(io.BytesIO(body)).to_pylist() == [{"id": 1, "note": "n"}]


def test_tags(firehose: FirehoseSetup) -> None:
    """Tags given at create, added and removed are listed."""
    firehose.create(Tags=[{"Key": "team", "Value": "x"}])
    name = {"DeliveryStreamName": "events"}
    firehose.firehose.tag_delivery_stream(**name, Tags=[{"Key": "env", "Value": "y"}])
    firehose.firehose.untag_delivery_stream(**name, TagKeys=["team"])
    tags = firehose.firehose.list_tags_for_delivery_stream(**name)["Tags"]
    assert tags == [{"Key": "env", "Value": "y"}]


def _update(
    firehose: FirehoseSetup,
    update: dict[str, Any],
    version: str = "1",
    destination: str = "destinationId-000000000001",
) -> None:
    firehose.firehose.update_destination(
        DeliveryStreamName="events",
        CurrentDeliveryStreamVersionId=version,
        DestinationId=destination,
        ExtendedS3DestinationUpdate=update,
    )
