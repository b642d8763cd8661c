"""Text that is read as a value: what Athena takes for one, and DuckDB is less strict about."""

import re

from sqlglot import exp

from infra.local.athena.errors import NotSupportedError
from infra.local.athena.inference import FLOATS, INSTANTS, TEXTS, kind

T = exp.DType
_DAY = r"\s*[+-]?\d{4,}-\d{1,2}-\d{1,2}"
_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_SHAPES = {
    T.DATE: rf"{_DAY}\s*",
    T.TIMESTAMP: rf"{_DAY}(?: \d{{1,2}}:\d{{1,2}}(?::\d{{1,2}}(?:\.\d+)?)?)?\s*",
    T.BOOLEAN: r"(?i:true|false|t|f|1|0)",
    T.DOUBLE: rf"\s*[+-]?(?:{_NUMBER}|NaN|Infinity)\s*",
    T.DECIMAL: rf"[+-]?{_NUMBER}",
}
_SAID = {
    T.DATE: "date", T.TIMESTAMP: "timestamp", T.BOOLEAN: "boolean", T.DOUBLE: "double",
    T.DECIMAL: "decimal",
}  # fmt: skip


def cast_text(node: exp.Cast) -> exp.Expr | None:
    """Fail, or be NULL in try_cast, on text that Athena does not read."""
    to = node.to.this
    to = T.TIMESTAMP if to in INSTANTS else T.DOUBLE if to in FLOATS else to
    if to not in _SHAPES or kind(node.this) not in TEXTS:
        return None
    copy = node.copy()
    copy.set("this", _shaped(node.this, to))
    precision = node.to.expressions[0].name if node.to.expressions else "3"
    if to == T.TIMESTAMP and precision == "3":
        # Milliseconds are all that a timestamp has here, as in a table of Athena's.
        copy.set("to", exp.DataType.build("timestamp(3)"))
        return exp.cast(copy, exp.DataType.build("timestamp"))
    return copy


def date_of(node: exp.Date) -> exp.Expr | None:
    """Read text as cast does."""
    if kind(node.this) not in TEXTS:
        return None
    return exp.cast(_shaped(node.this, T.DATE), T.DATE)


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


def _shaped(text: exp.Expr, to: exp.DType) -> exp.Expr:
    shape = _SHAPES[to]
    if isinstance(text, exp.Literal) and re.fullmatch(shape, text.name, re.ASCII):
        return text.copy()
    return exp.Anonymous(
        this="athena_shaped",
        expressions=[text.copy(), exp.Literal.string(shape), exp.Literal.string(_SAID[to])],
    )
