"""Sequences: downwards by themselves, and by months that count from the first."""

from sqlglot import exp

from infra.local.athena.column_types import readable
from infra.local.athena.errors import NotSupportedError, TypeMismatchError
from infra.local.athena.inference import INSTANTS, INTEGERS, kind

T = exp.DType
_MONTHS = {"MONTH": 1, "YEAR": 12}
_MICROSECONDS = {
    "DAY": 86_400_000_000,
    "HOUR": 3_600_000_000,
    "MINUTE": 60_000_000,
    "SECOND": 1_000_000,
}


def sequence(node: exp.GenerateSeries) -> exp.Expr | None:
    """Make a sequence of whole numbers, dates or timestamps.

    Raises:
        NotSupportedError: of what cannot be told, or by a step that is no literal.
        TypeMismatchError: of dates by less than days.
    """
    start, end, step = node.args["start"], node.args["end"], node.args.get("step")
    if kind(start) in INTEGERS:
        by = step.copy() if step else _towards(start, end, 1)
        return _call("athena_numbers", start, end, by)
    if kind(start) not in {T.DATE, *INSTANTS} or (step is None and kind(start) != T.DATE):
        raise NotSupportedError(
            f"{readable(node)}: a sequence of what cannot be told",
            "Cast both ends to bigint, date or timestamp; the latter need a step.",
        )
    made = _times(start, end, step)
    if kind(start) != T.DATE:
        return made
    dates = exp.DataType(this=T.ARRAY, expressions=[exp.DataType(this=T.DATE)], nested=True)
    return exp.cast(made, dates)


def _times(start: exp.Expr, end: exp.Expr, step: exp.Expr | None) -> exp.Expr:
    if step is None:
        return _call("athena_moments", start, end, _towards(start, end, _MICROSECONDS["DAY"]))
    number, unit = _literal(step)
    if unit in _MONTHS:
        months = number * _MONTHS[unit]
        interval = exp.Interval(this=exp.Literal.string(str(months)), unit=exp.var("MONTH"))
        return _call("athena_months", start, end, interval, exp.Literal.number(months))
    if kind(start) == T.DATE and unit != "DAY":
        raise TypeMismatchError(
            "sequence step must be a day interval if start and end values are dates",
            "Cast them to timestamp.",
        )
    length = exp.Literal.number(number * _MICROSECONDS[unit])
    return _call("athena_moments", start, end, length)


def _literal(step: exp.Expr) -> tuple[int, str]:
    """Return the number and the unit of an interval."""
    sign = 1
    if isinstance(step, exp.Neg):
        sign, step = -1, step.this
    text = step.this.name if isinstance(step, exp.Interval) else ""
    if not text.removeprefix("-").isdecimal():
        raise NotSupportedError(
            "a sequence with a computed step", "Write an interval: interval '30' day."
        )
    return sign * int(text), step.text("unit").upper()


def _towards(start: exp.Expr, end: exp.Expr, step: int) -> exp.Expr:
    up = exp.LTE(this=start.copy(), expression=end.copy())
    return exp.Case().when(up, exp.Literal.number(step)).else_(exp.Literal.number(-step))


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])
