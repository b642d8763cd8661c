"""The reference page of permissions: what each role of the template may do, and who acts as it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from infra.aws.parameters import parameter_values
from infra.aws.template import load_template, translate
from infra.aws.unseen_permissions import UNSEEN
from infra.local.aws.cloudformation.intrinsics import Resolver

_PLACE = "REGION:ACCOUNT"
_PSEUDO = {"AWS::AccountId": "ACCOUNT", "AWS::Partition": "aws", "AWS::Region": "REGION"}
_NAMES = {
    "AWS::Athena::WorkGroup": "Name",
    "AWS::KinesisFirehose::DeliveryStream": "DeliveryStreamName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::Logs::LogStream": "LogStreamName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::Scheduler::Schedule": "Name",
}
_NAMED_INSIDE = {"AWS::Glue::Database": "DatabaseInput", "AWS::Glue::Table": "TableInput"}
_ARNS = {
    "AWS::KinesisFirehose::DeliveryStream": f"arn:aws:firehose:{_PLACE}:deliverystream/{{}}",
    "AWS::Lambda::Function": f"arn:aws:lambda:{_PLACE}:function:{{}}",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{_PLACE}:log-group:{{}}:*",
    "AWS::S3::Bucket": "arn:aws:s3:::{}",
    "AWS::SQS::Queue": f"arn:aws:sqs:{_PLACE}:{{}}",
}
_ACTORS = {
    "AWS::KinesisFirehose::DeliveryStream": "the stream `{}`",
    "AWS::Lambda::Function": "the function `{}`",
    "AWS::Scheduler::Schedule": "the schedule `{}`",
}


def permissions_page() -> str:
    """Return the page: each role with who acts as it and its statements."""
    template = _Template()
    parts = [
        "# Permissions\n",
        "Generated from `infra/aws/template.yaml`, parameters at their defaults; `REGION` and "
        "`ACCOUNT` are yours. Each function has a role of its own. The tests hold this against a "
        "table of their own, and against what the pipeline asks for where it runs with "
        "permissions enforced, as `finops demo` does. *Never asked for locally* says what such a "
        "run cannot show, and why.\n",
    ]
    for role in template.ids("AWS::IAM::Role"):
        parts.append(f"## {role}\n\nFor {', '.join(template.actors(role))}.\n")
        parts.append(_trust(template.properties(role)))
        parts += [f"All of [{p}](#{p.lower()}), and:\n" for p in template.managed(role)]
        parts.append(_table(role, template.statements(role)))
    for policy in template.ids("AWS::IAM::ManagedPolicy"):
        document = template.properties(policy)["PolicyDocument"]
        parts.append(f"## {policy}\n\n{template.properties(policy)['Description']}\n")
        parts.append(_table(policy, document["Statement"]))
    return "\n".join(parts)


def _trust(role: Mapping[str, Any]) -> str:
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    condition = _condition(statement)
    return f"May be taken by `{statement['Principal']['Service']}`{condition}.\n"


def _table(owner: str, statements: list[dict[str, Any]]) -> str:
    lines = [
        "| statement | actions | resources | never asked for locally |",
        "| --- | --- | --- | --- |",
    ]
    for statement in statements:
        unseen = UNSEEN.get((owner, statement["Sid"]), {})
        cells = (
            statement["Sid"],
            _codes(statement["Action"]),
            _codes(statement["Resource"]) + _condition(statement),
            "<br>".join(f"`{what}`: {why}" for what, why in unseen.items()),
        )
        lines.append(f"| {' | '.join(cells)} |".replace("  ", " "))
    return "\n".join(lines) + "\n"


def _codes(values: str | list[str]) -> str:
    return "<br>".join(f"`{value}`" for value in _listed(values))


def _condition(statement: Mapping[str, Any]) -> str:
    condition = statement.get("Condition")
    return f" where `{json.dumps(condition)}`" if condition else ""


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


class _Template:
    """Our template with names and ARNs put in; only what it uses is known."""

    def __init__(self) -> None:
        source = load_template()
        self._resources: dict[str, Any] = translate(source, {})["Resources"]
        values: dict[str, Any] = dict(parameter_values(source, {}))
        for name, rules in source["Parameters"].items():
            if rules["Type"] == "CommaDelimitedList":
                values[name] = values[name].split(",")
        self._known = {**values, **_PSEUDO}
        self._resolver = Resolver(self._ref, self._attribute, {}, {})

    def ids(self, type_: str) -> list[str]:
        """Return the resources of a type."""
        return [key for key, entry in self._resources.items() if entry["Type"] == type_]

    def properties(self, key: str) -> dict[str, Any]:
        """Return a resource's properties."""
        resolved: dict[str, Any] = self._resolver.resolve(self._resources[key]["Properties"])
        return resolved

    def managed(self, role: str) -> list[str]:
        """Return the managed policies that a role has."""
        return list(self.properties(role).get("ManagedPolicyArns", ()))

    def statements(self, role: str) -> list[dict[str, Any]]:
        """Return a role's own statements."""
        documents = [p["PolicyDocument"] for p in self.properties(role).get("Policies", ())]
        for key in self.ids("AWS::IAM::Policy"):
            policy = self.properties(key)
            documents += [policy["PolicyDocument"]] if role in policy["Roles"] else []
        return [statement for document in documents for statement in document["Statement"]]

    def actors(self, role: str) -> Iterator[str]:
        """Yield who acts as a role."""
        arn = {"Fn::GetAtt": [role, "Arn"]}
        for type_, words in _ACTORS.items():
            for key in self.ids(type_):
                if _contains(self._resources[key]["Properties"], arn):
                    yield words.format(self._ref(key))

    def _ref(self, key: str) -> Any:
        if key in self._known:
            return self._known[key]
        entry = self._resources[key]
        type_, properties = entry["Type"], entry["Properties"]
        if type_ == "AWS::Lambda::Alias":
            function = properties["FunctionName"]["Ref"]
            return f"{self._attribute(function, 'Arn')}:{properties['Name']}"
        if type_ == "AWS::SNS::Topic":
            return f"arn:aws:sns:{_PLACE}:{self._resolver.resolve(properties['TopicName'])}"
        if type_ in _NAMED_INSIDE:
            return self._resolver.resolve(properties[_NAMED_INSIDE[type_]]["Name"])
        return self._resolver.resolve(properties[_NAMES[type_]]) if type_ in _NAMES else key

    def _attribute(self, key: str, attribute: str) -> str:
        if attribute != "Arn":
            return attribute
        return _ARNS.get(self._resources[key]["Type"], "{}").format(self._ref(key))


def _contains(value: Any, wanted: Any) -> bool:
    if value == wanted:
        return True
    if isinstance(value, dict):
        return any(_contains(item, wanted) for item in value.values())
    return isinstance(value, list) and any(_contains(item, wanted) for item in value)
