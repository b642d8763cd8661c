"""The errors of `transforms`; each ends with the next step.

FinopsError
└── StateError        an object under `state/` is not what this project writes
"""

from schemas.errors import FinopsError


class StateError(FinopsError):
    """An object under `state/` is damaged."""
