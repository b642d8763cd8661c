"""Deploys a template: everything is checked first, then made in the order it depends on itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.aws.parameters import parameter_values
from infra.local.aws.account import ACCOUNT, REGION
from infra.local.aws.cloudformation.compute_types import COMPUTE_TYPES
from infra.local.aws.cloudformation.intrinsics import NO_VALUE, Resolver, references
from infra.local.aws.cloudformation.pipeline_types import PIPELINE_TYPES
from infra.local.aws.cloudformation.resource_type import Call, Made, ResourceType
from infra.local.aws.cloudformation.shapes import UnfitError, fit
from infra.local.aws.cloudformation.storage_types import STORAGE_TYPES
from infra.local.aws.errors import DeployError

TYPES: Mapping[str, ResourceType] = {**STORAGE_TYPES, **COMPUTE_TYPES, **PIPELINE_TYPES}

_SECTIONS = (
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
)
_ATTRIBUTES = (
    "Condition",
    "DependsOn",
    "Properties",
    "Type",
    # These mean nothing before a stack is changed or deleted.
    "DeletionPolicy",
    "Metadata",
    "UpdateReplacePolicy",
)
_LONGEST_NAME = 63
"""A bucket's, the shortest of all limits."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A deployed template.

    Attributes:
        name: the stack's name.
        resources: what was made, by its name in the template.
        outputs: the template's outputs.
    """

    name: str
    resources: Mapping[str, Made]
    outputs: Mapping[str, str]


def deploy(
    template: Mapping[str, Any],
    *,
    name: str,
    parameters: Mapping[str, str],
    client: Callable[[str], Any],
) -> Stack:
    """Make everything that a plain CloudFormation template describes.

    Nothing is made before every type, property and reference was found known.

    Args:
        template: the template, without a transform.
        name: the stack's name; names of resources that have none begin with it.
        parameters: values of the template's parameters; the rest have their defaults.
        client: returns a boto3 client of a service.

    Raises:
        DeployError: naming the resource that is at fault.
        TemplateError: a parameter is refused.
    """
    deployment = Deployment(template, name, parameters, client)
    deployment.check()
    return deployment.make()


class Deployment:
    """One template on its way to a stack.

    Args:
        template: the template.
        name: the stack's name.
        parameters: values of the template's parameters.
        client: returns a boto3 client of a service.
        made: what is there already.

    Raises:
        TemplateError: a parameter is refused.
    """

    def __init__(
        self,
        template: Mapping[str, Any],
        name: str,
        parameters: Mapping[str, str],
        client: Callable[[str], Any],
        made: Mapping[str, Made] | None = None,
    ) -> None:
        self._name = name
        self._known = _known_names(template, name, parameters)
        self._client = client
        self._made: dict[str, Made] = dict(made or {})
        self._making: list[str] = []
        self._resolver = Resolver(
            self._find,
            self._attribute,
            template.get("Conditions", {}),
            template.get("Mappings", {}),
        )
        _check_names("the template", template, _SECTIONS)
        self._resources = self._wanted(template.get("Resources", {}))
        self._outputs = self._wanted(template.get("Outputs", {}))

    def check(self) -> None:
        """Refuse what cannot be deployed, before anything is."""
        for key, resource in self._resources.items():
            _check_names(key, resource, _ATTRIBUTES)
            self._calls(key, resource.get("Properties", {}))
            needed = references(resource.get("Properties"))
            self._check_references(key, [*_dependencies(resource), *needed])
        for key, output in self._outputs.items():
            self._check_references(f"output {key}", list(references(output["Value"])))

    def make(self) -> Stack:
        """Make every resource, each after those it refers to."""
        for key in self._resources:
            self._resource(key)
        outputs = {
            key: str(self._resolver.resolve(output["Value"]))
            for key, output in self._outputs.items()
        }
        return Stack(self._name, dict(self._made), outputs)

    def _resource(self, key: str) -> Made:
        """Return a resource, made now if it was not yet."""
        if key in self._made:
            return self._made[key]
        if key in self._making:
            circle = " -> ".join([*self._making[self._making.index(key) :], key])
            raise DeployError(f"{circle}: these refer to each other; break the circle")
        self._making.append(key)
        resource = self._resources[key]
        for other in _dependencies(resource):
            self._resource(other)
        properties = self._resolver.resolve(resource.get("Properties", {}))
        answers = [self.send(key, call) for call in self._calls(key, properties)]
        made = self._type(key).made(self._with_name(key, properties), answers)
        self._making.pop()
        self._made[key] = made
        return made

    def _calls(self, key: str, properties: Mapping[str, Any]) -> list[Call]:
        """Return the calls that make a resource, held against the services' own descriptions."""
        try:
            calls = self._type(key).calls(self._with_name(key, properties))
        except KeyError as missing:
            raise self._error(key, f"property {missing.args[0]} is missing", "add it") from None
        except UnfitError as error:
            raise self._error(key, str(error), "correct or remove it") from None
        return [self.fit(key, call) for call in calls]

    def fit(self, key: str, call: Call) -> Call:
        """Return a call for a resource as the service's API wants it.

        Raises:
            DeployError: the API does not take it.
        """
        operations = self._client(call.service).meta
        operation = operations.method_to_api_mapping[call.operation]
        shape = operations.service_model.operation_model(operation).input_shape
        try:
            return Call(call.service, call.operation, fit(call.request, shape))
        except UnfitError as error:
            raise self._error(key, str(error), "correct or remove it") from None

    @property
    def resources(self) -> Mapping[str, Any]:
        """The template's resources whose conditions hold."""
        return self._resources

    def forget(self, key: str) -> None:
        """Let `make` make a resource again."""
        del self._made[key]

    def properties(self, key: str) -> Mapping[str, Any]:
        """Return a resource's properties, with its name; all it refers to must be made."""
        properties = self._resolver.resolve(self._resources[key].get("Properties", {}))
        return self._with_name(key, properties)

    def send(self, key: str, call: Call) -> Mapping[str, Any]:
        """Send one call for a resource.

        Raises:
            DeployError: the service refuses it.
        """
        try:
            operation = getattr(self._client(call.service), call.operation)
            answer: Mapping[str, Any] = operation(**call.request)
        except (ClientError, BotoCoreError) as error:
            raise self._error(key, _reason(error), "correct the template") from error
        return answer

    def _with_name(self, key: str, properties: Mapping[str, Any]) -> Mapping[str, Any]:
        name = self._type(key).name
        if name is None or name in properties:
            return properties
        # The same at every start: a bucket's files must find their bucket again.
        suffix = sha256(f"{self._name}/{key}".encode()).hexdigest()[:12]
        made_up = f"{self._name}-{key}"[: _LONGEST_NAME - 1 - len(suffix)] + f"-{suffix}"
        return {**properties, name: made_up.lower()}

    def _type(self, key: str) -> ResourceType:
        name = self._resources[key].get("Type")
        if name not in TYPES:
            raise DeployError(
                f"{key}: the type {name} is not supported locally; it has to be added to "
                "infra/local/aws/cloudformation"
            )
        return TYPES[name]

    def _find(self, name: str) -> Any:
        return self._known[name] if name in self._known else self._resource(name).ref

    def _attribute(self, name: str, attribute: str) -> str:
        attributes = self._resource(name).attributes
        if attribute not in attributes:
            raise self._error(name, f"it has no attribute {attribute}", "refer to another")
        return attributes[attribute]

    def _check_references(self, key: str, names: Sequence[str]) -> None:
        for name in names:
            if name not in self._known and name not in self._resources:
                raise DeployError(
                    f"{key} refers to {name}, which the template does not have; add {name} or "
                    "correct the reference"
                )

    def _wanted(self, section: Mapping[str, Any]) -> dict[str, Any]:
        """Return the entries whose condition holds."""
        return {
            key: entry
            for key, entry in section.items()
            if "Condition" not in entry or self._resolver.condition(entry["Condition"])
        }

    def _error(self, key: str, reason: str, next_step: str) -> DeployError:
        return DeployError(f"{key} ({self._resources[key]['Type']}): {reason}; {next_step}")


def _known_names(
    template: Mapping[str, Any], stack: str, parameters: Mapping[str, str]
) -> dict[str, Any]:
    """Return what `Ref` gives for parameters and pseudo parameters."""
    values: dict[str, Any] = dict(parameter_values(template, parameters))
    for name, rules in template.get("Parameters", {}).items():
        if rules.get("Type") == "CommaDelimitedList" or str(rules.get("Type")).startswith("List<"):
            values[name] = [item.strip() for item in values[name].split(",")]
    return {
        **values,
        "AWS::AccountId": ACCOUNT,
        "AWS::Partition": "aws",
        "AWS::Region": REGION,
        "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{stack}/local",
        "AWS::StackName": stack,
        "AWS::URLSuffix": "amazonaws.com",
        NO_VALUE: None,
    }


def _dependencies(resource: Mapping[str, Any]) -> list[str]:
    named = resource.get("DependsOn", [])
    return [named] if isinstance(named, str) else list(named)


def _reason(error: ClientError | BotoCoreError) -> str:
    """Return what a service, or botocore in its place, said, in one line."""
    text = str(error)
    if isinstance(error, ClientError):
        answer = error.response["Error"]
        text = f"{answer.get('Code')}: {answer.get('Message')}"
    return " ".join(text.split()).rstrip(".")


def _check_names(key: str, entry: Mapping[str, Any], known: Sequence[str]) -> None:
    for name in entry:
        if name not in known:
            raise DeployError(f"{key}: {name} is not supported locally; remove or correct it")
