"""What injected faults raise, and what the service answers for them.

FaultError                  the fault cannot be set
InternalFailureError        an answer of the API: whether the put was accepted is not known
DroppedConnectionError      there is no answer at all
StoreDownError              a destination takes nothing for now
"""

from infra.local.firehose.errors import FirehoseError
from schemas.errors import FinopsError


class FaultError(FinopsError):
    """A fault has values that no fault has, or this process cannot do it."""


class InternalFailureError(FirehoseError):
    """The service failed; the put may have been accepted all the same (§1.2)."""

    code = "InternalFailure"
    next_step = "send it again, and expect a duplicate"


class DroppedConnectionError(FinopsError):
    """The connection ends without an answer."""

    def __init__(self) -> None:
        super().__init__("the connection is dropped (injected); send it again")


class StoreDownError(OSError):
    """The destination does not take an object."""

    def __init__(self) -> None:
        super().__init__("S3 is down, by an injected fault")
