"""What a query can be told instead of an answer, in Athena's words and with the next step.

FinopsError
└── AthenaError                code GENERIC_USER_ERROR; every other failure of a query
    ├── SqlSyntaxError         SYNTAX_ERROR
    ├── TableNotFoundError     TABLE_NOT_FOUND
    ├── ColumnNotFoundError    COLUMN_NOT_FOUND
    ├── FunctionNotFoundError  FUNCTION_NOT_FOUND
    ├── TypeMismatchError      TYPE_MISMATCH
    ├── NotSupportedError      NOT_SUPPORTED: it cannot be done faithfully here
    ├── DivisionByZeroError    DIVISION_BY_ZERO
    ├── InvalidCastError       INVALID_CAST_ARGUMENT: a value cannot be cast
    ├── OutOfRangeError        NUMERIC_VALUE_OUT_OF_RANGE
    ├── InvalidArgumentError   INVALID_FUNCTION_ARGUMENT
    ├── NotAggregateError      EXPRESSION_NOT_AGGREGATE
    ├── MultipleRowsError      SUBQUERY_MULTIPLE_ROWS
    ├── BadDataError           HIVE_BAD_DATA: a file is damaged
    ├── ScanLimitError         the files are more bytes than the query may scan
    └── FileGoneError          HIVE_CANNOT_OPEN_SPLIT: a file was deleted after it was listed
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import ClassVar

from schemas.errors import FinopsError


class AthenaError(FinopsError):
    """A query that has no answer; `str()` is the code, what happened, and the next step."""

    code: ClassVar[str] = "GENERIC_USER_ERROR"

    def __init__(self, message: str, next_step: str) -> None:
        self.message = " ".join(message.split()).rstrip(".")
        self.next_step = next_step
        super().__init__(f"{self.code}: {self.message}. {next_step}")


class SqlSyntaxError(AthenaError):
    """The text is not one statement of Athena's SQL."""

    code = "SYNTAX_ERROR"


class TableNotFoundError(AthenaError):
    """A name after FROM or JOIN that is neither a table nor a view nor a WITH query."""

    code = "TABLE_NOT_FOUND"


class ColumnNotFoundError(AthenaError):
    """A column that none of the sources in reach has, or that more than one has."""

    code = "COLUMN_NOT_FOUND"


class FunctionNotFoundError(AthenaError):
    """A function that is not Athena's, or not one of those the local engine knows."""

    code = "FUNCTION_NOT_FOUND"


class TypeMismatchError(AthenaError):
    """An operator between types that Athena does not compare or combine."""

    code = "TYPE_MISMATCH"


class NotSupportedError(AthenaError):
    """Valid on Athena, and not answered here because the answer would differ from Athena's."""

    code = "NOT_SUPPORTED"


class DivisionByZeroError(AthenaError):
    """A whole number or a decimal was divided by zero."""

    code = "DIVISION_BY_ZERO"


class InvalidCastError(AthenaError):
    """A value has no counterpart in the type that it is cast to."""

    code = "INVALID_CAST_ARGUMENT"


class OutOfRangeError(AthenaError):
    """A number has more digits than its type."""

    code = "NUMERIC_VALUE_OUT_OF_RANGE"


class InvalidArgumentError(AthenaError):
    """A function or a subscript was given a value that it does not take."""

    code = "INVALID_FUNCTION_ARGUMENT"


class NotAggregateError(AthenaError):
    """A column beside aggregates is neither one nor grouped by."""

    code = "EXPRESSION_NOT_AGGREGATE"


class MultipleRowsError(AthenaError):
    """A subquery in the place of a value has several rows."""

    code = "SUBQUERY_MULTIPLE_ROWS"


class BadDataError(AthenaError):
    """A file cannot be read as what its table says that it is."""

    code = "HIVE_BAD_DATA"


class FileGoneError(AthenaError):
    """A file of the query was deleted between its listing and its reading."""

    code = "HIVE_CANNOT_OPEN_SPLIT"


class ScanLimitError(AthenaError):
    """The query was cancelled before it scanned more than it may."""

    code = "CANCELLED"

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__("Bytes scanned limit was exceeded", "Ask for fewer partitions.")


def close_to(name: str, known: Iterable[str]) -> str:
    """Return `Did you mean a, b?` for the nearest known names, or an empty text."""
    near = get_close_matches(name.lower(), sorted(set(known)), n=3, cutoff=0.6)
    return f"Did you mean {', '.join(near)}? " if near else ""
