"""The errors of `transforms`; each ends with the next step.

FinopsError
├── QueryError        a query that has no result
├── JobError          a job was not called as its template calls it
├── EventError        an event that is not in the lake
├── DifferenceError   two sides cannot be compared as it was asked
└── EvaluationError   an evaluation that is not registered, or registered as something else
"""

from schemas.errors import FinopsError


class QueryError(FinopsError):
    """Athena's answer to a query that has no result; the text is Athena's."""


class JobError(FinopsError):
    """A job's event or environment is not what the template gives it."""


class EventError(FinopsError):
    """An event is asked for that the lake does not have."""


class DifferenceError(FinopsError):
    """Two sides cannot be compared as it was asked."""


class EvaluationError(FinopsError):
    """An evaluation is not registered, or is registered as something else."""
