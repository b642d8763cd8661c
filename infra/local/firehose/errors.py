"""What the service refuses, with the error codes and messages of its API.

FirehoseError                    an answer of the API; `code` and `message` go on the wire
├── InvalidArgumentError
├── ResourceInUseError
├── ResourceNotFoundError
├── ServiceUnavailableError
├── ValidationError              a request outside the API's shapes
└── UnsupportedLocallyError      the service has it, this emulator does not
DeliveryError                    an object store failed; the data is kept for its retention
StoringDeniedError               a role may not store an object
JournalError                     a stream's journal cannot be opened; it is left as it is
"""

from typing import ClassVar

from schemas.errors import FinopsError


class FirehoseError(FinopsError):
    """An error answer of the API; `code` and `message` are the service's own."""

    code: ClassVar[str]
    next_step: ClassVar[str] = "correct the request and send it again"

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(f"{self.code}: {message.rstrip('.')}; {self.next_step}")


class InvalidArgumentError(FirehoseError):
    """The request's values are refused."""

    code = "InvalidArgumentException"


class ResourceInUseError(FirehoseError):
    """A stream of this name exists."""

    code = "ResourceInUseException"
    next_step = "choose another name or delete that stream first"


class ResourceNotFoundError(FirehoseError):
    """There is no stream of this name."""

    code = "ResourceNotFoundException"
    next_step = "create the stream first or correct its name"


class ServiceUnavailableError(FirehoseError):
    """The service is over its capacity for the moment."""

    code = "ServiceUnavailableException"
    next_step = "wait a little and send it again"


class ValidationError(FirehoseError):
    """The request does not have the API's shape."""

    code = "ValidationException"


class UnsupportedLocallyError(FirehoseError):
    """A setting that the service has and this emulator does not."""

    code = "InvalidArgumentException"
    next_step = "change the setting or run it on AWS"


class DeliveryError(FinopsError):
    """Objects could not be stored; what they hold stays buffered, until its retention is over."""

    def __init__(self, stream: str, cause: Exception, lost: int = 0) -> None:
        self.lost = lost
        kept = (
            f"{lost} of its records waited for longer than the retention and are lost: mend the "
            "bucket and put them again"
            if lost
            else "its data is kept: mend the bucket or the table and deliver again"
        )
        super().__init__(
            f"stream {stream}: an object could not be stored ({type(cause).__name__}: {cause}); "
            f"{kept}"
        )


class StoringDeniedError(FinopsError):
    """The role of a destination may not store an object; `S3.AccessDenied` in the error log."""

    code = "S3.AccessDenied"

    def __init__(self, reason: str) -> None:
        super().__init__(f"{self.code}: {reason}; allow it in the role's policy")


class JournalError(FinopsError):
    """A stream's journal cannot be opened; starting without it would lose what it holds."""
