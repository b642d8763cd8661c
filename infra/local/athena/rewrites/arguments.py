"""Arguments of other types than Trino's functions take: DuckDB would convert them."""

from sqlglot import exp

from infra.local.athena.column_types import readable, spoken
from infra.local.athena.errors import FunctionNotFoundError, TypeMismatchError
from infra.local.athena.inference import FLOATS, kind
from infra.local.athena.rewrites.checks import family
from infra.local.athena.rewrites.times import PARTS

T = exp.DType
OF_TEXT = (
    exp.Lower,
    exp.Upper,
    exp.Length,
    exp.Trim,
    exp.Substring,
    exp.Replace,
    exp.Reverse,
    exp.Split,
    exp.SplitPart,
    exp.StrPosition,
    exp.StartsWith,
    exp.Pad,
    exp.RegexpLike,
    exp.RegexpReplace,
    exp.RegexpExtract,
)
OF_NUMBERS = (
    exp.Sum,
    exp.Avg,
    exp.Abs,
    exp.Round,
    exp.Floor,
    exp.Ceil,
    exp.Sqrt,
    exp.Exp,
    exp.Ln,
    exp.Pow,
    exp.UnixToTime,
)
OF_TIMES = (*PARTS, exp.TimestampTrunc, exp.DateTrunc, exp.DateAdd, exp.DateDiff)
ON_DATES = (exp.Add, exp.Sub, exp.DateAdd, exp.DateDiff, exp.TimestampTrunc, exp.DateTrunc)
_CLOCK = ("hour", "minute", "second", "millisecond")


def of_text(node: exp.Expr) -> None:
    """Refuse text functions of numbers, times and booleans."""
    _refuse_others(node, node.this, "text")


def of_numbers(node: exp.Expr) -> None:
    """Refuse numeric functions of text, times and booleans."""
    argument = node.this
    if isinstance(argument, exp.Distinct):
        argument = argument.expressions[0]
    _refuse_others(node, argument, "number")


def of_times(node: exp.Expr) -> None:
    """Refuse functions of times of text, numbers and booleans."""
    sides = [node.this, node.expression] if isinstance(node, exp.DateDiff) else [node.this]
    if isinstance(node, exp.Extract):
        sides = [node.expression]
    if isinstance(node, exp.DateAdd) and kind(node.expression) in FLOATS | {T.DECIMAL}:
        _refuse_others(node, node.expression, "integer")
    for side in sides:
        _refuse_others(node, side, "time")


def days_of_dates(node: exp.Expr) -> None:
    """Refuse hours, minutes and seconds of a date.

    Raises:
        TypeMismatchError: the unit is less than a day.
    """
    sides = [s for s in (node.this, node.args.get("expression")) if isinstance(s, exp.Expr)]
    spans = [span for s in sides if (span := s.find(exp.Interval))]
    unit = (spans[0] if spans else node).text("unit").lower()
    times = [s for s in sides if not s.find(exp.Interval)]
    if not isinstance(node, exp.DateDiff):
        times = times[:1]
    if unit in _CLOCK and times and all(kind(t) == T.DATE for t in times):
        raise TypeMismatchError(
            f"{readable(node)}: '{unit}' is not a valid DATE field", "Cast the date to timestamp."
        )


def _refuse_others(node: exp.Expr, argument: exp.Expr, wanted: str) -> None:
    """Refuse an argument of another family, as far as its type is known.

    Raises:
        FunctionNotFoundError: as Trino says it.
    """
    if family(argument) not in (wanted, None):
        raise FunctionNotFoundError(
            f"Unexpected parameters ({spoken(argument.type)}) in {readable(node)}",
            "Cast the argument.",
        )
