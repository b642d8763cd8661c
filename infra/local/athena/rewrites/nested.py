"""Arrays and rows are compared element by element: what is compared with a NULL is not known."""

from functools import reduce

from sqlglot import exp

from infra.local.athena.column_types import readable
from infra.local.athena.errors import NotSupportedError, TypeMismatchError
from infra.local.athena.inference import kind

T = exp.DType
_ROWS = (exp.Tuple, exp.Struct)
_NESTED = (T.ARRAY, T.MAP, T.STRUCT)


def compared(node: exp.Expr) -> exp.Expr | None:
    """Compare arrays and rows as Trino does, where DuckDB takes NULL for a value like others.

    Raises:
        NotSupportedError: maps, rows that are not written out, and which of two is the greater.
    """
    if isinstance(node, exp.In):
        return _in(node)
    sides = (
        (node.this, node.args["low"], node.args["high"])
        if isinstance(node, exp.Between)
        else (node.this, node.expression)
    )
    if not any(_is_nested(side) for side in sides):
        return None
    if not isinstance(node, exp.EQ | exp.NEQ):
        raise NotSupportedError(
            f"{readable(node)} orders arrays or rows", "Compare their elements one by one."
        )
    equal = _equal(node.this, node.expression)
    return exp.paren(exp.Not(this=exp.paren(equal)) if isinstance(node, exp.NEQ) else equal)


def _in(node: exp.In) -> exp.Expr | None:
    if not node.expressions or not _is_nested(node.this):
        return None
    found = (_equal(node.this, value) for value in node.expressions)
    return exp.paren(reduce(lambda one, other: exp.or_(one, other), found))


def _equal(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    if isinstance(left, _ROWS) and isinstance(right, _ROWS):
        if len(left.expressions) != len(right.expressions):
            raise TypeMismatchError(
                f"{readable(left)} and {readable(right)} have other numbers of fields",
                "Compare rows of the same fields.",
            )
        pairs = zip(left.expressions, right.expressions, strict=True)
        return exp.paren(exp.and_(*(_equal(one, other) for one, other in pairs)))
    if not (_is_nested(left) or _is_nested(right)):
        return exp.EQ(this=exp.paren(left.copy()), expression=exp.paren(right.copy()))
    if not (_is_flat(left) or _is_flat(right)):
        raise NotSupportedError(
            f"{readable(left)} = {readable(right)} compares maps or rows",
            "Compare their fields one by one.",
        )
    return exp.Anonymous(this="athena_same", expressions=[left.copy(), right.copy()])


def _is_nested(side: exp.Expr) -> bool:
    return isinstance(side, _ROWS) or kind(side) in _NESTED


def _is_flat(side: exp.Expr) -> bool:
    """Tell whether it is an array of plain values."""
    inner = side.type.expressions if kind(side) == T.ARRAY and side.type else []
    return bool(inner) and not any(t.this in (*_NESTED, T.UNKNOWN) for t in inner)
