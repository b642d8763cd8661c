"""The errors of the embedded AWS; each ends with the next step.

FinopsError
├── DeployError       the template cannot be deployed, by the name of the resource
├── InUseError        another server has the data directory, or this process runs one already
└── MeterError        there is no bill to show
"""

from schemas.errors import FinopsError


class DeployError(FinopsError):
    """A resource of the template cannot be made."""


class InUseError(FinopsError):
    """There can be one server for a data directory, and one in a process."""


class MeterError(FinopsError):
    """Nothing was metered, or it cannot be read."""
