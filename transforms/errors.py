"""The errors of `transforms`; each ends with the next step.

FinopsError
└── StateError        an object under `state/` is not what this project writes
"""

from schemas.errors import FinopsError


class StateError(FinopsError):
    """An object under `state/` is damaged."""


class QueryError(FinopsError):
    """Athena's answer to a query that has no result; the text is Athena's."""


class JobError(FinopsError):
    """A job's event or environment is not what the template gives it."""
