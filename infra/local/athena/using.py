"""JOIN ... USING leaves one column of each name, which belongs to neither table."""

from collections.abc import Iterator

from sqlglot import exp

from infra.local.athena.errors import ColumnNotFoundError, NotSupportedError


def check_using(tree: exp.Expr) -> None:
    """Refuse `a.k` after USING (k), which sqlglot would take from one of the tables.

    Raises:
        ColumnNotFoundError: a column of USING is named with its table.
        NotSupportedError: `a.*`, which leaves those columns out.
    """
    for select in tree.find_all(exp.Select):
        joins = select.args.get("joins") or []
        for position, join in enumerate(joins):
            names = {column.name.lower() for column in join.args.get("using") or ()}
            if names:
                sources = [select.args["from_"].this, *(j.this for j in joins[: position + 1])]
                tables = {source.alias_or_name.lower() for source in sources}
                _check(select, joins[:position], tables, names)


def _check(select: exp.Select, before: list[exp.Join], tables: set[str], names: set[str]) -> None:
    for column in _columns(select, before):
        if column.table.lower() not in tables:
            continue
        if isinstance(column.this, exp.Star):
            raise NotSupportedError(
                f"{column.table}.* beside USING leaves its columns out", "Name the columns."
            )
        if column.name.lower() in names:
            raise ColumnNotFoundError(
                f"Column '{column.table}.{column.name}' cannot be resolved after USING",
                f"Write {column.name} alone, or JOIN ... ON.",
            )


def _columns(select: exp.Select, before: list[exp.Join]) -> Iterator[exp.Column]:
    """Yield the columns with a table that a SELECT itself names, but for its earlier joins."""
    for column in select.find_all(exp.Column):
        join = column.find_ancestor(exp.Join, exp.Select)
        if column.table and column.parent_select is select and join not in before:
            yield column
