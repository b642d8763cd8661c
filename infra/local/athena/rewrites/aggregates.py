"""An aggregate with what is written around it: FILTER (WHERE ...) and OVER (...)."""

from sqlglot import exp

WRAPPERS = (exp.Filter, exp.Window)


def core(node: exp.Expr) -> exp.Expr | None:
    """Return the aggregate inside FILTER and OVER, or None where `node` is itself inside one."""
    parent = node.parent
    if isinstance(parent, WRAPPERS) and parent.this is node:
        return None
    while isinstance(node, WRAPPERS):
        node = node.this
    return node


def around(node: exp.Expr, new_core: exp.Expr) -> exp.Expr:
    """Return a copy of `node` with another aggregate inside the same FILTER and OVER."""
    if not isinstance(node, WRAPPERS):
        return new_core
    copy = node.copy()
    inner = copy
    while isinstance(inner.this, WRAPPERS):
        inner = inner.this
    inner.set("this", new_core)
    return copy
