"""What the alarms have to know of the rest of the template: buffers, functions, schedules."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.aws.errors import TemplateError

AUDIT = "AuditFunction"


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the template.

    Attributes:
        key: its name in the template, such as `SettleFunction`.
        timeout: seconds.
    """

    key: str
    timeout: int

    @property
    def word(self) -> str:
        """What it does, in a word: `settle`."""
        return self.key.removesuffix("Function").lower()


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule, and the function that it invokes."""

    key: str
    function: Function

    @property
    def word(self) -> str:
        """What it is for, in a word: `settle`."""
        return self.key.removesuffix("Schedule").lower()


@dataclass(frozen=True, slots=True)
class Facts:
    """The template's own numbers and names; seconds."""

    interval: int
    """How long Firehose gathers rows."""
    backup_interval: int
    functions: tuple[Function, ...]
    schedules: tuple[Schedule, ...]

    @property
    def audits(self) -> bool:
        """Whether the stack audits itself."""
        return any(function.key == AUDIT for function in self.functions)


def facts_of(template: Mapping[str, Any]) -> Facts:
    """Read them from the template, as `load_template` returns it.

    Raises:
        TemplateError: a part is not where it was, so that its alarms cannot be written.
    """
    resources: Mapping[str, Any] = template["Resources"]
    try:
        stream = resources["Stream"]["Properties"]["ExtendedS3DestinationConfiguration"]
        default = template["Globals"]["Function"]["Timeout"]
        functions = {
            key: Function(key, int(resource["Properties"].get("Timeout", default)))
            for key, resource in resources.items()
            if resource["Type"] == "AWS::Serverless::Function"
        }
        return Facts(
            interval=int(stream["BufferingHints"]["IntervalInSeconds"]),
            backup_interval=int(
                stream["S3BackupConfiguration"]["BufferingHints"]["IntervalInSeconds"]
            ),
            functions=tuple(functions.values()),
            schedules=tuple(
                Schedule(key, functions[resource["Properties"]["Target"]["Arn"]["Fn::GetAtt"][0]])
                for key, resource in resources.items()
                if resource["Type"] == "AWS::Scheduler::Schedule"
            ),
        )
    except KeyError as missing:
        raise TemplateError(
            f"the template has no {missing}, which alarms are made from; put it back"
        ) from missing
