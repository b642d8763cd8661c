"""Workgroups: where results go, what clients may override, and how much a query may scan."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from infra.local.aws.athena.errors import InvalidRequestError
from infra.local.aws.athena.executions import ENGINE_VERSION

PRIMARY = "primary"
_DEFAULTS = {
    "EnforceWorkGroupConfiguration": True,
    "PublishCloudWatchMetricsEnabled": True,
    "RequesterPaysEnabled": False,
    "EngineVersion": ENGINE_VERSION,
}
_KNOWN = frozenset({"ResultConfiguration", "BytesScannedCutoffPerQuery", *_DEFAULTS})


@dataclass(slots=True)
class Workgroup:
    """One workgroup."""

    name: str
    created: datetime
    description: str = ""
    state: str = "ENABLED"
    configuration: dict[str, Any] = field(default_factory=dict)

    @property
    def cutoff(self) -> int | None:
        """The most bytes a query may scan."""
        return self.configuration.get("BytesScannedCutoffPerQuery")

    @property
    def enforces_location(self) -> bool:
        """Whether everything goes where the workgroup says."""
        own = (self.configuration.get("ResultConfiguration") or {}).get("OutputLocation")
        return bool(own and self.configuration["EnforceWorkGroupConfiguration"])

    def output_folder(self, request: Mapping[str, Any]) -> str:
        """Return where the results of a request go, `s3://bucket/prefix/`.

        Raises:
            InvalidRequestError: neither workgroup nor request say, or it is no S3 location.
        """
        own = (self.configuration.get("ResultConfiguration") or {}).get("OutputLocation")
        asked = (request.get("ResultConfiguration") or {}).get("OutputLocation")
        enforced = self.configuration["EnforceWorkGroupConfiguration"]
        location = own if own and (enforced or not asked) else asked
        if not location:
            raise InvalidRequestError(
                "No output location provided. An output location is required either through the "
                "Workgroup result configuration setting or as an API input."
            )
        if not location.startswith("s3://") or not location.removeprefix("s3://").strip("/"):
            raise InvalidRequestError(f"outputLocation is not a valid S3 path: {location}")
        return f"{location.rstrip('/')}/"

    def result_configuration(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is said of results beside their place, by the workgroup or the call."""
        own = self.configuration.get("ResultConfiguration") or {}
        asked = request.get("ResultConfiguration") or {}
        return dict(own if self.configuration["EnforceWorkGroupConfiguration"] else own | asked)

    def describe(self) -> dict[str, Any]:
        """Return the API's `WorkGroup`."""
        return {**self.summary(), "Configuration": self.configuration}

    def summary(self) -> dict[str, Any]:
        """Return the API's `WorkGroupSummary`, without the engine."""
        return {
            "Name": self.name,
            "State": self.state,
            "Description": self.description,
            "CreationTime": self.created,
        }


class Workgroups:
    """The workgroups of one account and region; `primary` is always there.

    Args:
        now: When they begin to be.
    """

    def __init__(self, now: datetime) -> None:
        self._groups: dict[str, Workgroup] = {}
        self.create(
            {"Name": PRIMARY, "Configuration": {"EnforceWorkGroupConfiguration": False}}, now
        )

    def create(self, request: Mapping[str, Any], now: datetime) -> None:
        """Create a workgroup.

        Raises:
            InvalidRequestError: the name is taken, or a setting has no effect here.
        """
        name = request["Name"]
        if name in self._groups:
            raise InvalidRequestError("WorkGroup is already created")
        given = deepcopy(dict(request.get("Configuration") or {}))
        _refuse_unknown(given)
        self._groups[name] = Workgroup(
            name, now, request.get("Description") or "", configuration={**_DEFAULTS, **given}
        )

    def get(self, name: str) -> Workgroup:
        """Return a workgroup.

        Raises:
            InvalidRequestError: there is none of that name.
        """
        if name not in self._groups:
            raise InvalidRequestError(f"WorkGroup {name} is not found.")
        return self._groups[name]

    def __contains__(self, name: str) -> bool:
        return name in self._groups

    def list(self) -> list[Workgroup]:
        """Return all workgroups by name."""
        return [self._groups[name] for name in sorted(self._groups)]

    def update(self, request: Mapping[str, Any]) -> None:
        """Change a workgroup.

        Raises:
            InvalidRequestError: there is none of that name, or a setting has no effect here.
        """
        group = self.get(request["WorkGroup"])
        updates = deepcopy(dict(request.get("ConfigurationUpdates") or {}))
        results = updates.pop("ResultConfigurationUpdates", {})
        remove_cutoff = updates.pop("RemoveBytesScannedCutoffPerQuery", False)
        _refuse_unknown(updates)
        configuration = {**group.configuration, **updates}
        if remove_cutoff:
            configuration.pop("BytesScannedCutoffPerQuery", None)
        configuration["ResultConfiguration"] = _updated_results(
            configuration.get("ResultConfiguration") or {}, results
        )
        group.configuration = configuration
        group.description = request.get("Description", group.description)
        group.state = request.get("State", group.state)

    def delete(self, name: str) -> None:
        """Delete a workgroup.

        Raises:
            InvalidRequestError: there is none of that name, or it is `primary`.
        """
        self.get(name)
        if name == PRIMARY:
            raise InvalidRequestError("The primary workgroup cannot be deleted")
        del self._groups[name]


def _updated_results(current: Mapping[str, Any], updates: Mapping[str, Any]) -> dict[str, Any]:
    changed = dict(current)
    for name, value in updates.items():
        if name.startswith("Remove"):
            if value:
                changed.pop(name.removeprefix("Remove"), None)
        else:
            changed[name] = value
    return changed


def _refuse_unknown(configuration: Mapping[str, Any]) -> None:
    # What moto's clients send but has no meaning on a laptop must not be without effect in silence.
    for name in sorted(configuration.keys() - _KNOWN):
        raise InvalidRequestError(f"Not supported locally: workgroup setting {name}")
