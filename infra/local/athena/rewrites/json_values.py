"""JSON: values as Trino writes them, and what of it DuckDB would print otherwise."""

from sqlglot import exp

from infra.local.athena.errors import NotSupportedError
from infra.local.athena.inference import FLOATS, INSTANTS, TEXTS, ZONED, as_decimal, kind
from infra.local.athena.rewrites.casts import spelled

T = exp.DType
_OWN_TEXT = frozenset({T.DECIMAL, *FLOATS, *INSTANTS, *ZONED})
"""Types that DuckDB writes otherwise than Trino."""


def to_json(node: exp.Cast) -> exp.Expr | None:
    """Turn a value into JSON, maps by key; DuckDB's cast from text would parse it instead.

    Raises:
        NotSupportedError: a map or a timestamp inside a row, or a map inside a map.
    """
    if node.to.this != T.JSON or kind(node.this) == T.JSON:
        return None
    return _json(node.this.copy(), node.this.type, "item")


def json_format(node: exp.JSONFormat) -> exp.Expr | None:
    """Return JSON as the text it is; DuckDB would read its numbers as doubles first."""
    return exp.cast(node.this.copy(), T.VARCHAR) if kind(node.this) == T.JSON else None


def printed(node: exp.ParseJSON | exp.JSONExtract) -> exp.Expr | None:
    """Sort the keys of parsed JSON and refuse numbers of another text, where it becomes text.

    `json_extract` of text keeps its keys as they are.
    """
    parent = node.parent
    while isinstance(parent, exp.Paren | exp.Alias):
        parent = parent.parent
    if not isinstance(parent, exp.JSONFormat | exp.Select | exp.Tuple):
        return None
    value: exp.Expr = node.copy()
    if isinstance(node, exp.ParseJSON) or kind(node.this) not in TEXTS:
        value = _call("athena_json_sorted", value)
    return _call("athena_json_plain", value)


def _json(value: exp.Expr, type_: exp.DataType | None, item: str) -> exp.Expr:
    """Return the JSON of a value; `item` names the parameter of a lambda."""
    if type_ is None or not any(t.this in _OWN_TEXT | {T.MAP} for t in type_.find_all(exp.DataType)):
        return _call("to_json", value)
    if type_.this in _OWN_TEXT:
        return _scalar(value, type_)
    if type_.this == T.ARRAY:
        inner = _json(exp.column(item), type_.expressions[0], f"{item}_")
        function = exp.Lambda(this=inner, expressions=[exp.to_identifier(item)])
        return _call("to_json", _call("list_transform", value, function))
    if type_.this == T.MAP:
        return _call("to_json", _map(value, type_, item))
    return _row(value, type_)


def _scalar(value: exp.Expr, type_: exp.DataType) -> exp.Expr:
    if type_.this == T.DECIMAL:
        exact = as_decimal(type_)
        if exact is None:
            raise NotSupportedError("JSON of a decimal of unknown scale", "Cast it first.")
        return _call("athena_json_decimal", value, exp.Literal.number(exact[1]))
    if type_.this in FLOATS:
        return _call("athena_json_double", value)
    value.type = type_
    return _call("to_json", spelled(value))


def _map(value: exp.Expr, type_: exp.DataType, item: str) -> exp.Expr:
    """Sort the entries by key, and write each value as JSON where that differs."""
    below = type_.expressions[1]
    if any(t.this == T.MAP for t in below.find_all(exp.DataType)):
        raise NotSupportedError("JSON of a map inside a map", "Take its inner maps one by one.")
    entries = _call("list_sort", _call("map_entries", value))
    if any(t.this in _OWN_TEXT for t in below.find_all(exp.DataType)):
        entry = exp.to_identifier(item)
        key, inner = (exp.Dot(this=entry.copy(), expression=exp.to_identifier(p)) for p in _ENTRY)
        pair = _call("row", key, _json(inner, below, f"{item}_"))
        function = exp.Lambda(this=pair, expressions=[entry])
        entries = _call("list_transform", entries, function)
    return _call("map_from_entries", entries)


_ENTRY = ("key", "value")


def _row(value: exp.Expr, type_: exp.DataType) -> exp.Expr:
    """Let DuckDB write a row; its decimals of 19 digits and more are written as they are.

    Raises:
        NotSupportedError: another type inside, whose text would differ.
    """
    for inner in type_.find_all(exp.DataType):
        exact = as_decimal(inner)
        if inner.this in _OWN_TEXT | {T.MAP} and (inner.this != T.DECIMAL or not exact):
            raise NotSupportedError(
                f"JSON of a {inner.this.value.lower()} inside a row",
                "Cast the row's fields one by one.",
            )
        if inner.this == T.DECIMAL and exact and exact[0] < 19:
            raise NotSupportedError(
                "JSON of a short decimal inside a row", "Cast it to decimal(38,12)."
            )
    return _call("to_json", value)


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(arguments))
