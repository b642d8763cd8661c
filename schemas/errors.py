"""The root of every error this project raises on purpose, and the errors of `schemas`.

    FinopsError                     a person can act on it; the command line prints one line
    ├── SchemaError                 a released schema or its ledger is not as released
    ├── StateError                  an object under `state/` is not what this project writes
    └── AmountError                 an amount that the lake cannot hold

A bad *record* is never an exception outside the codec: see `schemas.codec.Unreadable`.
"""


class FinopsError(Exception):
    """Something a person can act on; `str()` is one line and ends with the next step."""


class SchemaError(FinopsError):
    """A schema file and the ledger of released schemas disagree."""


class StateError(FinopsError):
    """An object under `state/` is damaged."""


class AmountError(FinopsError):
    """An amount that is not a plain finite number, or is too large for `decimal(38,12)`."""
