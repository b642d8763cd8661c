"""The deploy's parts: intrinsic functions, API shapes, and the table of types."""

from typing import Any

import boto3
import pytest
from botocore.model import Shape
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]

from infra.local.aws.cloudformation.deploy import TYPES
from infra.local.aws.cloudformation.intrinsics import Resolver, references
from infra.local.aws.cloudformation.resource_type import Made
from infra.local.aws.cloudformation.shapes import UnfitError, fit
from infra.local.aws.errors import DeployError

KNOWN: dict[str, Any] = {"Name": "n", "List": ["a", "b"], "AWS::NoValue": None, "Bucket": "b-1"}
CONDITIONS = {
    "Yes": {"Fn::Equals": [{"Ref": "Name"}, "n"]},
    "No": {"Fn::Not": [{"Condition": "Yes"}]},
}
MAPPINGS = {"Sizes": {"n": {"small": 5}}}


@pytest.fixture
def resolver() -> Resolver:
    """Return a resolver over `KNOWN`."""
    return Resolver(
        KNOWN.__getitem__, lambda name, attribute: f"{name}/{attribute}", CONDITIONS, MAPPINGS
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Name"}, "n"),
        ({"Fn::GetAtt": ["Bucket", "Arn"]}, "Bucket/Arn"),
        ({"Fn::GetAtt": "Bucket.Arn"}, "Bucket/Arn"),
        ({"Fn::Sub": "${Name}-${Bucket.Arn}-${!literal}"}, "n-Bucket/Arn-${literal}"),
        ({"Fn::Sub": ["${X}${Name}", {"X": {"Ref": "Bucket"}}]}, "b-1n"),
        ({"Fn::Join": [",", {"Ref": "List"}]}, "a,b"),
        ({"Fn::Select": ["1", {"Ref": "List"}]}, "b"),
        ({"Fn::Split": [",", "x,y"]}, ["x", "y"]),
        ({"Fn::If": ["Yes", 1, 2]}, 1),
        ({"Fn::If": ["No", 1, {"Ref": "Name"}]}, "n"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Name"}, "small"]}, 5),
        ({"Fn::Base64": "hi"}, "aGk="),
        ({"a": {"Ref": "AWS::NoValue"}, "b": [{"Ref": "AWS::NoValue"}, 1]}, {"b": [1]}),
        ({"Ref": "Name", "other": 1}, {"Ref": "Name", "other": 1}),
        ({"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]}, False),
        ({"Fn::Or": [{"Condition": "Yes"}, {"Condition": "No"}]}, True),
        ({"Fn::Equals": [True, "true"]}, True),
    ],
)
def test_functions_come_to_what_cloudformation_says(
    resolver: Resolver, value: Any, expected: Any
) -> None:
    """Each supported function, and the removal of what has no value."""
    assert resolver.resolve(value) == expected


def test_an_unknown_condition_is_named(resolver: Resolver) -> None:
    """A misspelled condition is an error, not false."""
    with pytest.raises(DeployError, match="condition Maybe is not in the template"):
        resolver.resolve({"Fn::If": ["Maybe", 1, 2]})


def test_references_are_found_wherever_they_are() -> None:
    """Ref, GetAtt and Sub, nested, without the names that Sub defines or writes literally."""
    value = {
        "a": [{"Ref": "A"}, {"Fn::GetAtt": ["B", "Arn"]}],
        "b": {"Fn::Join": ["", [{"Fn::Sub": ["${C}${D.Arn}${own}${!E}", {"own": {"Ref": "F"}}]}]]},
    }
    assert sorted(references(value)) == ["A", "B", "C", "D", "F"]


def shape(service: str, operation: str) -> Shape:
    client = boto3.client(service, "us-east-1")
    found = client.meta.service_model.operation_model(operation).input_shape
    assert found is not None
    return found


def test_texts_become_what_the_api_wants() -> None:
    """CloudFormation writes numbers and truth as text; functions are left for later."""
    given = {
        "MemorySize": "128",
        "Timeout": {"Ref": "Seconds"},
        "Publish": "true",
        "Architectures": ["arm64"],
        "Environment": {"Variables": {"N": 5, "T": True}},
    }
    assert fit(given, shape("lambda", "CreateFunction")) == {
        "MemorySize": 128,
        "Timeout": {"Ref": "Seconds"},
        "Publish": True,
        "Architectures": ["arm64"],
        "Environment": {"Variables": {"N": "5", "T": "true"}},
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Memory": 1}, "unknown property Memory"),
        ({"MemorySize": "much"}, "MemorySize is 'much', not a number"),
        ({"Publish": "maybe"}, "Publish is 'maybe', not true or false"),
        ({"Architectures": "arm64"}, "Architectures is 'arm64', not a list"),
        ({"Environment": []}, r"Environment is \[\], not an object"),
        ({"Environment": {"Variables": {"A": []}}}, r"Environment.Variables.A is \[\], not a text"),
        ({"Layers": [{}]}, r"Layers\[0\] is {}, not a text"),
    ],
)
def test_what_does_not_fit_is_named_by_its_path(given: dict[str, Any], message: str) -> None:
    """Names and kinds are held against the API's description."""
    with pytest.raises(UnfitError, match=message):
        fit(given, shape("lambda", "CreateFunction"))


@pytest.mark.parametrize("name", sorted(TYPES))
def test_types_and_names_are_cloudformations_own(name: str) -> None:
    """Every type exists on AWS, with the property that we take for its name."""
    described = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", name).schema
    wanted = TYPES[name].name
    assert described["typeName"] == name
    # A permission's statement is named by the API only.
    assert wanted in {None, "StatementId", *described["properties"]}


@pytest.mark.fact("ref-and-arn")
def test_a_stream_is_its_name_and_has_one_attribute() -> None:
    """Ref gives the name, and Arn is all that GetAtt can give."""
    stream = TYPES["AWS::KinesisFirehose::DeliveryStream"]
    made = stream.made({"DeliveryStreamName": "events"}, [{"DeliveryStreamARN": "arn:of:events"}])
    assert made == Made("events", {"Arn": "arn:of:events"})
