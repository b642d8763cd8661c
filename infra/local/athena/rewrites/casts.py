"""Casts whose text or rounding differs between the two engines."""

import re

from sqlglot import exp

from infra.local.athena.column_types import readable
from infra.local.athena.errors import NotSupportedError
from infra.local.athena.inference import FLOATS, INSTANTS, INTEGERS, TEXTS, ZONED, kind

T = exp.DType
_SECONDS = "%Y-%m-%d %H:%M:%S"
_NUMBER = r"[+-]?(?:[0-9]+[.]?[0-9]*|[.][0-9]+)(?:[eE][+-]?[0-9]+)?"
_DAY = "(?:[1-9][0-9]{3}|0001)-[0-9]{1,2}-[0-9]{1,2}"
_CLOCK = r"(?:[01]?[0-9]|2[0-3]):[0-5]?[0-9](?::[0-5]?[0-9](?:[.][0-9]{1,3}0*)?)?"
_ZONE = r" ?(?:Z|UTC|[+]00:00)"
_NEVER = "a^"
_DAYS_LIKE = r"\s*[+-]?[0-9]{4,}-[0-9]{1,2}-[0-9]{1,2}\s*"
_TIMES_LIKE = r"\s*[+-]?[0-9]{4,}-[0-9]{1,2}-[0-9]{1,2} *(?: [0-9]{1,2}:.*|[A-Z+-].*)?"
_DOUBLES_LIKE = r"\s*[+-]?(?:[0-9.].*[dDfF]|0[xX].*)\s*"
READ = {
    T.BOOLEAN: ("(?i:true|false|t|f|1|0)", "a boolean", _NEVER),
    T.DATE: (rf"\s*{_DAY}\s*", "a date", _DAYS_LIKE),
    T.DOUBLE: (rf"\s*(?:{_NUMBER}|NaN|[+-]?Infinity)\s*", "a double", _DOUBLES_LIKE),
    T.FLOAT: (rf"\s*(?:{_NUMBER}|NaN|[+-]?Infinity)\s*", "a real", _DOUBLES_LIKE),
    T.DECIMAL: (_NUMBER, "a decimal", _NEVER),
    **dict.fromkeys(
        INSTANTS, (rf"\s*{_DAY}(?: {_CLOCK})?\s*", "a timestamp of milliseconds", _TIMES_LIKE)
    ),
    **dict.fromkeys(
        ZONED,
        (
            rf"\s*{_DAY}(?: {_CLOCK}(?:{_ZONE})?)?\s*",
            "a timestamp of milliseconds in UTC",
            _TIMES_LIKE,
        ),
    ),
}
"""The text that Trino casts to a type, as far as DuckDB casts it to the same value; what any other
text is not; and the pattern of text that Trino perhaps reads and DuckDB does not."""


def to_text(node: exp.Cast) -> exp.Expr | None:
    """Spell timestamps with milliseconds and JSON text without quotes; cut varchar(n) at n.

    Raises:
        NotSupportedError: a double, whose text Java spells its own way, a map, array or row, a
            timestamp of other digits than milliseconds, or char, which Trino fills with blanks.
    """
    if node.to.this not in TEXTS:
        return None
    if node.to.this in (T.CHAR, T.NCHAR):
        raise NotSupportedError(
            f"{readable(node)}, which is filled with blanks", "Use varchar(n), or rpad(x, n, ' ')."
        )
    source, text = kind(node.this), _text(node)
    size = node.to.expressions[0].this.copy() if node.to.expressions else None
    if size is None or source == T.NULL:
        return text
    plain = text or exp.cast(node.this.copy(), T.VARCHAR)
    if source in TEXTS:
        return exp.Anonymous(this="left", expressions=[plain, size])
    return exp.Anonymous(this="athena_fitting", expressions=[plain, size, _strict(node)])


def _text(node: exp.Cast) -> exp.Expr | None:
    """Return the whole text of what a cast to text is given, or None where the cast is right."""
    source, value = kind(node.this), node.this.copy()
    if source in FLOATS or source in (T.ARRAY, T.MAP, T.STRUCT, T.INTERVAL):
        raise NotSupportedError(
            f"cast({readable(node.this)} as varchar) of a {source.value.lower()}",
            "Cast a double to decimal first; use json_format(cast(x as json)) for nested values.",
        )
    if source in INSTANTS | ZONED:
        return spelled(node.this)
    if source == T.JSON:
        return exp.Anonymous(this="athena_json_text", expressions=[value, _strict(node)])
    return None


def _strict(node: exp.Cast) -> exp.Expr:
    return exp.Boolean(this=not isinstance(node, exp.TryCast))


def spelled(time: exp.Expr) -> exp.Expr:
    """Return the text of a timestamp with as many digits as its type says.

    Raises:
        NotSupportedError: they are neither none nor three, or cannot be told.
    """
    zone = " UTC" if kind(time) in ZONED else ""
    digits = fraction_digits(time)
    if digits not in (0, 3):
        raise NotSupportedError(
            f"text of {readable(time)}, a timestamp({digits})", "Cast it to timestamp first."
        )
    if not isinstance(time, exp.Cast) and any(fraction_digits(c) != 3 for c in _literals(time)):
        raise NotSupportedError(
            f"text of {readable(time)}, whose digits are its literal's",
            "Cast it to timestamp first.",
        )
    fraction = ".%g" if digits else ""
    return _call("strftime", time.copy(), f"'{_SECONDS}{fraction}{zone}'")


def to_integer(node: exp.Cast) -> exp.Expr | None:
    """Round doubles half away from zero, not to even; take only whole numbers from text."""
    if node.to.this not in INTEGERS:
        return None
    copy = node.copy()
    if kind(node.this) in FLOATS:
        copy.set("this", exp.Anonymous(this="round", expressions=[node.this.copy()]))
        return copy
    if kind(node.this) in TEXTS:
        copy.set("this", exp.Anonymous(this="athena_whole", expressions=[node.this.copy()]))
        return copy
    return None


def to_decimal(node: exp.Cast) -> exp.Expr | None:
    """Round the shortest decimal text of a double half up, as Java does; DuckDB scales the double.

    The number of JSON text goes the same way.
    """
    if node.to.this != T.DECIMAL:
        return None
    copy = node.copy()
    if kind(node.this) in FLOATS:
        copy.set("this", exp.cast(node.this.copy(), T.VARCHAR))
        return copy
    if kind(node.this) == T.JSON:
        copy.set("this", _call("json_extract_string", node.this.copy(), "'$'"))
        return copy
    return None


def from_text(node: exp.Cast) -> exp.Expr | None:
    """Take only the text that Trino takes: DuckDB also reads 'yes', 'inf' or a date with a time.

    Raises:
        NotSupportedError: a literal timestamp of more than milliseconds, or in another zone, or a
            cast somewhere inside try().
    """
    if kind(node.this) not in TEXTS or node.to.this not in READ:
        return None
    pattern, what, doubtful = READ[node.to.this]
    if isinstance(node.this, exp.Literal):
        if re.fullmatch(pattern, node.this.name):
            return None
        if node.to.this in INSTANTS | ZONED and re.match(rf"\s*{_DAY}", node.this.name):
            raise NotSupportedError(
                f"'{node.this.name}', which is not {what}", "Write it as '2026-01-31 10:00:00.123'."
            )
    inside_try = doubtful != _NEVER and node.find_ancestor(exp.Try)
    if inside_try and not isinstance(node.parent, exp.Try):
        raise NotSupportedError("a cast of text deep inside try()", "Use try_cast.")
    tried = isinstance(node, exp.TryCast) or bool(inside_try)
    words = [pattern, what, doubtful] if tried else [pattern, what]
    arguments = [node.this.copy(), *map(exp.Literal.string, words)]
    name = "athena_try_read" if tried else "athena_read"
    copy = exp.TryCast(to=node.to.copy()) if inside_try else node.copy()
    copy.set("this", exp.Anonymous(this=name, expressions=arguments))
    return copy


def tried_cast(node: exp.Try) -> exp.Expr | None:
    """Take try() off a cast that became a try_cast."""
    return node.this.copy() if isinstance(node.this, exp.TryCast) else None


def date_of_text(node: exp.Date) -> exp.Expr | None:
    """Take only what a cast to date takes."""
    if kind(node.this) not in TEXTS:
        return None
    cast = exp.cast(node.this.copy(), T.DATE)
    cast.this.type = node.this.type
    return from_text(cast) or cast


def _literals(time: exp.Expr) -> list[exp.Expr]:
    return [cast for cast in time.find_all(exp.Cast) if cast.to.this in INSTANTS | ZONED]


def fraction_digits(time: exp.Expr) -> int:
    """Return the p of timestamp(p): 3 as in Athena's tables, but for literals."""
    parameters = time.type.expressions if time.type else []
    return int(parameters[0].name) if parameters else 3


def _call(name: str, value: exp.Expr, literal: str) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=[value, exp.Literal.string(literal.strip("'"))])
