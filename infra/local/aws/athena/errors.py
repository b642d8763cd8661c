"""What Athena refuses beside the query engine's own errors.

FinopsError
├── InvalidRequestError          the call is refused; no execution begins
│   ├── ResourceNotFoundError    it names what is not there
│   └── MetadataError            it asks for a part of the catalogue that is not there
└── infra.local.athena.errors.AthenaError
    ├── SchemaNotFoundError      SCHEMA_NOT_FOUND
    ├── AlreadyExistsError       ALREADY_EXISTS
    ├── ParameterError           INVALID_PARAMETER_USAGE
    ├── PathExistsError          HIVE_PATH_ALREADY_EXISTS
    ├── DdlError                 FAILED: Execution Error, Hive's words for DDL that cannot be done
    └── PermissionDeniedError    PERMISSION_DENIED
"""

from infra.local.athena import AthenaError
from schemas.errors import FinopsError


class InvalidRequestError(FinopsError):
    """A call that Athena answers with InvalidRequestException and this message."""

    api_code = "InvalidRequestException"

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(f"{message}; correct the request and send it again")


class ResourceNotFoundError(InvalidRequestError):
    """A call that Athena answers with ResourceNotFoundException."""

    api_code = "ResourceNotFoundException"


class MetadataError(InvalidRequestError):
    """A call that Athena answers with MetadataException."""

    api_code = "MetadataException"


class SchemaNotFoundError(AthenaError):
    """There is no such database."""

    code = "SCHEMA_NOT_FOUND"


class AlreadyExistsError(AthenaError):
    """The name is taken."""

    code = "ALREADY_EXISTS"


class ParameterError(AthenaError):
    """Execution parameters that do not fit the statement."""

    code = "INVALID_PARAMETER_USAGE"


class PathExistsError(AthenaError):
    """There are objects where new ones were to be written."""

    code = "HIVE_PATH_ALREADY_EXISTS"


class DdlError(AthenaError):
    """A statement that changes the catalogue and cannot be done."""

    code = "FAILED"

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(
            "Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
            f"{message}",
            next_step,
        )


class PermissionDeniedError(AthenaError):
    """The caller's role does not allow what the query needs."""

    code = "PERMISSION_DENIED"
