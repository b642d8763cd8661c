"""What DuckDB says while a query runs, in Trino's words and with Athena's codes."""

import re
from pathlib import Path

from infra.local.athena.errors import (
    AthenaError,
    BadDataError,
    DivisionByZeroError,
    InvalidArgumentError,
    InvalidCastError,
    MultipleRowsError,
    NotAggregateError,
    OutOfRangeError,
)
from infra.local.athena.macros import FAILED

_TRY_CAST = "Use try_cast, which gives NULL instead"
_PARQUET = re.compile(
    r"(?=.*(magic bytes|Footer length|too small to be a Parquet|metadata|footer|corrupt|Snappy"
    r"|decompress)).*'(?P<file>[^']*\.parquet)'",
    re.IGNORECASE,
)
_KINDS: tuple[tuple[re.Pattern[str], type[AthenaError], str, str], ...] = tuple(
    (re.compile(pattern), error, said, next_step)
    for pattern, error, said, next_step in (
        (r"Division by zero", DivisionByZeroError, "Division by zero",
         "Divide by nullif(x, 0), or ask for try(x / y)"),
        (r"with value (?P<value>\S+) can't be cast .* out of range for the destination type "
         r"(?P<type>\w+)", OutOfRangeError, "Out of range for {type}: {value}",
         "Cast to a wider type, or to double"),
        (r"""Could not convert string ['"](?P<value>.*)['"] to (?P<type>.+)""",
         InvalidCastError, "Cannot cast '{value}' to {type}", _TRY_CAST),
        (r"""Could not (?:cast value|convert \w+) ['"]?(?P<value>.*?)['"]? to (?P<type>.+)""",
         InvalidCastError, "Cannot cast {value} to {type}", _TRY_CAST),
        (r"(?:invalid|out of range).*: \"(?P<value>.*?)\"", InvalidCastError,
         "Value cannot be cast to date or timestamp: {value}", _TRY_CAST),
        (r"Conversion Error: (?P<value>.*)", InvalidCastError, "{value}", _TRY_CAST),
        (r"Out of Range Error: (?P<value>.*)", OutOfRangeError, "{value}",
         "Cast to a wider type, or to double"),
        (r'column "(?P<value>.*?)" must appear in the GROUP BY', NotAggregateError,
         "'{value}' must be an aggregate expression or appear in GROUP BY clause",
         "Add it to GROUP BY, or ask for arbitrary({value})"),
        (r"More than one row returned by a subquery", MultipleRowsError,
         "Scalar sub-query has returned multiple rows", "Let it return one, such as max(x)"),
        (r"Key not present in map", InvalidArgumentError, "Key not present in map",
         "Use element_at, which gives NULL instead"),
        (r"Array subscript out of bounds", InvalidArgumentError,
         "Array subscript must be less than or equal to array length",
         "Use element_at, which gives NULL instead"),
    )
)  # fmt: skip
_REMARK = re.compile(r" is not an? [a-z ]+$")
"""What the macros of `session` say of a text, because DuckDB would take it."""
_TYPES = {
    "BOOL": "boolean",
    "INT8": "tinyint",
    "INT16": "smallint",
    "INT32": "integer",
    "INT64": "bigint",
}


def failure_of(error: Exception, lake: Path) -> AthenaError:
    """Return what Athena would say.

    Args:
        error: DuckDB's.
        lake: the folder that names of files are told from.
    """
    first = str(error).strip().splitlines()[0]
    _, ours, said = first.partition(f"'{FAILED}")
    if ours:
        return InvalidArgumentError(said.rpartition("' to ")[0], "Change the query.")
    if unreadable := _PARQUET.search(first):
        key = unreadable["file"].removeprefix(f"{lake}/")
        return BadDataError(
            f"Not valid Parquet file: {key}", "Restore an earlier version of it, or delete it."
        )
    for pattern, kind, said, next_step in _KINDS:
        if found := pattern.search(first):
            words = {name: _REMARK.sub("", text) for name, text in found.groupdict().items()}
            if "type" in words:
                words["type"] = _TYPES.get(words["type"], words["type"].lower())
            return kind(said.format(**words), f"{next_step.format(**words)}.")
    return AthenaError(first, "Change the query, or cast the values it complains about.")
