"""Journals of streams over HTTP: restarts, deletion, names and full disks."""

import errno
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.local.aws.firehose_control import register_firehose
from infra.local.clock import ManualClock
from infra.local.firehose import Journals, NoJournal
from infra.local.firehose.file_journal import file_journals
from infra.local.firehose.records import Source
from tests.infra.firehose.setups import FUNCTION, echo, plain
from tests.infra.firehose.setups import Function as ScriptedFunction
from tests.infra.local_aws_backends.endpoints import REGION, Endpoint, bucket_store
from tests.infra.local_aws_backends.firehose_setup import START, FirehoseSetup


def setup(served: Endpoint, journals: Journals) -> FirehoseSetup:
    """Register Firehose anew; whatever an earlier one had in memory is gone."""
    clock = ManualClock(START)
    control = register_firehose(
        bucket_store=bucket_store,
        invoke={FUNCTION: ScriptedFunction(echo)}.__getitem__,
        clock=clock,
        random=Random(1),
        journals=journals,
    )
    return FirehoseSetup(served, control, clock)


@pytest.fixture
def firehose(served: Endpoint, tmp_path: Path) -> Iterator[FirehoseSetup]:
    """Return an endpoint whose streams have journals in files."""
    running = setup(served, file_journals(tmp_path, pytest.fail))
    yield running
    running.control.close()


def restart(firehose: FirehoseSetup) -> None:
    """Lose what is in memory; the bucket stays."""
    firehose.control.close()


def test_a_stream_created_again_goes_on_from_its_journal(firehose: FirehoseSetup) -> None:
    """Records that were waiting are delivered."""
    firehose.create(plain())
    firehose.put(b"a", b"b")
    restart(firehose)
    firehose.create(plain())
    firehose.control.flush()
    (key,) = firehose.keys("main/")
    assert firehose.s3.get_object(Bucket="lake", Key=key)["Body"].read() == b"ab"


def test_deleting_a_stream_discards_its_journal(firehose: FirehoseSetup, tmp_path: Path) -> None:
    """As the service discards buffers; the name begins anew."""
    firehose.create(plain())
    firehose.put(b"a")
    firehose.firehose.delete_delivery_stream(DeliveryStreamName="events")
    assert list(tmp_path.iterdir()) == []
    firehose.create(plain())
    firehose.control.flush()
    assert firehose.keys() == []


def test_what_is_refused_leaves_the_journal_alone(firehose: FirehoseSetup) -> None:
    """A name in use, a tag that moto refuses, and the check of an update."""
    settings = plain()
    tags = [{"Key": "aws:reserved", "Value": "x"}]
    assert firehose.refusal(settings, Tags=tags)[0] == "ValidationException"
    firehose.create(settings)
    firehose.put(b"a")
    assert firehose.refusal(settings)[0] == "ResourceInUseException"
    firehose.firehose.update_destination(
        DeliveryStreamName="events",
        CurrentDeliveryStreamVersionId="1",
        DestinationId=firehose.described()["Destinations"][0]["DestinationId"],
        ExtendedS3DestinationUpdate={"Prefix": settings["Prefix"]},
    )
    firehose.put(b"b")
    restart(firehose)
    firehose.create(settings)
    firehose.control.flush()
    (key,) = firehose.keys("main/")
    assert firehose.s3.get_object(Bucket="lake", Key=key)["Body"].read() == b"ab"


def test_a_name_may_be_taken_in_two_regions(firehose: FirehoseSetup, tmp_path: Path) -> None:
    """Each has a journal; the usual region's is called as the stream is."""
    elsewhere = boto3.client(
        "firehose",
        endpoint_url=firehose.served.url,
        region_name="eu-west-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    settings = plain(ProcessingConfiguration=None, S3BackupMode=None, S3BackupConfiguration=None)
    for client in (firehose.firehose, elsewhere):
        client.create_delivery_stream(
            DeliveryStreamName="events", ExtendedS3DestinationConfiguration=settings
        )
        client.put_record(DeliveryStreamName="events", Record={"Data": b"x"})
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["events", "events%40123456789012%40eu-west-1"]
    assert REGION == "us-east-1"
    elsewhere.close()


class FullJournal(NoJournal):
    """A journal on a full disk."""

    def append(self, sources: Sequence[Source]) -> None:
        """Fail."""
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_refuses_puts(served: Endpoint) -> None:
    """Nothing is acknowledged, and the answer says why."""
    firehose = setup(served, lambda stream: FullJournal())
    firehose.create(plain())
    with pytest.raises(ClientError, match="No space left on device") as caught:
        firehose.put(b"a", b"b")
    assert caught.value.response["Error"]["Code"] == "ServiceUnavailableException"
    firehose.control.flush()
    assert firehose.keys() == []
