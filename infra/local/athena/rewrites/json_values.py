"""JSON: values as Trino writes them, and what of it DuckDB would print otherwise."""

from sqlglot import exp

from infra.local.athena.column_types import spoken
from infra.local.athena.errors import NotSupportedError
from infra.local.athena.inference import FLOATS, INSTANTS, INTEGERS, TEXTS, ZONED, as_decimal, kind
from infra.local.athena.rewrites.casts import spelled

T = exp.DType
_OWN_TEXT = frozenset({T.DECIMAL, *FLOATS, *INSTANTS, *ZONED})
"""Types that DuckDB writes otherwise than Trino."""


def to_json(node: exp.Cast) -> exp.Expr | None:
    """Turn a value into JSON, maps by key; DuckDB's cast from text would parse it instead.

    Raises:
        NotSupportedError: a row without names.
    """
    if node.to.this != T.JSON or kind(node.this) == T.JSON:
        return None
    if isinstance(node.this, exp.Struct):
        raise NotSupportedError("JSON of a row without names", "Cast it to row(name type, ...).")
    return exp.cast(_text(node.this.copy(), node.this.type, "item"), T.JSON)


def json_format(node: exp.JSONFormat) -> exp.Expr | None:
    """Return JSON as the text it is; DuckDB would read its numbers as doubles first."""
    return exp.cast(node.this.copy(), T.VARCHAR) if kind(node.this) == T.JSON else None


def printed(node: exp.ParseJSON | exp.JSONExtract) -> exp.Expr | None:
    """Sort the keys of parsed JSON and refuse numbers of another text, unless it is read on.

    `json_extract` of text keeps its keys as they are.
    """
    parent = node.parent
    while isinstance(parent, exp.Paren | exp.Alias):
        parent = parent.parent
    if isinstance(parent, exp.JSONExtract | exp.JSONExtractScalar | exp.Cast | exp.Is):
        return None
    value: exp.Expr = node.copy()
    if isinstance(node, exp.ParseJSON) or kind(node.this) not in TEXTS:
        value = _call("athena_json_sorted", value)
    return _call("athena_json_plain", value)


def _text(value: exp.Expr, type_: exp.DataType | None, item: str) -> exp.Expr:
    """Return the JSON text of a value; `item` names the parameter of a lambda.

    It is put together as text, because DuckDB reads the numbers of JSON that is put into JSON.
    """
    own = _OWN_TEXT | {T.MAP}
    if type_ is None or not any(t.this in own for t in type_.find_all(exp.DataType)):
        return exp.cast(_call("to_json", value), T.VARCHAR)
    match type_.this:
        case T.ARRAY:
            texts = _each(value, _inside(exp.column(item), type_.expressions[0], item), item)
            return _call("athena_json_array", texts)
        case T.MAP:
            key, below = type_.expressions
            if key.this not in TEXTS and key.this not in INTEGERS:
                raise NotSupportedError(f"JSON of keys of {spoken(key)}", "Cast them to varchar.")
            name, inner = (exp.Dot(this=exp.to_identifier(item), expression=p) for p in _entry())
            pair = _call("athena_json_pair", name, _inside(inner, below, item))
            entries = _call("list_sort", _call("map_entries", value))
            return _call("athena_json_object", _each(entries, pair, item))
        case T.STRUCT:
            return _row(value, type_, item)
        case _:
            return _scalar(value, type_)


def _inside(value: exp.Expr, type_: exp.DataType | None, item: str) -> exp.Expr:
    return exp.Coalesce(
        this=_text(value, type_, f"{item}_"), expressions=[exp.Literal.string("null")]
    )


def _entry() -> tuple[exp.Identifier, exp.Identifier]:
    return exp.to_identifier("key"), exp.to_identifier("value")


def _each(values: exp.Expr, body: exp.Expr, item: str) -> exp.Expr:
    function = exp.Lambda(this=body, expressions=[exp.to_identifier(item)])
    return _call("list_transform", values, function)


def _row(value: exp.Expr, type_: exp.DataType, item: str) -> exp.Expr:
    """Write a row's fields as an object.

    Raises:
        NotSupportedError: a field has no name.
    """
    pairs = []
    for field in type_.expressions:
        if not isinstance(field, exp.ColumnDef) or not isinstance(field.kind, exp.DataType):
            raise NotSupportedError("JSON of a row without names", "Cast it to row(a type, ...).")
        part = exp.Dot(this=value.copy(), expression=exp.to_identifier(field.name, quoted=True))
        name = exp.Literal.string(field.name)
        pairs.append(_call("athena_json_pair", name, _inside(part, field.kind, item)))
    fields = _call("athena_json_object", exp.array(*pairs, dialect="duckdb"))
    null = exp.Is(this=value.copy(), expression=exp.null())
    return exp.Case().when(null, exp.null()).else_(fields)


def _scalar(value: exp.Expr, type_: exp.DataType) -> exp.Expr:
    if type_.this == T.DECIMAL:
        exact = as_decimal(type_)
        if exact is None:
            raise NotSupportedError("JSON of a decimal of unknown scale", "Cast it first.")
        return _call("athena_json_decimal", value, exp.Literal.number(exact[1]))
    if type_.this in FLOATS:
        return _call("athena_json_double", value)
    value.type = type_
    return exp.cast(_call("to_json", spelled(value)), T.VARCHAR)


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(arguments))
