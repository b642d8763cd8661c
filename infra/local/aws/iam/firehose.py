"""What Firehose does by itself with the roles of a stream."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.local.aws.iam.access import Access
from infra.local.aws.iam.principal import Principal
from infra.local.aws.iam.requirements import catalogue_calls
from infra.local.firehose.errors import InvalidArgumentError
from infra.local.iam import Call

SCHEMA_ACTIONS = ("glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions")
"""Firehose guide, "Grant Firehose access to AWS Glue"."""


class StreamRoles:
    """What the roles of a stream may do.

    Args:
        access: who may do what.
        stream: the stream's name, which its sessions go by.
    """

    def __init__(self, access: Access, stream: str) -> None:
        self._access = access
        self._stream = stream

    def check(self, configuration: Mapping[str, Any]) -> None:
        """Refuse a configuration whose roles Firehose cannot take, or that hide the schema.

        Args:
            configuration: the API's `ExtendedS3DestinationConfiguration`.

        Raises:
            InvalidArgumentError: naming the role.
        """
        for role in _named(configuration):
            if self._access.untrusted("firehose", role):
                raise InvalidArgumentError(
                    f"Firehose is unable to assume role {role}. Please check the role provided."
                )
        conversion = configuration.get("DataFormatConversionConfiguration") or {}
        schema = conversion.get("SchemaConfiguration")
        if schema and conversion.get("Enabled", True):
            self._check_schema(schema)

    def denied(self, role: str, action: str, resource: str) -> str | None:
        """Return why a role may not do something; None where it may."""
        return self._access.denied(self._principal(role), Call(action, resource))

    def _check_schema(self, schema: Mapping[str, str]) -> None:
        table = schema.get("DatabaseName", ""), schema.get("TableName", "")
        calls = [call for action in SCHEMA_ACTIONS for call in catalogue_calls(action, *table)]
        reason = self._access.denied(self._principal(schema.get("RoleARN", "")), *calls)
        if reason is not None:
            raise InvalidArgumentError(
                f"Access was denied when calling Glue. {reason} (Service: AWSGlue; "
                "Status Code: 400; Error Code: AccessDeniedException)"
            )

    def _principal(self, role: str) -> Principal:
        return Principal(role, self._stream)


def _named(configuration: Any) -> Iterator[str]:
    """Yield every role in a configuration."""
    if isinstance(configuration, Mapping):
        if configuration.get("ParameterName") == "RoleArn":
            yield configuration["ParameterValue"]
        for key, value in configuration.items():
            if key == "RoleARN" and value:
                yield value
            yield from _named(value)
    elif isinstance(configuration, list):
        for item in configuration:
            yield from _named(item)
