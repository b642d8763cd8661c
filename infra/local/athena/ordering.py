"""ORDER BY as Trino means it: a name is an output's first, also inside an expression."""

from sqlglot import exp

from infra.local.athena.errors import ColumnNotFoundError, SqlSyntaxError

_NAMES = "order_by_names"


def outputs_in_order(tree: exp.Query) -> None:
    """Put the output that a name in an expression of ORDER BY stands for in the name's place.

    DuckDB takes the column of a table first there. A name that is an item of its own it takes as
    Trino does.

    Raises:
        ColumnNotFoundError: an aggregate in ORDER BY is of an output.
        SqlSyntaxError: SELECT DISTINCT is ordered by what it does not select.
    """
    for select in tree.find_all(exp.Select):
        order = select.args.get("order")
        if order is None:
            continue
        outputs = {
            name.lower(): output
            for output in select.expressions
            if (name := output.alias_or_name) not in ("", "*")
        }
        for column in [c for c in order.find_all(exp.Column) if _means_output(c, select)]:
            name = column.name.lower()
            select.meta.setdefault(_NAMES, set()).add(name)
            if name in outputs and not _is_item(column, order):
                _refuse_in_aggregate(column, order)
                column.replace(exp.paren(outputs[name].unalias().copy()))
        if select.args.get("distinct"):
            _check_selected(select, order)


def check_one_meaning(tree: exp.Query) -> None:
    """Refuse a name in ORDER BY that several outputs have, once `*` is expanded.

    Raises:
        ColumnNotFoundError: it is ambiguous.
    """
    for select in tree.find_all(exp.Select):
        names = [output.alias_or_name.lower() for output in select.expressions]
        for name in sorted(select.meta.get(_NAMES, ())):
            if names.count(name) > 1:
                raise ColumnNotFoundError(
                    f"Column '{name}' is ambiguous in ORDER BY", "Give each output its own name."
                )


def _check_selected(select: exp.Select, order: exp.Order) -> None:
    selected = [output.unalias() for output in select.expressions]
    for item in order.expressions:
        by = item.this.unnest()
        if not isinstance(by, exp.Column | exp.Literal) and by not in selected:
            raise SqlSyntaxError(
                "For SELECT DISTINCT, ORDER BY expressions must appear in select list",
                "Order by an output's name.",
            )


def _means_output(column: exp.Column, select: exp.Select) -> bool:
    return not column.table and column.find_ancestor(exp.Query) is select


def _is_item(column: exp.Column, order: exp.Order) -> bool:
    return isinstance(column.parent, exp.Ordered) and column.parent.parent is order


def _refuse_in_aggregate(column: exp.Column, order: exp.Order) -> None:
    node: exp.Expr | None = column
    while node is not None and node is not order:
        if isinstance(node, exp.AggFunc) and not _windowed(node):
            raise ColumnNotFoundError(
                f"Invalid reference to output '{column.name}' from ORDER BY aggregation",
                "Order by the output's name, or write the table's name before the column.",
            )
        node = node.parent


def _windowed(aggregate: exp.Expr) -> bool:
    parent = aggregate.parent
    while isinstance(parent, exp.Filter | exp.IgnoreNulls | exp.RespectNulls):
        parent = parent.parent
    return isinstance(parent, exp.Window)
