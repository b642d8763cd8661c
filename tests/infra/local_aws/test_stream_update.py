"""Another template for a stack that runs: its streams change as on AWS, and nothing else does."""

import json
from typing import Any

import pytest

from infra.local.aws.errors import DeployError
from infra.local.aws.server import LocalAws
from tests.infra.local_aws.stacks import pipeline


def properties(template: dict[str, Any]) -> dict[str, Any]:
    """Return the stream's properties."""
    found: dict[str, Any] = template["Resources"]["Stream"]["Properties"]
    return found


def put(aws: LocalAws, color: str, stream: str = "small") -> None:
    """Put one record."""
    record = {"Data": json.dumps({"color": color, "name": color}).encode()}
    aws.client("firehose").put_record(DeliveryStreamName=stream, Record=record)


def described(aws: LocalAws, stream: str = "small") -> dict[str, Any]:
    """Describe a stream."""
    answer = aws.client("firehose").describe_delivery_stream(DeliveryStreamName=stream)
    description: dict[str, Any] = answer["DeliveryStreamDescription"]
    return description


def streams(aws: LocalAws) -> list[str]:
    """List the streams."""
    names: list[str] = aws.client("firehose").list_delivery_streams()["DeliveryStreamNames"]
    return names


@pytest.mark.fact("stack-update")
def test_a_changed_destination_is_an_update(aws: LocalAws) -> None:
    """The stream stays, with what it has buffered, as a new version; the same again is none."""
    bucket = aws.deploy(pipeline()).outputs["Bucket"]
    put(aws, "red")
    template = pipeline()
    destination = properties(template)["ExtendedS3DestinationConfiguration"]
    destination["Prefix"] = "others/color=!{partitionKeyFromLambda:color}/"
    properties(template)["DeliveryStreamEncryptionConfigurationInput"] = {
        "KeyType": "AWS_OWNED_CMK"
    }
    aws.deploy(template)
    aws.deploy(template)
    assert described(aws)["VersionId"] == "2"
    assert described(aws)["DeliveryStreamEncryptionConfiguration"]["Status"] == "ENABLED"
    aws.flush()
    assert [p.name for p in (aws.folder(bucket) / "others").iterdir()] == ["color=red"]
    aws.deploy(pipeline())
    assert described(aws)["VersionId"] == "3"
    assert described(aws)["DeliveryStreamEncryptionConfiguration"]["Status"] == "DISABLED"


@pytest.mark.fact("create-only", "stack-delete")
def test_another_name_is_a_replacement(aws: LocalAws) -> None:
    """The new stream begins at version 1, and what the old one had buffered is discarded."""
    bucket = aws.deploy(pipeline()).outputs["Bucket"]
    put(aws, "red")
    template = pipeline()
    properties(template)["DeliveryStreamName"] = "renamed"
    stack = aws.deploy(template)
    assert stack.resources["Stream"].ref == "renamed"
    assert streams(aws) == ["renamed"]
    put(aws, "blue", "renamed")
    aws.flush()
    assert [p.name for p in (aws.folder(bucket) / "things").iterdir()] == ["color=blue"]


@pytest.mark.fact("stack-delete")
def test_streams_come_and_go_with_a_template(aws: LocalAws) -> None:
    """A stream more is made; a stream less is deleted, with what it has buffered."""
    bucket = aws.deploy(pipeline()).outputs["Bucket"]
    template = pipeline()
    second = json.loads(json.dumps(template["Resources"]["Stream"]))
    second["Properties"]["DeliveryStreamName"] = "second"
    template["Resources"]["Second"] = second
    aws.deploy(template)
    assert streams(aws) == ["second", "small"]
    put(aws, "red", "second")
    aws.deploy(pipeline())
    assert streams(aws) == ["small"]
    aws.flush()
    assert not (aws.folder(bucket) / "things").exists()


def test_what_the_service_refuses_changes_nothing(aws: LocalAws) -> None:
    """The stream goes on as it was, and can be updated to something else."""
    aws.deploy(pipeline())
    template = pipeline()
    properties(template)["ExtendedS3DestinationConfiguration"]["BufferingHints"]["SizeInMBs"] = 5
    with pytest.raises(DeployError, match=r"Stream .*InvalidArgumentException: .*64"):
        aws.deploy(template)
    assert described(aws)["VersionId"] == "1"
    aws.deploy(pipeline())


def test_the_rest_of_a_stack_is_not_changed_while_it_runs(aws: LocalAws) -> None:
    """The next start makes all of it anew, and takes seconds."""
    aws.deploy(pipeline())
    changed, less, more, tagged = pipeline(), pipeline(), pipeline(), pipeline()
    changed["Resources"]["Failed"]["Properties"]["MessageRetentionPeriod"] = "60"
    del less["Resources"]["Produce"]
    less["Resources"] = {k: v for k, v in less["Resources"].items() if "Produce" not in str(v)}
    more["Resources"]["More"] = {"Type": "AWS::SQS::Queue"}
    properties(tagged)["Tags"] = [{"Key": "a", "Value": "b"}]
    for template in (changed, less, more, tagged):
        with pytest.raises(DeployError, match="restart it"):
            aws.deploy(template)
    with pytest.raises(DeployError, match="restart it"):
        aws.deploy(pipeline(), {"Name": "other"})
    assert streams(aws) == ["small"]
