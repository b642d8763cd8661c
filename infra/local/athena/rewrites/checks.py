"""What DuckDB would accept by converting and Athena refuses: nothing is more permissive here."""

from itertools import pairwise

from sqlglot import exp

from infra.local.athena.column_types import readable, spoken
from infra.local.athena.errors import TypeMismatchError
from infra.local.athena.inference import FLOATS, INSTANTS, INTEGERS, TEXTS, ZONED, as_decimal, kind

T = exp.DType
_FAMILIES = {
    **dict.fromkeys(TEXTS, "text"),
    **dict.fromkeys((*INTEGERS, *FLOATS, T.DECIMAL), "number"),
    **dict.fromkeys((T.DATE, *INSTANTS, *ZONED), "time"),
    T.BOOLEAN: "boolean",
}
_ALL_FAMILIES = {
    **_FAMILIES,
    T.JSON: "json",
    T.ARRAY: "array",
    T.MAP: "map",
    T.STRUCT: "row",
    T.INTERVAL: "interval",
    T.VARBINARY: "varbinary",
}
COMPARISONS = (
    exp.EQ,
    exp.NEQ,
    exp.LT,
    exp.LTE,
    exp.GT,
    exp.GTE,
    exp.Between,
    exp.In,
    exp.Nullif,
)
TEXT_OPERATORS = (exp.DPipe, exp.Concat, exp.Like)
ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)
MEETINGS = (
    *COMPARISONS,
    exp.Add,
    exp.Sub,
    exp.Mod,
    exp.Case,
    exp.If,
    exp.Coalesce,
    exp.Greatest,
    exp.Least,
    exp.Array,
    exp.SetOperation,
)
CHOICES = (
    exp.Case,
    exp.If,
    exp.Coalesce,
    exp.Greatest,
    exp.Least,
    exp.Array,
    exp.SetOperation,
    exp.Values,
    exp.In,
)
"""Where values of several places become one column or value, and so must be of one type."""
_CAST = "Cast one side, for example date '2026-01-31' or cast(x as varchar)."


def family(node: exp.Expr) -> str | None:
    """Return text, number, time or boolean, or None where it is neither or cannot be told."""
    return _FAMILIES.get(kind(node))


def comparable(node: exp.Expr) -> None:
    """Refuse to compare text with times or numbers, as Athena does.

    Raises:
        TypeMismatchError: the two sides are of different families.
    """
    if isinstance(node, exp.Between):
        others = [node.args["low"], node.args["high"]]
    elif isinstance(node, exp.In):
        others = node.expressions
    else:
        others = [node.expression]
    for other in others:
        families = {_FAMILIES.get(kind(node.this)), _FAMILIES.get(kind(other))} - {None}
        if len(families) == 2:
            raise _mismatch(node, node.this, other)


def joins_text_only(node: exp.Expr) -> None:
    """Refuse to concatenate or match what is not text.

    Raises:
        TypeMismatchError: an operand is a number, a time or a boolean.
    """
    operands = node.expressions if isinstance(node, exp.Concat) else [node.this, node.expression]
    for operand in operands:
        if _FAMILIES.get(kind(operand), "text") != "text":
            raise _mismatch(node, operands[0], operand)


def calculates_with_numbers(node: exp.Binary) -> None:
    """Refuse arithmetic on text, the difference of two times, and a time plus a number.

    Raises:
        TypeMismatchError: an operand is text, or times meet times or numbers.
    """
    families = [_FAMILIES.get(kind(side)) for side in (node.left, node.right)]
    if "text" in families or {"time", "number"} <= set(families):
        raise _mismatch(node, node.left, node.right)
    if families == ["time", "time"]:
        raise TypeMismatchError(f"{readable(node)} is an interval", "Use date_diff('day', a, b).")


def one_family(node: exp.Expr) -> None:
    """Refuse values that have no common type, where DuckDB would make all of them text.

    Raises:
        TypeMismatchError: two of them are of different families, such as number and text.
    """
    for values in _meeting(node):
        typed = [value for value in values if kind(value) not in (T.UNKNOWN, T.NULL)]
        for first, other in pairwise(typed):
            if not _meet(first.type, other.type):
                raise TypeMismatchError(
                    f"{spoken(first.type)} and {spoken(other.type)} have no common type", _CAST
                )


def _meet(left: exp.DataType | None, right: exp.DataType | None) -> bool:
    """Tell whether two types have a common one, as far as they are known."""
    families = [_ALL_FAMILIES.get(t.this) if t else None for t in (left, right)]
    if left is None or right is None or None in families:
        return True
    if families[0] != families[1]:
        return False
    if left.this not in (T.ARRAY, T.MAP, T.STRUCT):
        return True
    inner = [[_inner(i) for i in t.expressions] for t in (left, right)]
    return all(_meet(a, b) for a, b in zip(*inner, strict=False))


def _inner(part: exp.Expr) -> exp.DataType | None:
    type_ = part.args.get("kind") if isinstance(part, exp.ColumnDef) else part
    return type_ if isinstance(type_, exp.DataType) else None


def one_scale(node: exp.Expr) -> None:
    """Refuse decimals that only meet at more than 38 digits, where DuckDB would drop the last ones.

    Raises:
        TypeMismatchError: the whole digits of one and the decimals of the other exceed 38.
    """
    for values in _meeting(node):
        exact = [as_decimal(v.type) for v in values if kind(v) == T.DECIMAL or kind(v) in INTEGERS]
        sizes = [size for size in exact if size]
        if any(kind(v) == T.DECIMAL for v in values) and sizes:
            scales = {scale for _, scale in sizes}
            whole = max(precision - scale for precision, scale in sizes)
            if len(scales) > 1 and whole + max(scales) > 38:
                kinds = sorted({spoken(v.type) for v in values})
                raise TypeMismatchError(
                    f"{' and '.join(kinds)} have no common type of 38 digits",
                    "Cast both to decimal(38,12).",
                )


def _meeting(node: exp.Expr) -> list[list[exp.Expr]]:
    """Return the groups of values of a node that must come to one type."""
    match node:
        case exp.SetOperation():
            return [list(column) for column in zip(*_outputs(node), strict=False)]
        case exp.Values():
            rows = [r.expressions if isinstance(r, exp.Tuple) else [r] for r in node.expressions]
            return [list(column) for column in zip(*rows, strict=False)]
        case exp.In() if isinstance(query := node.args.get("query"), exp.Query):
            return [[node.this, output] for output in query.selects[:1]]
        case exp.Case():
            results = [branch.args["true"] for branch in node.args["ifs"]]
            return [[*results, *filter(None, [node.args.get("default")])]]
        case exp.If():
            return [[v for v in (node.args["true"], node.args.get("false")) if v]]
        case exp.Between():
            return [[node.this, node.args["low"], node.args["high"]]]
        case exp.Binary():
            return [[node.left, node.right]]
    return [[v for v in (node.this, *node.expressions) if isinstance(v, exp.Expr)]]


def _outputs(query: exp.Expr) -> list[list[exp.Expr]]:
    """Return the outputs of each SELECT of a set operation."""
    if isinstance(query, exp.SetOperation):
        return [*_outputs(query.left), *_outputs(query.right)]
    if isinstance(query, exp.Subquery):
        return _outputs(query.this)
    return [query.selects] if isinstance(query, exp.Query) else []


def _mismatch(node: exp.Expr, left: exp.Expr, right: exp.Expr) -> TypeMismatchError:
    return TypeMismatchError(
        f"{readable(node)} combines {spoken(left.type)} with {spoken(right.type)}", _CAST
    )
