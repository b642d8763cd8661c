"""Dates stay dates, differences count whole units, and patterns are translated or refused."""

import re

from sqlglot import exp

from infra.local.athena.errors import NotSupportedError, SqlSyntaxError
from infra.local.athena.inference import INSTANTS, ZONED, kind
from infra.local.athena.rewrites.casts import fraction_digits

T = exp.DType
PARTS = (
    exp.Year,
    exp.Quarter,
    exp.Month,
    exp.Week,
    exp.WeekOfYear,
    exp.Day,
    exp.DayOfMonth,
    exp.DayOfWeek,
    exp.DayOfWeekIso,
    exp.DayOfYear,
    exp.Hour,
    exp.Minute,
    exp.Second,
    exp.Extract,
    exp.LastDay,
    exp.TimeToStr,
)
"""What asks for a part of a time, its month's end, or its text."""
_STRFTIME = frozenset((*"YmdHMSfBbaApIjy%", "-d", "-m", "-H", "-I"))
_JODA_PART = re.compile(r"'[^']*'|([a-zA-Z])\1*|[^a-zA-Z']+")
_FIELDS = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")
_INTERVALS = ("year", "month", "day", "hour", "minute", "second")
_UNITS = (*_FIELDS, "millisecond")
_UNITS_SAID = f"Use {', '.join(_UNITS)}."
_JODA = {
    "yyyy": "%Y", "yy": "%y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%-m", "dd": "%d",
    "d": "%-d", "HH": "%H", "H": "%-H", "hh": "%I", "mm": "%M", "ss": "%S", "SSS": "%g",
    "a": "%p", "EEEE": "%A", "EEE": "%a",
}  # fmt: skip


def shifted(node: exp.Expr) -> exp.Expr | None:
    """Keep a date plus or minus days, weeks, months or years a date."""
    return exp.cast(exp.paren(node.copy()), T.DATE) if kind(node) == T.DATE else None


def now_in_milliseconds(node: exp.CurrentTimestamp) -> exp.Expr | None:
    """Give the present as many digits as its type has; DuckDB's has microseconds."""
    return exp.Anonymous(
        this="date_trunc", expressions=[exp.Literal.string("milliseconds"), node.copy()]
    )


def truncated(node: exp.Expr) -> exp.Expr | None:
    """Keep a truncated date a date.

    Raises:
        NotSupportedError: a unit that Athena lacks.
    """
    if node.text("unit").lower() not in _UNITS:
        raise NotSupportedError(f"date_trunc('{node.text('unit').lower()}', ...)", _UNITS_SAID)
    return exp.cast(node.copy(), T.DATE) if kind(node.this) == T.DATE else None


def whole_units(node: exp.DateDiff) -> exp.Expr | None:
    """Count whole units between two times; DuckDB's date_diff counts boundaries crossed."""
    unit = exp.Literal.string(node.text("unit").lower() or "day")
    return exp.Anonymous(
        this="date_sub", expressions=[unit, node.expression.copy(), node.this.copy()]
    )


def parsed_time(node: exp.StrToTime) -> exp.Expr | None:
    """Parse by a pattern, without blanks before it, to milliseconds.

    Raises:
        NotSupportedError: a pattern that says no year of four digits; the engines guess otherwise.
    """
    pattern = node.args["format"]
    if not isinstance(pattern, exp.Literal) or "%Y" not in pattern.name:
        raise NotSupportedError(
            "date_parse without %Y in a literal pattern", "Put the year before the text."
        )
    copy = node.copy()
    copy.set("this", exp.Anonymous(this="athena_unpadded", expressions=[node.this.copy()]))
    if "%f" not in pattern.name:
        return copy
    return exp.Anonymous(this="date_trunc", expressions=[exp.Literal.string("millisecond"), copy])


def instant(node: exp.UnixToTime) -> exp.Expr | None:
    """Round seconds to milliseconds.

    Raises:
        NotSupportedError: in another zone than UTC.
    """
    if node.args.get("zone"):
        raise NotSupportedError("from_unixtime in a zone", "Write from_unixtime(x) at time zone.")
    return exp.Anonymous(this="athena_instant", expressions=[node.this.copy()])


def months_are_added_only(node: exp.Interval) -> None:
    """Refuse a year-month interval that is not added to a time: DuckDB makes 30 days of it.

    Raises:
        NotSupportedError: it is an answer itself, or compared, or made text.
        SqlSyntaxError: a unit that Trino's intervals do not have.
    """
    if node.text("unit").lower() not in _INTERVALS:
        raise SqlSyntaxError(
            f"INTERVAL '{node.name}' has no unit of Athena's", "Use days or months."
        )
    parent = node.parent
    while isinstance(parent, exp.Paren | exp.Neg | exp.Mul):
        parent = parent.parent
    if node.text("unit").lower() in ("year", "month") and not isinstance(
        parent, exp.Add | exp.Sub | exp.GenerateSeries | exp.WindowSpec
    ):
        raise NotSupportedError("an interval of months that is not added", "Use date_add.")


def extracted(node: exp.Extract) -> None:
    """Refuse fields that Athena lacks or numbers otherwise (DuckDB's Sunday is day 0).

    Raises:
        NotSupportedError: another field than those both engines agree on.
    """
    if node.name.lower() not in _FIELDS:
        raise NotSupportedError(
            f"extract({node.name.lower()} from ...)", "Use a function such as day_of_week(x)."
        )


def to_iso8601(node: exp.Anonymous) -> exp.Expr | None:
    """Spell a date or a time as ISO 8601, with milliseconds."""
    if node.name.lower() != "to_iso8601":
        return None
    (value,) = node.expressions
    pattern = "%Y-%m-%d"
    if kind(value) in INSTANTS | ZONED and fraction_digits(value) != 3:
        raise NotSupportedError(
            f"to_iso8601 of a timestamp({fraction_digits(value)})", "Cast it to timestamp first."
        )
    if kind(value) in INSTANTS | ZONED:
        pattern += "T%H:%M:%S.%g" + ("Z" if kind(value) in ZONED else "")
    elif kind(value) != T.DATE:
        raise NotSupportedError(
            "to_iso8601 of what is no known time", "Cast it to date or timestamp."
        )
    return _strftime(value, pattern)


def date_format(node: exp.TimeToStr) -> None:
    """Refuse MySQL patterns that DuckDB spells differently.

    Raises:
        NotSupportedError: an unknown code such as %D, or a pattern that is not a literal.
    """
    pattern = node.args["format"]
    codes = (
        re.findall(r"%(-?.)", pattern.name) if isinstance(pattern, exp.Literal) else ["(computed)"]
    )
    for code in codes:
        if code not in _STRFTIME:
            raise NotSupportedError(
                f"date_format with %{code}", "Use %Y %m %d %H %i %s and literal text."
            )


def format_datetime(node: exp.Anonymous) -> exp.Expr | None:
    """Translate a Joda pattern such as `yyyy-MM-dd HH:mm`.

    Raises:
        NotSupportedError: a letter that is not in the table, or a pattern that is not a literal.
    """
    if node.name.lower() != "format_datetime":
        return None
    value, pattern = node.expressions
    if not isinstance(pattern, exp.Literal):
        raise NotSupportedError("format_datetime with a computed pattern", "Write a literal.")
    out = ""
    for part in (found.group() for found in _JODA_PART.finditer(pattern.name)):
        if part[0].isalpha() and part not in _JODA:
            raise NotSupportedError(
                f"format_datetime with {part}", "Use date_format with %Y %m %d %H %i."
            )
        out += _JODA.get(part) or part.strip("'").replace("%", "%%")
    return _strftime(value, out)


def _strftime(value: exp.Expr, pattern: str) -> exp.Expr:
    return exp.Anonymous(this="strftime", expressions=[value.copy(), exp.Literal.string(pattern)])
