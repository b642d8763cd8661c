"""Firehose over HTTP: puts, delivery and faults, by unmodified boto3."""

import gzip
import io
import json
from datetime import timedelta
from random import Random

import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError
from moto.firehose.models import FirehoseBackend, firehose_backends

from infra.local.aws.firehose_control import register_firehose
from infra.local.aws.functions import FunctionError
from infra.local.clock import ManualClock
from infra.local.firehose import Choices, DeliveryError, Faults
from tests.infra.firehose.setups import FUNCTION, configuration, ok, plain, processing
from tests.infra.firehose.setups import Function as ScriptedFunction
from tests.infra.local_aws_backends.endpoints import Endpoint, bucket_store
from tests.infra.local_aws_backends.firehose_setup import START, FirehoseSetup


@pytest.mark.fact("no-glue-partitions")
def test_records_put_over_http_become_parquet_by_the_glue_table(firehose: FirehoseSetup) -> None:
    """What boto3 puts lies in the lake as Parquet with the columns of the Glue table, and raw."""
    firehose.create()
    answer = firehose.put(b'{"id":1,"money":"0.100000000001"}', b'{"id":2,"money":"2"}')
    assert answer["FailedPutCount"] == 0
    assert firehose.keys() == []
    firehose.control.flush()
    (main,) = firehose.keys("main/k=a/")
    (raw,) = firehose.keys("raw/dt=2026-03-01/")
    body = firehose.s3.get_object(Bucket="lake", Key=main)["Body"].read()
    table = pq.read_table(io.BytesIO(body))
    assert table.column_names == ["id", "money"]
    assert [str(v) for v in table["money"].to_pylist()] == ["0.100000000001", "2.000000000000"]
    assert firehose.s3.get_object(Bucket="lake", Key=raw)["Body"].read().count(b"id") == 2
    glue = firehose.served.client("glue")
    assert glue.get_partitions(DatabaseName="db", TableName="rows")["Partitions"] == []


def test_the_clock_delivers(firehose: FirehoseSetup) -> None:
    """A tick delivers what its interval is over for, and nothing before."""
    firehose.create(plain(S3BackupMode=None, S3BackupConfiguration=None))
    firehose.put(b"x")
    for seconds, expected in ((59, 0), (1, 0), (60, 1)):  # the Lambda's minute, then the buffer's
        firehose.clock.advance(by=timedelta(seconds=seconds))
        firehose.control.tick()
        assert len(firehose.keys("main/")) == expected


@pytest.mark.fact("record-largest", "batch-records", "batch-bytes")
@pytest.mark.parametrize(
    ("count", "size", "code"),
    [
        (501, 1, "ValidationException"),
        (1, 1_024_001, "ValidationException"),
        (5, 900_000, "InvalidArgumentException"),
    ],
)
def test_put_limits_hold_over_http(
    firehose: FirehoseSetup, count: int, size: int, code: str
) -> None:
    """Records and batches beyond the limits are refused as a whole."""
    firehose.create(plain())
    with pytest.raises(ClientError) as caught:
        firehose.put(*[b"x" * size] * count)
    assert caught.value.response["Error"]["Code"] == code


@pytest.mark.fact("responses-positional", "failed-put-count")
def test_partial_failures_are_positional(firehose: FirehoseSetup) -> None:
    """Injected refusals answer their own records with an error code, in a successful call."""
    firehose.create(plain())
    firehose.control.inject(Faults(refuses=lambda ordinal, random: ordinal == 1))
    answer = firehose.put(b"a", b"b", b"c")
    assert answer["FailedPutCount"] == 1
    codes = [r.get("ErrorCode") for r in answer["RequestResponses"]]
    assert codes == [None, "ServiceUnavailableException", None]


def test_faults_hold_for_later_streams(firehose: FirehoseSetup) -> None:
    """Faults injected before a stream exists hold for it, and a refused PutRecord is an error."""
    firehose.control.inject(Faults(refuses=lambda ordinal, random: True))
    firehose.create(plain())
    with pytest.raises(ClientError) as caught:
        firehose.firehose.put_record(DeliveryStreamName="events", Record={"Data": b"x"})
    assert caught.value.response["Error"]["Code"] == "ServiceUnavailableException"


@pytest.mark.fact("delete-discards")
def test_deleting_a_stream_discards_its_buffers(firehose: FirehoseSetup) -> None:
    """A deleted stream's buffered records are nowhere, and its name is free again."""
    firehose.create()
    firehose.put(b'{"id":1}')
    firehose.firehose.delete_delivery_stream(DeliveryStreamName="events")
    firehose.control.flush()
    assert firehose.keys() == []
    with pytest.raises(ClientError) as caught:
        firehose.put(b"x")
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"
    firehose.create()


def test_a_name_is_taken_once(firehose: FirehoseSetup) -> None:
    """A second stream of the same name is refused, and the first goes on."""
    firehose.create()
    firehose.put(b'{"id":1}')
    assert firehose.refusal(configuration())[0] == "ResourceInUseException"
    firehose.control.flush()
    assert len(firehose.keys("main/")) == 1


def test_one_failing_bucket_does_not_stop_the_other_streams(firehose: FirehoseSetup) -> None:
    """A stream whose bucket is gone raises, and the others are delivered nevertheless."""
    firehose.create(plain(S3BackupMode=None, S3BackupConfiguration=None))
    firehose.s3.create_bucket(Bucket="other")
    settings = plain(S3BackupMode=None, S3BackupConfiguration=None, BucketARN="arn:aws:s3:::other")
    firehose.firehose.create_delivery_stream(
        DeliveryStreamName="another", ExtendedS3DestinationConfiguration=settings
    )
    firehose.put(b"x")
    firehose.firehose.put_record(DeliveryStreamName="another", Record={"Data": b"y"})
    firehose.s3.delete_bucket(Bucket="other")
    with pytest.raises(DeliveryError, match="another"):
        firehose.control.flush()
    assert len(firehose.keys("main/")) == 1


def test_gzip_output_is_gzip(firehose: FirehoseSetup) -> None:
    """A compressed destination stores gzip members under `.gz`."""
    firehose.create(plain(CompressionFormat="GZIP"))
    firehose.put(b"x", b"y")
    firehose.control.flush()
    (key,) = firehose.keys("main/")
    assert key.endswith(".gz")
    assert gzip.decompress(firehose.s3.get_object(Bucket="lake", Key=key)["Body"].read()) == b"xy"


def test_a_missing_function_fails_the_records_and_not_the_stream(firehose: FirehoseSetup) -> None:
    """A function that does not exist is found out at delivery, as on AWS."""
    firehose.create(
        plain(ProcessingConfiguration=processing(LambdaArn=FUNCTION.replace("live", "dead")))
    )
    firehose.put(b"x")
    firehose.control.flush()
    (key,) = firehose.keys("errors/processing-failed/")
    body = firehose.s3.get_object(Bucket="lake", Key=key)["Body"].read()
    assert b"Lambda.ResourceNotFound" in body


@pytest.mark.fact("lambda-timeout")
@pytest.mark.parametrize(
    ("error_type", "words"),
    [("Sandbox.Timedout", "invocation timed out"), ("ValueError", "returned an error result")],
)
def test_a_functions_timeout_is_told_from_its_errors(
    served: Endpoint, error_type: str, words: str
) -> None:
    """What Lambda says of an invocation decides the words of the error line."""

    def failing(request: str) -> str:
        raise FunctionError(json.dumps({"errorType": error_type}))

    clock = ManualClock(START)
    control = register_firehose(
        bucket_store=bucket_store,
        invoke={FUNCTION: failing}.__getitem__,
        clock=clock,
        random=Random(1),
        choices=Choices(timeout_code="Lambda.FunctionTimedOut"),
    )
    firehose = FirehoseSetup(served, control, clock)
    firehose.create(plain())
    firehose.put(b"x")
    control.flush()
    (key,) = firehose.keys("errors/processing-failed/")
    line = json.loads(firehose.s3.get_object(Bucket="lake", Key=key)["Body"].read())
    assert words in line["errorMessage"]
    assert ("TimedOut" in line["errorCode"]) == (error_type == "Sandbox.Timedout")


def test_the_seam_moto_offers_is_still_there() -> None:
    """Moto builds the backend class it is given, lazily, and keeps it over a reset."""
    control = register_firehose(
        bucket_store=bucket_store,
        invoke={FUNCTION: ScriptedFunction(ok)}.__getitem__,
        clock=ManualClock(START),
        random=Random(1),
    )
    backend = firehose_backends["123456789012"]["us-east-1"]
    assert type(backend) is firehose_backends.backend
    assert issubclass(firehose_backends.backend, FirehoseBackend)
    backend.reset()
    assert backend.url_bases
    assert list(backend.url_paths) == ["/$"]
    control.close()
