"""Roles, policies and functions."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from infra.local.aws.account import ACCOUNT
from infra.local.aws.cloudformation.resource_type import (
    Call,
    Made,
    Properties,
    ResourceType,
    arn,
    items,
    only,
    without,
)
from infra.local.aws.cloudformation.shapes import UnfitError

Answers = Sequence[Mapping[str, Any]]

_FUNCTION = (
    "Architectures",
    "Code",
    "Description",
    "Environment",
    "FunctionName",
    "Handler",
    "LoggingConfig",
    "MemorySize",
    "RecursiveLoop",
    "Role",
    "Runtime",
    "Tags",
    "Timeout",
)
"""What is honoured, or changes nothing here; moto would ignore more without a word."""
_ROLE = ("Description", "MaxSessionDuration", "Path", "PermissionsBoundary", "RoleName", "Tags")


def _role(properties: Properties) -> list[Call]:
    only(properties, (*_ROLE, "AssumeRolePolicyDocument", "ManagedPolicyArns", "Policies"))
    trust = json.dumps(properties["AssumeRolePolicyDocument"])
    own = {key: properties[key] for key in _ROLE if key in properties}
    name = {"RoleName": properties["RoleName"]}
    calls = [Call("iam", "create_role", {**own, "AssumeRolePolicyDocument": trust})]
    for policy in items(properties.get("Policies")):
        only(policy, ("PolicyName", "PolicyDocument"))
        calls.append(Call("iam", "put_role_policy", {**name, **_named_document(policy)}))
    attached = items(properties.get("ManagedPolicyArns"))
    attach = [Call("iam", "attach_role_policy", {**name, "PolicyArn": a}) for a in attached]
    return calls + attach


def _role_made(properties: Properties, answers: Answers) -> Made:
    role = answers[0]["Role"]
    return Made(role["RoleName"], {"Arn": role["Arn"], "RoleId": role["RoleId"]})


def _inline_policy(properties: Properties) -> list[Call]:
    only(properties, ("PolicyName", "PolicyDocument", "Roles"))
    return [
        Call("iam", "put_role_policy", {"RoleName": role, **_named_document(properties)})
        for role in items(properties.get("Roles"))
    ]


def _managed_policy(properties: Properties) -> list[Call]:
    only(properties, ("ManagedPolicyName", "PolicyDocument", "Description", "Path", "Roles"))
    name = properties["ManagedPolicyName"]
    request = without(properties, "ManagedPolicyName", "Roles")
    request.update(PolicyName=name, PolicyDocument=json.dumps(properties["PolicyDocument"]))
    attach = [
        Call("iam", "attach_role_policy", {"RoleName": role, "PolicyArn": _policy_arn(name)})
        for role in items(properties.get("Roles"))
    ]
    return [Call("iam", "create_policy", request), *attach]


def _policy_arn(name: Any) -> str:
    return f"arn:aws:iam::{ACCOUNT}:policy/{name}"


def _named_document(policy: Properties) -> dict[str, Any]:
    return {
        "PolicyName": policy["PolicyName"],
        "PolicyDocument": json.dumps(policy["PolicyDocument"]),
    }


def _function(properties: Properties) -> list[Call]:
    only(properties, _FUNCTION)
    # Nothing here looks for loops, so allowing one is true already.
    request = without(properties, "RecursiveLoop")
    if "Tags" in properties:
        request["Tags"] = {tag["Key"]: tag["Value"] for tag in items(properties["Tags"])}
    return [Call("lambda", "create_function", request)]


def _function_made(properties: Properties, answers: Answers) -> Made:
    return Made(answers[0]["FunctionName"], {"Arn": answers[0]["FunctionArn"]})


def _version(properties: Properties) -> list[Call]:
    return [Call("lambda", "publish_version", properties)]


def _version_made(properties: Properties, answers: Answers) -> Made:
    version = answers[0]["Version"]
    plain = arn("lambda", f"function:{_plain_name(properties['FunctionName'])}")
    return Made(f"{plain}:{version}", {"FunctionArn": f"{plain}:{version}", "Version": version})


def _alias(properties: Properties) -> list[Call]:
    only(properties, ("Description", "FunctionName", "FunctionVersion", "Name"))
    return [Call("lambda", "create_alias", properties)]


def _alias_made(properties: Properties, answers: Answers) -> Made:
    return Made(answers[0]["AliasArn"], {"AliasArn": answers[0]["AliasArn"]})


def _permission(properties: Properties) -> list[Call]:
    return [Call("lambda", "add_permission", properties)]


def _event_invoke_config(properties: Properties) -> list[Call]:
    if properties.get("DestinationConfig", {}).get("OnSuccess"):
        raise UnfitError("unknown property DestinationConfig.OnSuccess")
    if properties.get("Qualifier") != "$LATEST":
        raise UnfitError(f"Qualifier is {properties.get('Qualifier')!r}, not $LATEST")
    return [Call("lambda", "put_function_event_invoke_config", without(properties, "Qualifier"))]


def _plain_name(function: str) -> str:
    """Return a function's name, which may be given as its ARN."""
    return function.split(":")[6] if function.startswith("arn:") else function


COMPUTE_TYPES = {
    "AWS::IAM::Role": ResourceType(_role, _role_made, "RoleName"),
    "AWS::IAM::Policy": ResourceType(_inline_policy, lambda p, _: Made(p["PolicyName"])),
    "AWS::IAM::ManagedPolicy": ResourceType(
        _managed_policy,
        lambda _, answers: Made(answers[0]["Policy"]["Arn"]),
        "ManagedPolicyName",
    ),
    "AWS::Lambda::Function": ResourceType(_function, _function_made, "FunctionName"),
    "AWS::Lambda::Version": ResourceType(_version, _version_made),
    "AWS::Lambda::Alias": ResourceType(_alias, _alias_made),
    "AWS::Lambda::Permission": ResourceType(
        _permission, lambda p, _: Made(p["StatementId"]), "StatementId"
    ),
    "AWS::Lambda::EventInvokeConfig": ResourceType(
        _event_invoke_config, lambda p, _: Made(f"{p['FunctionName']}|{p['Qualifier']}")
    ),
}
