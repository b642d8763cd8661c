"""Arrays: Trino's three-valued answers and its order of elements, and max_by of a NULL."""

from sqlglot import exp

from infra.local.athena.errors import NotSupportedError
from infra.local.athena.inference import FLOATS, INSTANTS, ZONED, kind

T = exp.DType
_SPELLED_OTHERWISE = FLOATS | INSTANTS | ZONED | {T.ARRAY, T.MAP, T.STRUCT, T.JSON}


def contains(node: exp.ArrayContains) -> exp.Expr | None:
    """Answer NULL, not false, where an array with a NULL does not hold the value."""
    return exp.Anonymous(
        this="athena_contains", expressions=[node.this.copy(), node.expression.copy()]
    )


def matching(node: exp.Anonymous) -> exp.Expr | None:
    """Write any_match, all_match and none_match by what a lambda says of each element."""
    name = node.name.lower()
    if name not in ("any_match", "all_match", "none_match"):
        return None
    array, test = node.expressions
    test = test.copy()
    if name == "all_match":
        test.set("this", exp.Not(this=exp.paren(test.this)))
    verdicts = exp.Transform(this=array.copy(), expression=test)
    found = exp.Anonymous(this="athena_any", expressions=[array.copy(), verdicts])
    return found if name == "any_match" else exp.paren(exp.Not(this=found))


def distinct(node: exp.ArrayDistinct) -> exp.Expr | None:
    """Keep the first of equal elements where it stands, and one NULL."""
    return exp.Anonymous(this="athena_distinct", expressions=[node.this.copy()])


def extreme(node: exp.ArrayMax | exp.ArrayMin) -> exp.Expr | None:
    """Answer NULL where an element is NULL."""
    return exp.Anonymous(
        this="athena_extreme",
        expressions=[
            node.this.copy(),
            exp.Anonymous(
                this="list_max" if isinstance(node, exp.ArrayMax) else "list_min",
                expressions=[node.this.copy()],
            ),
        ],
    )


def value_at_extreme(node: exp.ArgMax | exp.ArgMin) -> exp.Expr | None:
    """Return the value at the extreme even where it is NULL; DuckDB would take the next one.

    Raises:
        NotSupportedError: the values at several extremes.
    """
    name = "max" if isinstance(node, exp.ArgMax) else "min"
    if node.args.get("count"):
        raise NotSupportedError(f"{name}_by of several values", "Use row_number() and array_agg.")
    return exp.Anonymous(
        this=f"arg_{name}_null", expressions=[node.this.copy(), node.expression.copy()]
    )


def one_extreme(node: exp.Max | exp.Min) -> None:
    """Refuse the n largest or smallest.

    Raises:
        NotSupportedError: there is an n.
    """
    if node.expressions:
        name = "max" if isinstance(node, exp.Max) else "min"
        raise NotSupportedError(f"{name}(x, n)", "Use row_number() and array_agg.")


def reversed_(node: exp.Reverse) -> exp.Expr | None:
    """Reverse an array; DuckDB would reverse its text."""
    if kind(node.this) != T.ARRAY:
        return None
    return exp.Anonymous(this="list_reverse", expressions=[node.this.copy()])


def reduced(node: exp.Reduce) -> exp.Expr | None:
    """Apply the last function of reduce to the final state, which DuckDB's has no place for."""
    finish = node.args.get("finish")
    if finish is None:
        return None
    state = node.copy()
    state.set("finish", None)
    (parameter,) = finish.expressions
    if isinstance(finish.this, exp.Identifier) and finish.this.name == parameter.name:
        return state
    finished = exp.Transform(this=exp.array(state, dialect="duckdb"), expression=finish.copy())
    return exp.Anonymous(this="list_extract", expressions=[finished, exp.Literal.number(1)])


def joined(node: exp.ArrayToString) -> exp.Expr | None:
    """Join elements whose text is the same in both engines; by a NULL there is no text.

    Raises:
        NotSupportedError: doubles, times and nested values.
    """
    inner = node.this.type.expressions if node.this.type else []
    if any(element.this in _SPELLED_OTHERWISE for element in inner):
        raise NotSupportedError(
            "array_join of what is not text, whole numbers, decimals or dates",
            "Make text of the elements first: transform(a, x -> ...).",
        )
    if isinstance(node.expression, exp.Literal):
        return None
    missing = exp.Is(this=node.expression.copy(), expression=exp.null())
    return exp.Case().when(missing, exp.null()).else_(node.copy())


def listed(node: exp.GroupConcat) -> exp.Expr | None:
    """Put nothing between where no separator is named; DuckDB would put a comma."""
    if node.args.get("separator"):
        return None
    copy = node.copy()
    copy.set("separator", exp.Literal.string(""))
    return copy
