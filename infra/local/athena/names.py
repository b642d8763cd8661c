"""Which table or view each name after FROM means; views are expanded where they are used."""

from sqlglot import exp

from infra.local.athena.catalog import CATALOG, DATABASE, Catalog, Name
from infra.local.athena.errors import AthenaError, NotSupportedError, TableNotFoundError, close_to
from infra.local.athena.parse import parse_select

__all__ = ["CATALOG", "DATABASE", "expand_views"]


def expand_views(tree: exp.Query, catalog: Catalog) -> exp.Query:
    """Put every view's own SELECT in its place, until only base tables and WITH names are left.

    Base tables come out as `database.name`, so that no WITH name of the query can capture a name
    inside a view.

    Raises:
        TableNotFoundError: a name is none of the three.
        NotSupportedError: a view uses itself.
    """
    return _expand(tree, catalog, catalog.database, ())


def _expand(tree: exp.Query, catalog: Catalog, database: str, path: tuple[Name, ...]) -> exp.Query:
    for reference in list(tree.find_all(exp.Table)):
        if _is_with_name(reference):
            continue
        named = (reference.db.lower() or database, reference.name.lower())
        if not _in_catalog(reference) or not (named in catalog.sources or named in catalog.views):
            raise _unknown(reference, database, catalog)
        if named in catalog.sources:
            home, name = named
            reference.set("this", exp.to_identifier(name))
            reference.set("db", exp.to_identifier(home))
            reference.set("catalog", None)
            continue
        if named in path:
            circle = " -> ".join(name for _, name in (*path, named))
            raise NotSupportedError(f"view {named[1]} uses itself ({circle})", "Break the circle.")
        view = catalog.views[named]
        body = _expand(_view_body(named[1], view.sql), catalog, view.database, (*path, named))
        _put(reference, body, named[1])
    return tree


def _view_body(name: str, sql: str) -> exp.Query:
    try:
        return parse_select(sql)
    except AthenaError as error:
        raise type(error)(f"in view {name}: {error.message}", error.next_step) from None


def _put(reference: exp.Table, body: exp.Query, name: str) -> None:
    alias = reference.args.get("alias") or exp.TableAlias(this=exp.to_identifier(name))
    subquery = exp.Subquery(this=body, alias=alias)
    if joins := reference.args.get("joins"):
        subquery.set("joins", joins)
    reference.replace(subquery)


def _in_catalog(reference: exp.Table) -> bool:
    return reference.catalog.lower() in ("", CATALOG)


def _is_with_name(reference: exp.Table) -> bool:
    """Tell whether a WITH in reach has this name: all of an outer query's, earlier ones within."""
    if reference.db:
        return False
    name, node = reference.name.lower(), reference.parent
    below: exp.Expr = reference
    while node is not None:
        with_ = node if isinstance(node, exp.With) else node.args.get("with_")
        if with_ is not None and with_ is not below:
            names = [cte.alias.lower() for cte in with_.expressions]
            here = [cte is below for cte in with_.expressions]
            visible = names[: here.index(True)] if True in here else names
            if name in visible:
                return True
        below, node = node, node.parent
    return False


def _unknown(reference: exp.Table, database: str, catalog: Catalog) -> TableNotFoundError:
    spelled = ".".join(part.name for part in reference.parts)
    qualified = spelled if reference.db else f"{database}.{spelled}"
    meta = reference.this.meta
    where = (
        f"line {meta['line']}:{meta['col'] - len(reference.name) + 1}: " if "line" in meta else ""
    )
    known = catalog.names(reference.db.lower() or database) or catalog.names()
    return TableNotFoundError(
        f"{where}Table '{qualified}' does not exist",
        f"{close_to(reference.name, known)}Tables: {', '.join(known) or 'none'}.",
    )
