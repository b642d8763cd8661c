"""What type Trino gives each expression, where sqlglot's own inference is too coarse for money.

Decimal rules are Trino's (https://trino.io/docs/current/functions/decimal.html): precision and
scale of every sum, product, quotient and average. A type that cannot be told stays unknown, and the
rewrites that need it refuse the query.
"""

from collections.abc import Callable
from typing import Any

from sqlglot import exp
from sqlglot.optimizer.annotate_types import TypeAnnotator
from sqlglot.schema import MappingSchema

T = exp.DType
INTEGERS = {T.TINYINT: 3, T.SMALLINT: 5, T.INT: 10, T.BIGINT: 19}
"""Integer types and the decimal digits that hold them."""
FLOATS = frozenset({T.DOUBLE, T.FLOAT})
TEXTS = frozenset({T.TEXT, T.VARCHAR, T.CHAR, T.NVARCHAR, T.NCHAR})
INSTANTS = frozenset({T.TIMESTAMP, T.TIMESTAMPNTZ, T.DATETIME})
ZONED = frozenset({T.TIMESTAMPTZ, T.TIMESTAMPLTZ})
_WIDEST = 38

Annotator = Callable[[Any, Any], object]


def infer_types(tree: exp.Expr, schema: MappingSchema) -> None:
    """Annotate every node of a qualified tree with the type Trino would give it."""
    _TrinoTypes(schema=schema, expression_metadata=_metadata(schema)).annotate(tree)


def kind(node: exp.Expr) -> exp.DType:
    """Return the type of a node without its parameters; `UNKNOWN` when it cannot be told."""
    this = node.type.this if node.type else None
    return this if isinstance(this, exp.DType) else T.UNKNOWN


def as_decimal(type_: exp.DataType | exp.DType | None) -> tuple[int, int] | None:
    """Return (precision, scale) of a decimal or integer type, and None for any other."""
    if not isinstance(type_, exp.DataType):
        type_ = exp.DataType(this=type_) if type_ else None
    if type_ is None:
        return None
    if type_.this in INTEGERS:
        return INTEGERS[type_.this], 0
    if type_.this != T.DECIMAL or not type_.expressions:
        return None
    precision, *scale = (int(parameter.name) for parameter in type_.expressions)
    return precision, scale[0] if scale else 0


def decimal_type(precision: int, scale: int) -> exp.DataType:
    """Build `decimal(p,s)`, its precision capped at 38 as Trino does."""
    return exp.DataType.build(f"decimal({min(precision, _WIDEST)},{scale})")


class _TrinoTypes(TypeAnnotator):
    """sqlglot's annotator with Trino's common type of two decimals (it keeps the first one's)."""

    def _maybe_coerce(self, type1: Any, type2: Any) -> Any:
        plain = {t.this if isinstance(t, exp.DataType) else t for t in (type1, type2)}
        if T.NULL in plain:
            return type2 if _is_null(type1) else type1
        if T.DECIMAL not in plain:
            return super()._maybe_coerce(type1, type2)
        if plain & FLOATS:
            return T.DOUBLE
        left, right = as_decimal(type1), as_decimal(type2)
        if left is None or right is None:
            return T.UNKNOWN
        scale = max(left[1], right[1])
        return decimal_type(max(left[0] - left[1], right[0] - right[1]) + scale, scale)


def _is_null(type_: Any) -> bool:
    return bool((type_.this if isinstance(type_, exp.DataType) else type_) == T.NULL)


def _literal(self: Any, node: exp.Literal) -> None:
    text = node.name.lower()
    if node.is_string:
        self._set_type(node, T.VARCHAR)
    elif "e" in text:
        self._set_type(node, T.DOUBLE)
    elif "." in text:
        whole, _, fraction = text.partition(".")
        digits = len(whole.lstrip("0")) + len(fraction)
        self._set_type(node, decimal_type(max(digits, 1), len(fraction)))
    else:
        self._set_type(node, T.INT if int(text) < 2**31 else T.BIGINT)


def _arithmetic(self: Any, node: exp.Binary) -> None:
    kinds = {kind(node.left), kind(node.right)}
    left, right = as_decimal(node.left.type), as_decimal(node.right.type)
    if kinds & FLOATS and kinds <= FLOATS | set(INTEGERS) | {T.DECIMAL}:
        self._set_type(node, T.DOUBLE)
    elif T.DECIMAL in kinds:
        result = _RESULT[type(node)]
        self._set_type(node, result(*left, *right) if left and right else T.UNKNOWN)
    elif kind(node.left) == T.DATE and node.right.find(exp.Interval):
        self._set_type(node, T.DATE)
    elif kind(node.left) in INSTANTS | ZONED and node.right.find(exp.Interval):
        self._set_type(node, kind(node.left))
    elif left and right:
        self._set_type(node, node.left.type if left[0] >= right[0] else node.right.type)
    else:
        self._annotate_binary(node)


def _sum_type(p1: int, s1: int, p2: int, s2: int) -> exp.DataType:
    scale = max(s1, s2)
    return decimal_type(max(p1 - s1, p2 - s2) + scale + 1, scale)


def _product_type(p1: int, s1: int, p2: int, s2: int) -> exp.DataType:
    return decimal_type(p1 + p2, s1 + s2)


def _quotient_type(p1: int, s1: int, p2: int, s2: int) -> exp.DataType:
    return decimal_type(p1 + s2 + max(0, s2 - s1), max(s1, s2))


def _remainder_type(p1: int, s1: int, p2: int, s2: int) -> exp.DataType:
    scale = max(s1, s2)
    return decimal_type(min(p1 - s1, p2 - s2) + scale, scale)


_RESULT: dict[Any, Callable[[int, int, int, int], exp.DataType]] = {
    exp.Add: _sum_type,
    exp.Sub: _sum_type,
    exp.Mul: _product_type,
    exp.Div: _quotient_type,
    exp.Mod: _remainder_type,
}


def _same(self: Any, node: exp.Expr) -> None:
    argument = node.this
    if isinstance(argument, exp.Distinct):
        argument = argument.expressions[0]
    self._set_type(node, argument.type)


def _sum(self: Any, node: exp.Sum) -> None:
    _same(self, node)
    if kind(node) in INTEGERS:
        self._set_type(node, T.BIGINT)
    elif exact := as_decimal(node.type):
        self._set_type(node, decimal_type(_WIDEST, exact[1]))


def _avg(self: Any, node: exp.Avg) -> None:
    _same(self, node)
    if kind(node) in INTEGERS:
        self._set_type(node, T.DOUBLE)


def _rounded(self: Any, node: exp.Expr) -> None:
    _same(self, node)
    exact = as_decimal(node.type)
    if kind(node) == T.DECIMAL and exact:
        precision, scale = exact
        whole = decimal_type(precision - scale + min(1, scale), 0)
        self._set_type(
            node, decimal_type(precision + 1, scale) if node.args.get("decimals") else whole
        )


def _element(self: Any, node: exp.Bracket) -> None:
    container = node.this.type
    inner = container.expressions if container else []
    if container and container.this == T.ARRAY and inner:
        self._set_type(node, inner[0])
    elif container and container.this == T.MAP and len(inner) == 2:
        self._set_type(node, inner[1])
    else:
        self._set_type(node, T.UNKNOWN)


def _array_of(element: exp.DataType | exp.DType | None) -> exp.DataType:
    return exp.DataType(this=T.ARRAY, expressions=[_data_type(element)], nested=True)


def _data_type(type_: exp.DataType | exp.DType | None) -> exp.DataType:
    return (
        type_.copy() if isinstance(type_, exp.DataType) else exp.DataType(this=type_ or T.UNKNOWN)
    )


def _map_part(map_: exp.Expr, position: int) -> exp.DataType | exp.DType:
    inner = map_.type.expressions if map_.type else []
    return _array_of(inner[position]) if kind(map_) == T.MAP and len(inner) == 2 else T.UNKNOWN


def _map_keys(self: Any, node: exp.MapKeys) -> None:
    self._set_type(node, _map_part(node.this, 0))


def _anonymous(self: Any, node: exp.Anonymous) -> None:
    name, arguments = node.name.lower(), node.expressions
    if name == "map_agg" and len(arguments) == 2:
        pair = [_data_type(argument.type) for argument in arguments]
        self._set_type(node, exp.DataType(this=T.MAP, expressions=pair, nested=True))
    elif name == "map_values" and arguments:
        self._set_type(node, _map_part(arguments[0], 1))
    elif name in _LIKE_FIRST_ARGUMENT and arguments:
        self._set_type(node, arguments[0].type)
    else:
        self._set_type(node, _ANONYMOUS.get(name, T.UNKNOWN))


_LIKE_FIRST_ARGUMENT = frozenset({"map_filter"})
_ANONYMOUS = {
    "to_iso8601": T.VARCHAR,
    "format_datetime": T.VARCHAR,
    "any_match": T.BOOLEAN,
    "all_match": T.BOOLEAN,
    "none_match": T.BOOLEAN,
}


def _at_time_zone(self: Any, node: exp.AtTimeZone) -> None:
    """In UTC it is an instant; in another zone what is left of it is the local time."""
    zone = node.args["zone"]
    utc = isinstance(zone, exp.Literal) and zone.name == "UTC"
    self._set_type(node, T.TIMESTAMPTZ if utc else T.TIMESTAMP)


def _returns(result: exp.DataType | exp.DType) -> Annotator:
    return lambda self, node: self._set_type(node, result)


def _metadata(schema: MappingSchema) -> dict[Any, dict[str, Any]]:
    base = schema.dialect.EXPRESSION_METADATA if schema.dialect else {}
    return {**base, **{node: {"annotator": rule} for node, rule in _RULES.items()}}


_RULES: dict[Any, Annotator] = {
    exp.Literal: _literal,
    **dict.fromkeys(_RESULT, _arithmetic),
    **dict.fromkeys(
        (
            exp.ArgMax,
            exp.ArgMin,
            exp.Nullif,
            exp.Abs,
            exp.AnyValue,
            exp.Lag,
            exp.Lead,
            exp.FirstValue,
            exp.LastValue,
            exp.NthValue,
            exp.Max,
            exp.Min,
            exp.ArrayFilter,
            exp.ArrayDistinct,
            exp.ArraySlice,
            exp.ArraySort,
            exp.TimestampTrunc,
            exp.DateTrunc,
            exp.Try,
        ),
        _same,
    ),
    exp.Sum: _sum,
    exp.Avg: _avg,
    **dict.fromkeys((exp.Round, exp.Floor, exp.Ceil), _rounded),
    exp.Bracket: _element,
    exp.MapKeys: _map_keys,
    exp.Anonymous: _anonymous,
    exp.AtTimeZone: _at_time_zone,
    exp.StrToTime: _returns(T.TIMESTAMP),
    exp.UnixToTime: _returns(T.TIMESTAMPTZ),
    exp.FromISO8601Timestamp: _returns(T.TIMESTAMPTZ),
    exp.CurrentTimestamp: _returns(T.TIMESTAMPTZ),
    exp.DateDiff: _returns(T.BIGINT),
    exp.Grouping: _returns(T.INT),
    exp.JSONExtract: _returns(T.JSON),
    exp.ParseJSON: _returns(T.JSON),
    exp.Split: _returns(_array_of(T.VARCHAR)),
}
