"""Streams that somebody creates by hand through the API, with as little or as much as they like."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.infra.firehose.setups import ROLE, delimiting
from tests.infra.local_aws_backends.firehose_setup import BUCKET_ARN, FirehoseSetup

LEAST = {"RoleARN": ROLE, "BucketARN": BUCKET_ARN}


def bodies(firehose: FirehoseSetup) -> list[bytes]:
    """Return all objects."""
    keys = firehose.keys()
    return [firehose.s3.get_object(Bucket="lake", Key=key)["Body"].read() for key in keys]


@pytest.mark.parametrize("structure", ["ExtendedS3Destination", "S3Destination"])
def test_the_least_that_a_stream_needs(firehose: FirehoseSetup, structure: str) -> None:
    """A role and a bucket: records lie joined under the hour, with the service's defaults."""
    client = firehose.firehose
    destination: dict[str, Any] = {f"{structure}Configuration": LEAST}
    client.create_delivery_stream(DeliveryStreamName="events", **destination)
    client.put_record(DeliveryStreamName="events", Record={"Data": b"a"})
    firehose.put(b"b", b"")
    firehose.control.flush()
    (key,) = firehose.keys()
    assert key.startswith("2026/03/01/12/events-1-2026-03-01-12-00-00-")
    assert bodies(firehose) == [b"ab"]
    (described,) = firehose.described()["Destinations"]
    assert described["S3DestinationDescription"]["BufferingHints"] == {
        "SizeInMBs": 5,
        "IntervalInSeconds": 300,
    }
    assert ("ExtendedS3DestinationDescription" in described) == structure.startswith("Extended")
    client.update_destination(
        DeliveryStreamName="events",
        CurrentDeliveryStreamVersionId="1",
        DestinationId=described["DestinationId"],
        **{f"{structure}Update": {"Prefix": "p/", "CompressionFormat": "GZIP"}},
    )
    firehose.put(b"c")
    firehose.control.flush()
    assert [key[-3:] for key in firehose.keys("p/2026/")] == [".gz"]


@pytest.mark.fact("append-delimiter")
def test_a_stream_of_lines(firehose: FirehoseSetup) -> None:
    """Without a Lambda, with a delimiter and an extension of its own."""
    firehose.create({**LEAST, "ProcessingConfiguration": delimiting(), "FileExtension": ".jsonl"})
    firehose.put(b"{}", b"[]")
    firehose.control.flush()
    assert bodies(firehose) == [b"{}\n[]"]
    assert firehose.keys()[0].endswith(".jsonl")
    (destination,) = firehose.described()["Destinations"]
    extended = destination["ExtendedS3DestinationDescription"]
    assert extended["ProcessingConfiguration"] == delimiting()


def test_the_older_structure_has_no_processing(firehose: FirehoseSetup) -> None:
    """What only the newer one has is not in the API's shape; neither are both at once."""
    client = firehose.firehose
    with pytest.raises(ClientError, match="Exactly one destination"):
        client.create_delivery_stream(
            DeliveryStreamName="events",
            S3DestinationConfiguration=LEAST,
            ExtendedS3DestinationConfiguration=LEAST,
        )
    with pytest.raises(ClientError, match="Exactly one destination"):
        client.create_delivery_stream(DeliveryStreamName="events")


def test_streams_are_listed_and_told_apart(firehose: FirehoseSetup) -> None:
    """Lists are in the order of names and come in pages; deleting one leaves the other."""
    client = firehose.firehose
    for name in ("b", "a", "c"):
        client.create_delivery_stream(
            DeliveryStreamName=name, ExtendedS3DestinationConfiguration={**LEAST, "Prefix": name}
        )
        client.put_record(DeliveryStreamName=name, Record={"Data": name.encode()})
    first = client.list_delivery_streams(Limit=2)
    assert (first["DeliveryStreamNames"], first["HasMoreDeliveryStreams"]) == (["a", "b"], True)
    rest = client.list_delivery_streams(ExclusiveStartDeliveryStreamName="b")
    assert (rest["DeliveryStreamNames"], rest["HasMoreDeliveryStreams"]) == (["c"], False)
    client.delete_delivery_stream(DeliveryStreamName="b")
    firehose.control.flush()
    assert sorted(bodies(firehose)) == [b"a", b"c"]
