"""Arithmetic that stays exact: DuckDB divides decimals in DOUBLE, which loses money's digits."""

from sqlglot import exp

from infra.local.athena.column_types import readable, spoken
from infra.local.athena.errors import NotSupportedError
from infra.local.athena.inference import FLOATS, INTEGERS, as_decimal, decimal_type, kind
from infra.local.athena.rewrites.aggregates import around, core

T = exp.DType
_TO_DOUBLE = "Cast one side: cast(a as double) / b, or both to decimal(38,12)."


def quotient(node: exp.Div) -> exp.Expr | None:
    """Divide as Trino does: integers truncate, decimals round half up at the larger scale.

    Raises:
        NotSupportedError: the type of a side cannot be told, so neither can the quotient's.
    """
    left, right = node.left, node.right
    kinds = {kind(left), kind(right)}
    if kinds <= set(INTEGERS):
        return exp.IntDiv(this=exp.paren(left.copy()), expression=exp.paren(right.copy()))
    if kinds & FLOATS and kinds <= FLOATS | set(INTEGERS) | {T.DECIMAL}:
        sides = (exp.cast(side.copy(), T.DOUBLE) for side in (left, right))
        return exp.paren(exp.Div(this=next(sides), expression=next(sides)))
    dividend, divisor, result = (as_decimal(n.type) for n in (left, right, node))
    if dividend is None or divisor is None or result is None:
        raise NotSupportedError(
            f"the exact type of {readable(node)} cannot be told "
            f"({spoken(left.type)} / {spoken(right.type)})",
            _TO_DOUBLE,
        )
    return _divide(left, dividend, right, divisor, result)


def average(node: exp.Expr) -> exp.Expr | None:
    """Average decimals exactly, in the type of what is averaged, rounded half up."""
    avg = core(node)
    if not isinstance(avg, exp.Avg) or kind(avg) in FLOATS:
        return None
    exact = as_decimal(avg.type)
    if exact is None:
        raise NotSupportedError(
            f"the type of {readable(avg)} cannot be told", "Cast inside: avg(cast(x as double))."
        )
    total = around(node, exp.Sum(this=avg.this.copy()))
    count = around(node, exp.Count(this=avg.this.copy()))
    return _divide(
        total, (38, exact[1]), exp.func("NULLIF", count, exp.Literal.number(0)), (19, 0), exact
    )


def integer_sum(node: exp.Expr) -> exp.Expr | None:
    """Keep sums and counts of integers bigint, an error beyond it; DuckDB widens to HUGEINT."""
    aggregate = core(node)
    if isinstance(aggregate, exp.CountIf):
        # Over no rows DuckDB's is a sum of nothing.
        return exp.cast(exp.func("COALESCE", node.copy(), exp.Literal.number(0)), T.BIGINT)
    if isinstance(aggregate, exp.Sum) and kind(aggregate) == T.BIGINT:
        return exp.cast(node.copy(), T.BIGINT)
    return None


def keep_scale(node: exp.Expr) -> exp.Expr | None:
    """Give round, floor, ceil and mod of decimals and integers the type Trino gives them."""
    exact = kind(node) == T.DECIMAL or kind(node) in INTEGERS
    return exp.cast(node.copy(), node.type) if node.type and exact else None


def grouping(node: exp.Grouping) -> exp.Expr | None:
    """Keep it an integer."""
    return exp.cast(node.copy(), T.INT)


def percentile(node: exp.ApproxQuantile) -> exp.Expr | None:
    """Approximate integers in bigint and decimals, as Trino does, in real; else in double."""
    result = {T.DECIMAL: T.FLOAT}.get(kind(node.this), T.DOUBLE)
    if kind(node.this) in INTEGERS:
        result = T.BIGINT
    call = exp.Anonymous(
        this="approx_quantile", expressions=[node.this.copy(), node.args["quantile"].copy()]
    )
    if isinstance(node.args["quantile"], exp.Array):
        return exp.cast(
            call, exp.DataType(this=T.ARRAY, expressions=[exp.DataType(this=result)], nested=True)
        )
    return exp.cast(call, result)


def _divide(
    left: exp.Expr,
    dividend: tuple[int, int],
    right: exp.Expr,
    divisor: tuple[int, int],
    result: tuple[int, int],
) -> exp.Expr:
    scale = result[1]
    shift = scale - dividend[1] + divisor[1]
    if shift > 38:
        raise NotSupportedError("a quotient of more than 38 digits", _TO_DOUBLE)
    digits = exp.Anonymous(
        this="athena_divide",
        expressions=[
            _digits(left, dividend),
            _digits(right, divisor),
            exp.Literal.number("1" + "0" * shift),
        ],
    )
    whole = exp.cast(digits, decimal_type(38, 0))
    if scale == 0:
        return exp.cast(whole, decimal_type(*result))
    unit = exp.cast(
        exp.Literal.number("0." + "0" * (scale - 1) + "1"), decimal_type(scale + 1, scale)
    )
    return exp.cast(exp.Mul(this=whole, expression=unit), decimal_type(*result))


def _digits(side: exp.Expr, exact: tuple[int, int]) -> exp.Expr:
    # The cast makes the digits mean what the inferred scale says they mean.
    return exp.Anonymous(
        this="athena_digits", expressions=[exp.cast(side.copy(), decimal_type(*exact))]
    )
