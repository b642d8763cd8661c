"""What the service says of errors in its log (§6), and how often it says the same."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from infra.local.firehose.errors import StoringDeniedError

SAMPLES_A_MINUTE = 10
"""§6: events are sampled when errors are frequent; how is not documented. Ours, of each code."""

INTERNAL = ("InternalError", "An internal error occurred while attempting to deliver data.")
NO_BUCKET = (
    "S3.NoSuchBucket",
    "The specified bucket does not exist. Create the bucket or use a different bucket that does "
    "exist.",
)
NO_ACCESS = (
    "S3.AccessDenied",
    "Access was denied. Ensure that the trust policy for the provided IAM role allows Firehose to "
    "assume the role, and the access policy allows access to the S3 bucket.",
)


class ObjectKind(Enum):
    """What an object, or an error, belongs to."""

    MAIN = "main"
    ERRORS = "errors"
    BACKUP = "backup"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One event of a stream's error log.

    Attributes:
        arn: the stream's.
        name: the stream's.
        kind: whether it goes to the log of the destination or of the backup.
        code: the service's error code.
        message: its text.
        processor: the function's ARN, of the errors of a function.
    """

    arn: str
    name: str
    kind: ObjectKind
    code: str
    message: str
    processor: str = ""


Report = Callable[[Diagnostic], None]


def ignore(diagnostic: Diagnostic) -> None:
    """Say nothing."""


def storing_error(error: Exception) -> tuple[str, str]:
    """Return the code and the text of an object that could not be stored."""
    if isinstance(error, KeyError):
        return NO_BUCKET
    if isinstance(error, PermissionError | StoringDeniedError):
        return NO_ACCESS
    return INTERNAL


class Sampler:
    """Lets the first few events of a code pass in each minute of a stream."""

    def __init__(self, clock: Callable[[], datetime], most: int = SAMPLES_A_MINUTE) -> None:
        self._clock = clock
        self._most = most
        self._minute: datetime | None = None
        self._said: dict[tuple[str, ObjectKind, str], int] = {}

    def passes(self, diagnostic: Diagnostic) -> bool:
        """Whether to say it."""
        minute = self._clock().replace(second=0, microsecond=0)
        if minute != self._minute:
            self._minute, self._said = minute, {}
        key = (diagnostic.arn, diagnostic.kind, diagnostic.code)
        self._said[key] = self._said.get(key, 0) + 1
        return self._said[key] <= self._most
