"""The errors of `infra`; each ends with the next step.

FinopsError
├── DataDirError      the data directory cannot be used
├── NoDataError       nothing was ingested yet
├── ParameterError    a query of the library was given values that do not fit
├── UsageError        a command was asked for something it does not have
└── (infra.local.athena.errors, infra.local.firehose.errors)
"""

from schemas.errors import FinopsError


class DataDirError(FinopsError):
    """The data directory is not a folder we can write to."""


class NoDataError(FinopsError):
    """The lake is empty; something has to be ingested first."""


class UsageError(FinopsError):
    """A command names something that does not exist."""


class ParameterError(UsageError):
    """A query of the library lacks a parameter, or was given one that does not fit."""
