"""Arrays: Trino's three-valued answers, dates in sequences, and max_by of a NULL."""

from sqlglot import exp

from infra.local.athena.inference import kind

T = exp.DType


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


def sequence(node: exp.GenerateSeries) -> exp.Expr | None:
    """Keep a sequence of dates a sequence of dates."""
    if kind(node.args["start"]) != T.DATE:
        return None
    dates = exp.DataType(this=T.ARRAY, expressions=[exp.DataType(this=T.DATE)], nested=True)
    return exp.cast(node.copy(), dates)


def value_at_extreme(node: exp.ArgMax | exp.ArgMin) -> exp.Expr | None:
    """Return the value at the extreme even where it is NULL; DuckDB would take the next one."""
    name = "arg_max_null" if isinstance(node, exp.ArgMax) else "arg_min_null"
    return exp.Anonymous(this=name, expressions=[node.this.copy(), node.expression.copy()])


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
