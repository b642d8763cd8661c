"""Maps and subscripts: Athena raises an error for a missing key, DuckDB gives NULL."""

from sqlglot import exp

from infra.local.athena.column_types import readable
from infra.local.athena.errors import NotSupportedError
from infra.local.athena.inference import kind
from infra.local.athena.rewrites.aggregates import around, core

T = exp.DType


def subscript(node: exp.Bracket) -> exp.Expr | None:
    """Make `m[key]` and `a[i]` fail on what is not there; `element_at` stays NULL, but for 0.

    Raises:
        NotSupportedError: neither a map nor an array, as far as can be told, or deep inside try().
    """
    container, key = node.this, node.expressions[0]
    if kind(container) not in (T.MAP, T.ARRAY):
        raise NotSupportedError(
            f"the type of {readable(container)} cannot be told",
            "Cast it to array(...) or map(...).",
        )
    found = exp.Anonymous(
        this="list_extract" if kind(container) == T.ARRAY else "map_extract_value",
        expressions=[container.copy(), key.copy()],
    )
    if node.args.get("safe") and kind(container) == T.ARRAY and not _is_position(key):
        index = exp.Anonymous(this="athena_index", expressions=[key.copy()])
        return exp.Anonymous(this="list_extract", expressions=[container.copy(), index])
    if node.args.get("safe") or isinstance(node.parent, exp.Try):
        return found
    if node.find_ancestor(exp.Try):
        raise NotSupportedError("a subscript deep inside try()", "Use element_at.")
    if kind(container) == T.MAP:
        there = exp.func("map_contains", container.copy(), key.copy())
        return _strict(container, there, found, "Key not present in map")
    inside = exp.Between(
        this=key.copy(), low=exp.Literal.number(1), high=exp.func("LEN", container.copy())
    )
    return _strict(container, inside, found, "Array subscript out of bounds")


def _is_position(key: exp.Expr) -> bool:
    return isinstance(key, exp.Literal) and key.name != "0"


def cardinality(node: exp.ArraySize) -> exp.Expr | None:
    """Count the entries of a map."""
    if kind(node.this) != T.MAP:
        return None
    return exp.cast(exp.Anonymous(this="cardinality", expressions=[node.this.copy()]), T.BIGINT)


def map_filter(node: exp.Anonymous) -> exp.Expr | None:
    """Filter the entries of a map by a lambda of key and value."""
    if node.name.lower() != "map_filter":
        return None
    entries, function = node.expressions
    key, value = (parameter.name for parameter in function.expressions)
    body = function.this.copy()
    for name, field in ((key, "key"), (value, "value")):
        for use in [u for u in body.find_all(exp.Identifier) if u.name == name]:
            if not isinstance(use.parent, exp.Column | exp.Dot):
                use.replace(
                    exp.Dot(this=exp.to_identifier("entry"), expression=exp.to_identifier(field))
                )
    kept = exp.ArrayFilter(
        this=exp.func("map_entries", entries.copy()),
        expression=exp.Lambda(this=body, expressions=[exp.to_identifier("entry")]),
    )
    return exp.Anonymous(this="map_from_entries", expressions=[kept])


def map_agg(node: exp.Expr) -> exp.Expr | None:
    """Collect key and value pairs into a map; a key twice is an error, not a choice."""
    aggregate = core(node)
    if not isinstance(aggregate, exp.Anonymous) or aggregate.name.lower() != "map_agg":
        return None
    key, value = (argument.copy() for argument in aggregate.expressions)
    pairs = exp.Anonymous(
        this="list", expressions=[exp.Anonymous(this="row", expressions=[key, value])]
    )
    return exp.Anonymous(this="map_from_entries", expressions=[around(node, pairs)])


def _strict(container: exp.Expr, there: exp.Expr, found: exp.Expr, message: str) -> exp.Expr:
    error = exp.Anonymous(this="error", expressions=[exp.Literal.string(message)])
    null = exp.Is(this=container.copy(), expression=exp.null())
    return exp.Case().when(null, exp.null()).when(there, found).else_(error)
