"""What Athena refuses beside the query engine's own errors.

FinopsError
├── InvalidRequestError          the call is refused; no execution begins
└── infra.local.athena.errors.AthenaError
    ├── SchemaNotFoundError      SCHEMA_NOT_FOUND
    ├── AlreadyExistsError       ALREADY_EXISTS
    ├── ParameterError           INVALID_PARAMETER_USAGE
    └── PermissionDeniedError    PERMISSION_DENIED
"""

from infra.local.athena import AthenaError
from schemas.errors import FinopsError


class InvalidRequestError(FinopsError):
    """A call that Athena answers with InvalidRequestException and this message."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(f"{message}; correct the request and send it again")


class SchemaNotFoundError(AthenaError):
    """There is no such database."""

    code = "SCHEMA_NOT_FOUND"


class AlreadyExistsError(AthenaError):
    """The name is taken."""

    code = "ALREADY_EXISTS"


class ParameterError(AthenaError):
    """Execution parameters that do not fit the statement."""

    code = "INVALID_PARAMETER_USAGE"


class PermissionDeniedError(AthenaError):
    """The caller's role does not allow what the query needs."""

    code = "PERMISSION_DENIED"
