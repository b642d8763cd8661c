"""The errors of `producers`; each ends with the next step.

FinopsError
├── SourceError       the file or export cannot be read as what it was said to be
│   ├── SourceChangedError   it changed while it was read
│   │   └── SpoolLostError      what was read of it is gone; it is read again
│   ├── ScopeHeldError       something else holds the scope; say whether to replace it or to add
│   └── TooManyRejectedError too large a share of its rows cannot become events
├── DeliveryError     records were not accepted within the bounded retries
└── TransportError    one call to the stream failed as a whole; delivery retries it
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
