"""The template as a deployed stack would have it: translated, its names and ARNs put in.

Conditions are not looked at: every resource is there.

Only the functions that our template uses are known; anything else fails the test that meets it.
"""

import re
from collections.abc import Mapping
from typing import Any

from infra.aws.parameters import parameter_values
from infra.aws.template import load_template, translate

REGION, ACCOUNT = "eu-west-1", "111111111111"
LAKE = f"arn:aws:s3:::finops-lake-{ACCOUNT}-{REGION}"
RESULTS = f"arn:aws:s3:::finops-results-{ACCOUNT}-{REGION}"

_PSEUDO = {"AWS::Region": REGION, "AWS::AccountId": ACCOUNT, "AWS::Partition": "aws"}
_NAMES = {
    "AWS::S3::Bucket": "BucketName",
    "AWS::KinesisFirehose::DeliveryStream": "DeliveryStreamName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::Logs::LogStream": "LogStreamName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::Athena::WorkGroup": "Name",
    "AWS::Scheduler::Schedule": "Name",
    "AWS::SNS::Topic": "TopicName",
}
_ARNS = {
    "AWS::S3::Bucket": "arn:aws:s3:::{name}",
    "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role/{{name}}",
    "AWS::KinesisFirehose::DeliveryStream": f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/"
    "{name}",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{{name}}:*",
    "AWS::Lambda::Function": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{{name}}",
    "AWS::SNS::Topic": f"arn:aws:sns:{REGION}:{ACCOUNT}:{{name}}",
    "AWS::SQS::Queue": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{{name}}",
}


class Stack:
    """A template, translated and resolved."""

    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
        self.template = translate(template, parameters, REGION)
        self._resources: dict[str, Any] = self.template["Resources"]
        self._parameters = {
            name: value.split(",")
            if template["Parameters"][name]["Type"] == "CommaDelimitedList"
            else value
            for name, value in parameter_values(template, parameters).items()
        }

    @classmethod
    def of(cls, **parameters: str) -> "Stack":
        """Return our own template's stack."""
        return cls(load_template(), parameters)

    def ids(self, type_: str) -> list[str]:
        """Return the logical ids of a type's resources."""
        return [i for i, resource in self._resources.items() if resource["Type"] == type_]

    def resource(self, logical_id: str) -> dict[str, Any]:
        """Return a resource as it stands in the translated template."""
        resource: dict[str, Any] = self._resources[logical_id]
        return resource

    def properties(self, logical_id: str) -> dict[str, Any]:
        """Return a resource's properties, resolved."""
        resolved: dict[str, Any] = self._resolve(self._resources[logical_id]["Properties"])
        return resolved

    def all(self, type_: str) -> dict[str, dict[str, Any]]:
        """Return the resolved properties of every resource of a type, by logical id."""
        return {i: self.properties(i) for i in self.ids(type_)}

    def outputs(self) -> dict[str, str]:
        """Return the outputs, resolved."""
        return {k: self._resolve(o["Value"]) for k, o in self.template["Outputs"].items()}

    def _resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._resolve(item) for item in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(function, argument)] = value.items()
            if function == "Ref":
                return self._ref(argument)
            if function.startswith("Fn::"):
                return self._call(function, argument)
        return {key: self._resolve(item) for key, item in value.items()}

    def _call(self, function: str, argument: Any) -> Any:
        if function == "Fn::GetAtt":
            return self._attribute(*argument)
        if function == "Fn::Sub":
            text = re.sub(r"\$\{([\w:.]+)\}", lambda m: str(self._variable(m[1])), argument)
            return text.replace("${!", "${")
        first, second = self._resolve(argument)
        if function == "Fn::Select":
            return second[int(first)]
        if function == "Fn::Join":
            return first.join(second)
        raise KeyError(function)

    def _variable(self, name: str) -> Any:
        logical_id, dot, attribute = name.partition(".")
        return self._attribute(logical_id, attribute) if dot else self._ref(name)

    def _ref(self, name: str) -> Any:
        for known in (_PSEUDO, self._parameters):
            if name in known:
                return known[name]
        resource = self._resources[name]
        properties = resource["Properties"]
        if resource["Type"] == "AWS::Lambda::Alias":
            return self._attribute(properties["FunctionName"]["Ref"], "Arn") + ":live"
        if resource["Type"] == "AWS::Glue::Database":
            return self._resolve(properties["DatabaseInput"]["Name"])
        if resource["Type"] == "AWS::Glue::Table":
            return properties["TableInput"]["Name"]
        if resource["Type"] == "AWS::SNS::Topic":
            return _ARNS["AWS::SNS::Topic"].format(name=self._resolve(properties["TopicName"]))
        if resource["Type"] in _NAMES:
            return self._resolve(properties[_NAMES[resource["Type"]]])
        return name

    def _attribute(self, logical_id: str, attribute: str) -> str:
        if attribute == "Version":
            return "1"
        if attribute == "QueueName":
            return str(self._ref(logical_id))
        assert attribute == "Arn"
        return _ARNS[self._resources[logical_id]["Type"]].format(name=self._ref(logical_id))
