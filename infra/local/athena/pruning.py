"""Which partitions a query can need: the literals its WHERE compares partition columns with.

A condition travels down from where it is written, through plain columns of views, subqueries and
WITH queries that are used once, to the base table. It stops where Athena would stop it and wherever
the answer could change: at LIMIT, at aggregation by another column, and at a window function whose
PARTITION BY lacks the column. Nothing is inferred from joins, and nothing from IS NULL.

A literal may come from a subquery that names it, and days may be counted from it: Athena puts
constants in and works them out before it prunes.
"""

import operator
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from infra.local.athena.catalog import Name

Value = str | int | None
"""A partition's value: a number where the column is one, None for Hive's default partition."""

_COMPARISONS: dict[type[exp.Expr], Callable[[Any, Any], bool]] = {
    exp.EQ: operator.eq,
    exp.NEQ: operator.ne,
    exp.LT: operator.lt,
    exp.LTE: operator.le,
    exp.GT: operator.gt,
    exp.GTE: operator.ge,
}


def partition_conditions(
    tree: exp.Query, partitions: Mapping[Name, frozenset[str]]
) -> dict[int, list[exp.Expr]]:
    """Return, for each base table node (by `id`), the conditions its partitions must meet.

    Args:
        tree: a qualified query: every column names its source, every star is expanded.
        partitions: partition column names by database and table.
    """
    scopes = traverse_scope(tree)
    uses = Counter(id(s.expression) for scope in scopes for s in _inner(scope))
    wanted: dict[int, list[exp.Expr]] = {}
    for scope in reversed(scopes):
        arrived = wanted.get(id(scope.expression), [])
        if isinstance(scope.expression, exp.SetOperation):
            _through_set(scope.expression, arrived, wanted)
        elif isinstance(scope.expression, exp.Select):
            conditions = [
                *_own(scope, scope.expression),
                *_through_select(scope.expression, arrived),
            ]
            for condition in conditions:
                _hand_down(condition, scope, uses, partitions, wanted)
    return wanted


def matches(condition: exp.Expr, values: Mapping[str, Value]) -> bool:
    """Evaluate a condition made of partition columns and literals; NULL meets none.

    Where NOT turns a NULL's answer round, the partition is opened in vain, which does no harm.
    """
    try:
        return _matches(condition, values)
    except TypeError:  # None or text beside a number
        return True


def _matches(condition: exp.Expr, values: Mapping[str, Value]) -> bool:
    match condition:
        case exp.Paren():
            return _matches(condition.this, values)
        case exp.Not():
            return not _matches(condition.this, values)
        case exp.And():
            return _matches(condition.left, values) and _matches(condition.right, values)
        case exp.Or():
            return _matches(condition.left, values) or _matches(condition.right, values)
        case exp.Between():
            low, high = condition.args["low"], condition.args["high"]
            value: Any = _value(condition.this, values)
            return bool(_value(low, values) <= value <= _value(high, values))
        case exp.In():
            return _value(condition.this, values) in {
                _value(e, values) for e in condition.expressions
            }
        case exp.Binary():
            compare = _COMPARISONS[type(condition)]
            return compare(_value(condition.left, values), _value(condition.right, values))
    raise AssertionError(f"not decidable: {condition!r}")


def _value(node: exp.Expr, values: Mapping[str, Value]) -> Value:
    if isinstance(node, exp.Column):
        return values[node.name]
    if isinstance(node, exp.Cast):  # date '2026-01-31'
        return str(node.this.name)
    return str(node.name) if node.is_string else int(node.name)


def _decidable(node: exp.Expr) -> bool:
    """Tell whether only columns and literals decide the condition, and NULL never meets it."""
    match node:
        case exp.Paren() | exp.Not():
            return _decidable(node.this)
        case exp.And() | exp.Or():
            return _decidable(node.left) and _decidable(node.right)
        case exp.Between():
            bounds = (node.args["low"], node.args["high"])
            return isinstance(node.this, exp.Column) and all(map(_is_constant, bounds))
        case exp.In():
            listed = bool(node.expressions) and not node.args.get("query")
            return (
                isinstance(node.this, exp.Column)
                and listed
                and all(map(_is_constant, node.expressions))
            )
        case exp.Binary() if type(node) in _COMPARISONS:
            left, right = node.left, node.right
            return (isinstance(left, exp.Column) and _is_constant(right)) or (
                isinstance(right, exp.Column) and _is_constant(left)
            )
    return False


def _is_constant(node: exp.Expr) -> bool:
    if isinstance(node, exp.Cast):
        return bool(node.to.this == exp.DType.DATE and node.this.is_string)
    return isinstance(node, exp.Literal) and (node.is_string or node.is_int)


def _own(scope: Scope, select: exp.Select) -> list[exp.Expr]:
    """Return the decidable conjuncts of WHERE, and of ON where every join is an inner one."""
    joins = select.args.get("joins") or []
    places = [select.args.get("where")]
    if not any(join.side for join in joins):
        places += [join.args.get("on") for join in joins]
    found: list[exp.Expr] = []
    for place in filter(None, places):
        root = place.this if isinstance(place, exp.Where) else place
        found += root.flatten() if isinstance(root, exp.And) else [root]
    return [c for c in (_worked_out(condition, scope) for condition in found) if _decidable(c)]


def _worked_out(condition: exp.Expr, scope: Scope) -> exp.Expr:
    """Return a condition with its constants in the place of their names, and days as text.

    An outer join may make the name NULL: then the condition asks for no more than it would.
    """
    return condition.transform(lambda node: _constant(node, scope) or node).transform(
        lambda node: _day_as_text(node) or node
    )


def _constant(node: exp.Expr, scope: Scope) -> exp.Expr | None:
    """Return the constant that a column of a subquery stands for."""
    if not isinstance(node, exp.Column):
        return None
    _, source = scope.selected_sources.get(node.table, (None, None))
    if not isinstance(source, Scope) or not isinstance(source.expression, exp.Select):
        return None
    meant = [c.unalias() for c in source.expression.selects if c.alias_or_name == node.name]
    return meant[0].copy() if len(meant) == 1 and _is_constant(meant[0]) else None


def _day_as_text(node: exp.Expr) -> exp.Expr | None:
    if not isinstance(node, exp.Cast) or not node.is_type(exp.DType.VARCHAR):
        return None
    day = _day(node.this)
    # A length would cut the text, or Athena would refuse it.
    return None if day is None or node.to.expressions else exp.Literal.string(day.isoformat())


def _day(node: exp.Expr) -> date | None:
    """Return the day that a literal, `date_add('day', …)` or `date_trunc('month', …)` comes to."""
    try:
        match node:
            case exp.Cast() if _is_constant(node):
                return date.fromisoformat(node.this.name)
            case exp.DateAdd() if node.text("unit").upper() == "DAY":
                day, days = _day(node.this), node.expression
                if day is not None and days.is_int:
                    return day + timedelta(days=int(days.to_py()))
            case exp.DateTrunc() | exp.TimestampTrunc() if node.text("unit").upper() == "MONTH":
                day = _day(node.this)
                return None if day is None else day.replace(day=1)
    except (ValueError, OverflowError):
        pass  # no day of the calendar, or none that Python has: nothing is left out
    return None


def _through_set(
    union: exp.SetOperation, arrived: list[exp.Expr], wanted: dict[int, list[exp.Expr]]
) -> None:
    if _limited(union):
        return
    names = [column.alias_or_name for column in union.selects]
    for branch in (union.left.unnest(), union.right.unnest()):
        assert isinstance(branch, exp.Query)
        renamed = dict(zip(names, (c.alias_or_name for c in branch.selects), strict=False))
        for condition in arrived:
            copy = condition.copy()
            for column in copy.find_all(exp.Column):
                column.set("this", exp.to_identifier(renamed[column.name]))
            wanted.setdefault(id(branch), []).append(copy)


def _through_select(select: exp.Select, arrived: list[exp.Expr]) -> list[exp.Expr]:
    """Rewrite conditions on a query's output as conditions on its sources, where that is safe."""
    if not arrived or _limited(select):
        return []
    outputs = {c.alias_or_name: c.unalias() for c in select.selects}
    passed = []
    for condition in arrived:
        copy = condition.copy()
        columns = list(copy.find_all(exp.Column))
        sources = [outputs.get(column.name) for column in columns]
        if all(isinstance(s, exp.Column) and _commutes(select, s) for s in sources):
            for column, source in zip(columns, sources, strict=True):
                assert source is not None
                if column is copy:
                    copy = source.copy()
                else:
                    column.replace(source.copy())
            passed.append(copy)
    return passed


def _limited(query: exp.Expr) -> bool:
    """Tell whether only some rows of the query are taken, by itself or by brackets around it."""
    if query.args.get("limit") or query.args.get("offset"):
        return True
    return isinstance(query.parent, exp.Subquery) and _limited(query.parent)


def _commutes(select: exp.Select, column: exp.Column) -> bool:
    """Tell whether filtering by a source column may be done before the query's own work."""
    group = select.args.get("group")
    # Columns inside ROLLUP, CUBE or GROUPING SETS are not among a GROUP BY's plain expressions.
    if group and column not in group.expressions:
        return False
    windows = [w for w in select.find_all(exp.Window) if w.parent_select is select]
    return all(column in (window.args.get("partition_by") or []) for window in windows)


def _hand_down(
    condition: exp.Expr,
    scope: Scope,
    uses: Counter[int],
    partitions: Mapping[Name, frozenset[str]],
    wanted: dict[int, list[exp.Expr]],
) -> None:
    columns = list(condition.find_all(exp.Column))
    names = {column.table for column in columns}
    _, source = (
        scope.selected_sources.get(names.pop(), (None, None)) if len(names) == 1 else (None, None)
    )
    if isinstance(source, exp.Table):
        if {column.name for column in columns} <= partitions[source.db, source.name]:
            wanted.setdefault(id(source), []).append(condition)
    elif isinstance(source, Scope) and uses[id(source.expression)] == 1:
        wanted.setdefault(id(source.expression), []).append(condition)


def _inner(scope: Scope) -> list[Scope]:
    return [s for _, s in scope.selected_sources.values() if isinstance(s, Scope)]
