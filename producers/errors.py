"""The errors of `producers`; each ends with the next step.

FinopsError
├── SourceError       the file or export cannot be read as what it was said to be
│   ├── SourceChangedError   it changed while it was read
│   │   └── SpoolLostError      what was read of it is gone; it is read again
│   ├── ScopeHeldError       something else holds the scope; say whether to replace it or to add
│   └── TooManyRejectedError too large a share of its rows cannot become events
├── DeliveryError     records were not accepted within the bounded retries
├── TransportError    one call to the stream failed as a whole; delivery retries it
├── SpoolError        a producer's spool cannot be used
│   └── SpoolFullError       it takes no more for now; events since are not safe, those before are
├── RejectedEventError       this one event cannot be taken
└── WriterClosedError        nothing is taken any more
"""

from schemas.errors import FinopsError


class SourceError(FinopsError):
    """A source cannot be read; nothing of it was delivered as complete."""


class SourceChangedError(SourceError):
    """The source changed while it was read; nothing of it was sent."""


class SpoolLostError(SourceChangedError):
    """What was read is not all there any more; it is forgotten, and read again by the next run."""


class TooManyRejectedError(SourceError):
    """More rows than allowed cannot become events; nothing was sent."""


class TransportError(FinopsError):
    """One call failed as a whole; whether the service took the records is unknown."""


class DeliveryError(FinopsError):
    """The stream did not accept some records within the bounded retries."""


class SpoolError(FinopsError):
    """A producer's spool cannot be used: another process has it, or it is not one."""


class SpoolFullError(SpoolError):
    """The spool does not take more: no event that was put since is safe, those before are."""


class RejectedEventError(FinopsError):
    """This event cannot become a cost event; it was not taken, whatever came before it is safe."""


class WriterClosedError(FinopsError):
    """The writer was closed; the event was not taken."""
