"""The SQL that we ship keeps to a part of Athena's that answers the same everywhere.

Trino and the local engine agree on it; what is left out answers otherwise, or is easily got wrong.
To add a word here is to have looked it up in Trino's manual and tried it in `test_functions.py`.
"""

import re
from collections.abc import Iterator

from sqlglot import exp, parse_one
from sqlglot.errors import ParseError

FUNCTIONS = frozenset(
    """
    abs array_agg array_join cardinality coalesce concat count count_if date_add date_diff
    date_format date_trunc day day_of_week element_at floor grouping hour json_format lag
    last_day_of_month least lower max max_by min nullif regexp_extract regexp_like
    regexp_replace round row_number sqrt stddev substr sum trim unnest
    """.split()  # noqa: SIM905
)
_KEYWORDS = frozenset(
    """
    and as by cast decimal from in join not on or over select sets t union values when
    """.split()  # noqa: SIM905
)
"""Words that brackets may follow."""
_NODES = frozenset(
    """
    Add Alias And Array Between Boolean Bracket CTE Case Cast Coalesce Column DPipe DataType
    DataTypeParam Distinct Div EQ From GT GTE Group GroupingSets Having Identifier If In
    Interval Is Join LT LTE Literal Mul NEQ Neg Not Null Or Order Ordered Paren Placeholder
    Select Star Sub Subquery Table TableAlias Tuple Union Unnest Var Where Window WindowSpec
    With
    """.split()  # noqa: SIM905
)
_TYPES = re.compile(r"VARCHAR|BIGINT|DOUBLE|DATE|JSON|DECIMAL\(38, \d+\)")
_TEXTS = re.compile(r"'(?:[^']|'')*'")
_COMMENTS = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_CALL = re.compile(r"\b([a-z_][a-z0-9_]*)\s*\(", re.IGNORECASE)


def departures(sql: str) -> list[str]:
    """Return what in a SELECT is not in the subset, in words."""
    bare = _TEXTS.sub("''", _COMMENTS.sub("", sql))
    calls = {name.lower() for name in _CALL.findall(bare)} - _KEYWORDS
    aliases = {name.lower() for name in re.findall(r"\bas\s+(\w+)\s*\(", bare, re.IGNORECASE)}
    found = [f"the function {name}" for name in sorted(calls - FUNCTIONS - aliases)]
    if "[" in re.sub(r"\barray\s*\[", "array(", bare, flags=re.IGNORECASE):
        found.append("a subscript: element_at gives NULL where it fails")
    try:
        tree = parse_one(sql, read="trino")
    except ParseError:
        return [*found, "a form that does not parse"]
    return [*found, *(why for node in tree.walk() for why in _departures(node))]


def _departures(node: exp.Expr) -> Iterator[str]:
    name = type(node).__name__
    if name not in _NODES and not isinstance(node, exp.Func):
        yield f"the construct {name}"
    match node:
        case exp.DataType() if not isinstance(node.parent, exp.Interval):
            if not _TYPES.fullmatch(node.sql("trino")):
                yield f"the type {node.sql('trino')}"
        case exp.Div():
            if not any(cast.to.this == exp.DType.DOUBLE for cast in node.find_all(exp.Cast)):
                yield "a ratio of what is no double: cast it"
        case exp.Select():
            yield from _aliases(node)
            yield from (
                f"an output without a name: {column.sql('trino')}"
                for column in node.expressions
                if not isinstance(column, exp.Alias | exp.Column | exp.Star)
            )
        case exp.Unnest() if not (node.args.get("alias") and node.args["alias"].columns):
            yield "UNNEST without names of columns"
        case exp.Window():
            yield from _window(node)
        case exp.Limit() | exp.Fetch():
            yield "LIMIT: number the rows, so that ties fall the same everywhere"


def _aliases(select: exp.Select) -> Iterator[str]:
    """Yield names of outputs that are used before Trino knows them."""
    outputs = {
        column.alias
        for column in select.expressions
        if isinstance(column, exp.Alias)
        and not (isinstance(column.this, exp.Column) and column.this.name == column.alias)
    }
    # What the outputs are made of is there, too.
    outputs -= {name.name for column in select.expressions for name in column.find_all(exp.Column)}
    joins = select.args.get("joins") or []
    sources = [source.this for source in (select.args.get("from_"), *joins) if source]
    for source in sources:
        if isinstance(source, exp.Subquery):
            outputs -= set(source.this.named_selects)
        if isinstance(source, exp.Unnest) and source.args.get("alias"):
            outputs -= {column.name for column in source.args["alias"].columns}
    for clause in ("where", "group", "having"):
        part = select.args.get(clause)
        for column in part.find_all(exp.Column) if part else ():
            if not column.table and column.name in outputs:
                yield f"{clause} by the output {column.name}: write its expression"


def _window(node: exp.Window) -> Iterator[str]:
    frame = node.args.get("spec")
    order = node.args.get("order")
    offsets = [frame.args.get(side) for side in ("start", "end")] if frame else []
    if (
        frame
        and str(frame.args.get("kind")).upper() == "RANGE"
        and any(isinstance(offset, exp.Expr) for offset in offsets)
        and (order is None or len(order.expressions) != 1)
    ):
        yield "RANGE needs one ORDER BY"
    if isinstance(node.this, exp.RowNumber | exp.Lag) and order is None:
        yield "a window whose answer hangs on an order, without one"


def sums_over_currencies(sql: str) -> list[str]:
    """Return the sums in a SELECT that are not kept apart by currency."""
    found = []
    for sum_ in parse_one(sql, read="trino").find_all(exp.Sum):
        window = sum_.parent if isinstance(sum_.parent, exp.Window) else None
        select = sum_.find_ancestor(exp.Select)
        assert select is not None
        group = select.args.get("group")
        keys = window.args.get("partition_by", []) if window else list(_keys(group))
        if not any(_is_currency(key, select) for key in keys):
            found.append((window or sum_).sql("trino"))
    return found


def _keys(group: exp.Group | None) -> Iterator[exp.Expr]:
    for key in group.expressions if group else ():
        if not isinstance(key, exp.GroupingSets):
            yield key
            continue
        # Each of the sets must have it.
        sets = [{column.name for column in one.find_all(exp.Column)} for one in key.expressions]
        yield from (exp.column(name) for name in set.intersection(*sets))


def _is_currency(key: exp.Expr, select: exp.Select) -> bool:
    if isinstance(key, exp.Literal):
        key = select.expressions[int(key.name) - 1].unalias()
    return isinstance(key, exp.Column) and key.name in ("currency", "billing_currency")
