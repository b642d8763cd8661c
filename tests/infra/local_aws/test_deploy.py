"""A template becomes working services, or is refused by the name of what is wrong with it."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pyarrow.parquet as pq
import pytest

from infra.aws.errors import TemplateError
from infra.aws.template import load_template, translate
from infra.local.aws.errors import DeployError
from infra.local.aws.server import LocalAws
from infra.local.clock import ManualClock
from infra.local.firehose import Choices
from tests.infra.local_aws.conftest import START, open_aws
from tests.infra.local_aws.stacks import pipeline

Change = Callable[[dict[str, Any]], None]


def things(aws: LocalAws, bucket: str) -> list[dict[str, str]]:
    files = sorted((aws.folder(bucket) / "things").rglob("*.parquet"))
    return [row for file in files for row in pq.ParquetFile(file).read().to_pylist()]


def test_a_deployed_stream_delivers_through_its_function(aws: LocalAws) -> None:
    """Records go through the Lambda function, by its alias, into partitions of Parquet."""
    outputs = aws.deploy(pipeline()).outputs
    assert outputs["FirstColor"] == "red"
    records = [{"Data": json.dumps({"color": c, "name": c}).encode()} for c in ("red", "blue")]
    aws.client("firehose").put_record_batch(DeliveryStreamName="small", Records=records)
    aws.flush()
    folder = aws.folder(outputs["Bucket"])
    assert sorted(p.name for p in (folder / "things").iterdir()) == ["color=blue", "color=red"]
    assert {row["name"] for row in things(aws, outputs["Bucket"])} == {"red", "blue"}


def test_choices_hold_for_the_streams_of_a_server(tmp_path: Path) -> None:
    """A quota that was chosen for the server is the quota of its streams."""
    choices = Choices(max_active_partitions=1)
    with LocalAws(tmp_path, clock=ManualClock(START), random=Random(7), choices=choices) as aws:
        bucket = aws.deploy(pipeline()).outputs["Bucket"]
        records = [{"Data": json.dumps({"color": c, "name": c}).encode()} for c in ("red", "blue")]
        aws.client("firehose").put_record_batch(DeliveryStreamName="small", Records=records)
        aws.flush()
        assert [row["name"] for row in things(aws, bucket)] == ["red"]


def test_schedules_and_buffers_run_on_the_given_clock(aws: LocalAws) -> None:
    """Three hours of schedules pass at once, and what they put is delivered when it is due."""
    bucket = aws.deploy(pipeline()).outputs["Bucket"]
    assert aws.run_until(START + timedelta(hours=2, minutes=30)) == 3  # the first hour, too
    names = [row["name"] for row in things(aws, bucket)]
    assert sorted(names) == [f"2026-11-23T{hour:02}:00:00Z" for hour in (8, 9, 10)]


def test_the_same_template_again_changes_nothing(aws: LocalAws) -> None:
    """Deploying is idempotent; another stack needs another start."""
    first = aws.deploy(pipeline())
    assert aws.deploy(pipeline()) is first
    with pytest.raises(DeployError, match="restart it"):
        aws.deploy(pipeline(), {"Name": "other"})


def test_a_restart_finds_the_files_of_the_same_bucket(tmp_path: Path) -> None:
    """A bucket without a name is given the same one at every start."""
    with open_aws(tmp_path) as aws:
        bucket = aws.deploy(pipeline()).outputs["Bucket"]
        aws.client("s3").put_object(Bucket=bucket, Key="k", Body=b"x")
    with open_aws(tmp_path) as aws:
        assert aws.deploy(pipeline()).outputs["Bucket"] == bucket
        assert aws.store(bucket).get("k") == b"x"


def test_the_projects_own_template_deploys(aws: LocalAws) -> None:
    """Every resource of it is made, with its settings."""
    parameters = {"AlarmEmail": "ops@example.com", "AnomalyEmail": "finance@example.com"}
    template = translate(load_template(), parameters)
    stack = aws.deploy(template, parameters)
    assert set(stack.resources) == set(template["Resources"])
    lake = stack.outputs["LakeBucket"]
    s3 = aws.client("s3")
    assert s3.get_bucket_versioning(Bucket=lake)["Status"] == "Enabled"
    assert s3.get_public_access_block(Bucket=lake)["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    rules = s3.get_bucket_lifecycle_configuration(Bucket=lake)["Rules"]
    assert {rule["ID"] for rule in rules} >= {"expire-replaced-state"}
    groups = aws.client("logs").describe_log_groups()["logGroups"]
    assert {group["retentionInDays"] for group in groups} == {30}
    described = aws.client("firehose").describe_delivery_stream(
        DeliveryStreamName=stack.outputs["StreamName"]
    )
    (destination,) = described["DeliveryStreamDescription"]["Destinations"]
    hints = destination["ExtendedS3DestinationDescription"]["BufferingHints"]
    assert hints == {"SizeInMBs": 64, "IntervalInSeconds": 300}


@pytest.mark.parametrize(
    "resource",
    ["Lake", "Database", "Table", "Failed", "Role", "Transform", "Version", "Live", "Produce"],
)
def test_a_resource_that_is_not_there_is_named(aws: LocalAws, resource: str) -> None:
    """Removing what others refer to fails before anything is made."""
    template = pipeline()
    del template["Resources"][resource]
    with pytest.raises(DeployError, match=rf"refers to {resource}, which the template does not"):
        aws.deploy(template)
    assert aws.client("s3").list_buckets()["Buckets"] == []


def at(*path: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def find(template: dict[str, Any]) -> dict[str, Any]:
        found = template["Resources"]
        for key in path:
            found = found[key]
        return found  # type: ignore[no-any-return]

    return find


STREAM = at("Stream", "Properties", "ExtendedS3DestinationConfiguration")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: at("Lake")(t).update(Type="AWS::S3::Bukket"), "Lake: the type AWS::S3::Bukket"),
        (lambda t: at("Lake")(t).update(Propertis={}), "Lake: Propertis is not supported"),
        (lambda t: t.update(Rules={}), "the template: Rules is not supported"),
        (
            lambda t: at("Lake", "Properties")(t).update(LoggingConfiguration={}),
            r"Lake \(AWS::S3::Bucket\): unknown property LoggingConfiguration",
        ),
        (
            lambda t: STREAM(t)["BufferingHints"].update(Minutes=1),
            "Stream .*: unknown property ExtendedS3DestinationConfiguration.BufferingHints.Minutes",
        ),
        (
            lambda t: STREAM(t)["BufferingHints"].update(SizeInMBs="many"),
            "Stream .*: .*BufferingHints.SizeInMBs is 'many', not a number",
        ),
        (
            lambda t: at("Transform", "Properties")(t).update(ReservedConcurrentExecutions=1),
            "Transform .*: unknown property ReservedConcurrentExecutions",
        ),
        (
            lambda t: at("Role", "Properties")(t).pop("AssumeRolePolicyDocument"),
            "Role .*: property AssumeRolePolicyDocument is missing",
        ),
        (
            lambda t: at("Table", "Properties", "TableInput")(t).update(Columns=[]),
            "Table .*: unknown property TableInput.Columns",
        ),
        (
            lambda t: t["Outputs"]["Bucket"].update(Value={"Ref": "Laek"}),
            "output Bucket refers to Laek",
        ),
    ],
)
def test_what_is_not_known_is_refused_before_anything_is_made(
    aws: LocalAws, change: Change, message: str
) -> None:
    """Types, properties at any depth, values of a wrong kind and references, by name."""
    template = pipeline()
    change(template)
    with pytest.raises(DeployError, match=message) as error:
        aws.deploy(template)
    assert "\n" not in str(error.value)
    assert aws.client("s3").list_buckets()["Buckets"] == []
    assert aws.client("iam").list_roles()["Roles"] == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda t: STREAM(t)["BufferingHints"].update(SizeInMBs=5),
            r"Stream \(AWS::KinesisFirehose::DeliveryStream\): InvalidArgumentException: .*64",
        ),
        (
            lambda t: at("Live", "Properties")(t).update(FunctionVersion="9"),
            "Live .*: ResourceNotFoundException",
        ),
        (
            lambda t: at("Version", "Properties")(t).update(
                FunctionName={"Fn::GetAtt": ["Transform", "Name"]}
            ),
            "Transform .*: it has no attribute Name",
        ),
        (
            lambda t: at("Role", "Properties")(t).update(Path={"Ref": "Produce"}),
            "Role -> Produce -> Role: these refer to each other",
        ),
        (
            lambda t: at("Role", "Properties")(t).update(Path={"Fn::Cidr": []}),
            "the function Fn::Cidr is not supported",
        ),
    ],
)
def test_what_a_service_refuses_is_named(aws: LocalAws, change: Change, message: str) -> None:
    """The service's own message comes with the resource's name."""
    template = pipeline()
    change(template)
    with pytest.raises(DeployError, match=message):
        aws.deploy(template)


def test_parameters_are_checked_as_cloudformation_does(aws: LocalAws) -> None:
    """An unknown parameter is refused before anything is made."""
    with pytest.raises(TemplateError, match="Nme"):
        aws.deploy(pipeline(), {"Nme": "x"})
