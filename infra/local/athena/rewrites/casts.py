"""Casts whose text or rounding differs between the two engines."""

from sqlglot import exp

from infra.local.athena.column_types import readable
from infra.local.athena.errors import NotSupportedError
from infra.local.athena.inference import (
    FLOATS,
    INSTANTS,
    INTEGERS,
    TEXTS,
    ZONED,
    as_decimal,
    decimal_type,
    kind,
)

T = exp.DType
_MILLIS = "'%Y-%m-%d %H:%M:%S.%g'"


def to_text(node: exp.Cast) -> exp.Expr | None:
    """Spell timestamps with milliseconds and JSON text without quotes; cut varchar(n) at n.

    Raises:
        NotSupportedError: a double, whose text Java spells its own way, or a map, array or row.
    """
    if node.to.this not in TEXTS:
        return None
    if node.to.this in (T.CHAR, T.NCHAR):
        raise NotSupportedError("char(n), which is padded with blanks", "Use varchar.")
    source, value = kind(node.this), node.this.copy()
    if source in FLOATS or source in (T.ARRAY, T.MAP, T.STRUCT):
        raise NotSupportedError(
            f"cast({readable(node.this)} as varchar) of a {source.value.lower()}",
            "Cast a double to decimal first; use json_format(cast(x as json)) for nested values.",
        )
    text: exp.Expr = exp.cast(value, T.VARCHAR)
    if source in INSTANTS | ZONED:
        zone = " UTC" if source in ZONED else ""
        text = _call("strftime", value, f"{_MILLIS[:-1]}{zone}'")
    elif source == T.JSON:
        text = exp.Anonymous(this="athena_json_text", expressions=[value])
    elif not node.to.expressions:
        return None
    if node.to.expressions:
        length = node.to.expressions[0].this.copy()
        name = "left" if source in TEXTS else "athena_fitting"
        text = exp.Anonymous(this=name, expressions=[text, length])
    return exp.Try(this=text) if isinstance(node, exp.TryCast) else text


def to_integer(node: exp.Cast) -> exp.Expr | None:
    """Round doubles half away from zero, not to even; take only whole numbers from text."""
    if node.to.this not in INTEGERS:
        return None
    copy = node.copy()
    if kind(node.this) in FLOATS:
        copy.set("this", exp.Anonymous(this="round", expressions=[node.this.copy()]))
        return copy
    if kind(node.this) in TEXTS:
        copy.set("this", exp.Anonymous(this="athena_whole", expressions=[node.this.copy()]))
        return copy
    return None


def to_json(node: exp.Cast) -> exp.Expr | None:
    """Turn a value into JSON, maps by key; DuckDB's cast from text would parse it instead.

    Raises:
        NotSupportedError: a map inside a row, a row without names, a double.
    """
    if node.to.this != T.JSON or kind(node.this) == T.JSON:
        return None
    type_, value = node.this.type, node.this.copy()
    inner = {t.this for t in type_.find_all(exp.DataType)} if type_ else set()
    if inner & FLOATS:
        raise NotSupportedError("JSON of a double", "Cast it to decimal first.")
    if isinstance(node.this, exp.Struct):
        raise NotSupportedError("JSON of a row without names", "Cast it to row(name type, ...).")
    if type_ and T.DECIMAL in inner:
        value = exp.cast(value, _widest(type_))
    return exp.Anonymous(this="to_json", expressions=[_by_key(value, type_)])


def _widest(type_: exp.DataType) -> exp.DataType:
    """Return the type with decimals of 38 digits: DuckDB writes the shorter ones as doubles."""
    exact = as_decimal(type_)
    if type_.this == T.DECIMAL and exact:
        return decimal_type(38, exact[1])
    copy = type_.copy()
    for inner in list(copy.find_all(exp.DataType)):
        exact = as_decimal(inner)
        if inner.this == T.DECIMAL and exact:
            inner.replace(decimal_type(38, exact[1]))
    return copy


def parsed_json(node: exp.ParseJSON) -> exp.Expr | None:
    """Refuse to print what json_parse orders by key; DuckDB keeps the order it reads."""
    if not isinstance(node.parent, exp.JSONFormat):
        return None
    return exp.Anonymous(this="athena_parsed", expressions=[node.this.copy()])


def json_format(node: exp.JSONFormat) -> exp.Expr | None:
    """Return JSON as the text it is; DuckDB would read its numbers as doubles first."""
    return exp.cast(node.this.copy(), T.VARCHAR) if kind(node.this) == T.JSON else None


def _by_key(value: exp.Expr, type_: exp.DataType | None) -> exp.Expr:
    """Sort the entries of maps by key, also in arrays."""
    if type_ is None or not any(t.this == T.MAP for t in type_.find_all(exp.DataType)):
        return value
    if type_.this == T.ARRAY:
        item = _by_key(exp.column("item"), type_.expressions[0])
        return _each(value, item)
    if type_.this != T.MAP:
        raise NotSupportedError("JSON of a map inside a row", "Cast the row's fields one by one.")
    entries = exp.func("list_sort", exp.Anonymous(this="map_entries", expressions=[value]))
    below = type_.expressions[1]
    if any(t.this == T.MAP for t in below.find_all(exp.DataType)):
        raise NotSupportedError("JSON of a map inside a map", "Take its inner maps one by one.")
    return exp.Anonymous(this="map_from_entries", expressions=[entries])


def _each(value: exp.Expr, item: exp.Expr) -> exp.Expr:
    function = exp.Lambda(this=item, expressions=[exp.to_identifier("item")])
    return exp.Anonymous(this="list_transform", expressions=[value, function])


def _call(name: str, value: exp.Expr, literal: str) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=[value, exp.Literal.string(literal.strip("'"))])
