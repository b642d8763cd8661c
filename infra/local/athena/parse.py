"""From text to one SELECT tree: everything that is not a query of Athena's is refused here."""

import re

from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import TokenType

from infra.local.athena.errors import AthenaError, NotSupportedError, SqlSyntaxError
from infra.local.athena.functions import check_functions
from infra.local.athena.using import check_using

_FIX = "Write one SELECT statement of Athena's SQL."
_ONLY_SELECT = (
    "Only one SELECT (with WITH and UNION) runs here; tables and views are set up by code."
)

_STAR_EXTRAS = ("except_", "replace", "rename")
_PATH = re.compile(r"""\$(\.[A-Za-z_]\w*|\[\d+\]|\["[^"\\]*"\])*""", re.ASCII)
_UNITS = ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND")
_QUERY_WORDS = ("SELECT", "WITH", "VALUES", "(")


class AthenaSelect(Trino):
    """Athena's dialect of SELECT, which is Trino's, with subscripts kept as they were written.

    sqlglot otherwise counts some of them from 0, and which ones depends on what it can type.
    """

    INDEX_OFFSET = 0

    def to_json_path(self, path: exp.Expr | None) -> exp.Expr | None:
        """Refuse the paths that Athena has no meaning for; sqlglot would mend them.

        Raises:
            NotSupportedError: it is not a literal of names and positions.
        """
        if path is not None and not (isinstance(path, exp.Literal) and _PATH.fullmatch(path.name)):
            raise NotSupportedError(
                f"the JSON path {path.sql('trino')}", "Write a literal such as '$.a[0].b'."
            )
        return super().to_json_path(path)


_FOREIGN = {
    exp.ILike: "ILIKE is not in Athena's SQL; compare lower(...) with LIKE",
    exp.Pivot: "PIVOT is not in Athena's SQL; use sum(...) FILTER (WHERE ...)",
    exp.Into: "SELECT INTO is not in Athena's SQL; leave INTO out",
    exp.Lock: "FOR UPDATE is not in Athena's SQL; leave it out",
    exp.Glob: "GLOB is not in Athena's SQL; use LIKE",
    exp.RegexpILike: "~* is not in Athena's SQL; use regexp_like",
}
"""What sqlglot's parser lets through though Athena's does not."""
_UNFAITHFUL = {
    exp.TableSample: "TABLESAMPLE gives another answer each time; use LIMIT",
    exp.Lateral: "LATERAL is not done locally; use CROSS JOIN UNNEST or WITH",
    exp.Placeholder: "parameters are not taken here; write the value",
    exp.Parameter: "parameters are not taken here; write the value",
    exp.BitwiseAnd: "bits are not counted with locally; use mod and division",
    exp.BitwiseOr: "bits are not counted with locally; use mod and division",
    exp.BitwiseXor: "bits are not counted with locally; use mod and division",
    exp.BitwiseNot: "bits are not counted with locally; use mod and division",
    exp.BitwiseLeftShift: "bits are not counted with locally; use multiplication",
    exp.BitwiseRightShift: "bits are not counted with locally; use division",
    exp.MatchRecognize: "MATCH_RECOGNIZE is not done locally; use window functions",
}


def parse_select(sql: str) -> exp.Query:
    """Parse one SELECT statement, checked against what Athena has and the local engine can do.

    Raises:
        SqlSyntaxError: the text does not parse; the message has line and column.
        NotSupportedError: it is no SELECT, is several statements, or cannot be done faithfully.
        FunctionNotFoundError: it calls a function that is not known.
    """
    trees = _parse(sql)
    if len(trees) != 1:
        raise NotSupportedError(f"{len(trees)} statements at once", _ONLY_SELECT)
    tree = _without_brackets(trees[0])
    if isinstance(tree, exp.Values):
        tree = _selected(tree)
    if not isinstance(tree, exp.Select | exp.SetOperation):
        raise SqlSyntaxError("not a SELECT statement", _FIX)
    _check_syntax(tree)
    check_using(tree)
    check_functions(tree, sql)
    return tree


def _selected(values: exp.Values) -> exp.Select:
    """Return the SELECT that answers VALUES alone, with Athena's names for its columns."""
    first = values.expressions[0]
    width = len(first.expressions) if isinstance(first, exp.Tuple) else 1
    columns = [exp.to_identifier(f"_col{position}") for position in range(width)]
    values.set("alias", exp.TableAlias(this=exp.to_identifier("values_alone"), columns=columns))
    return exp.Select(expressions=[exp.Star()], from_=exp.From(this=values))


def _without_brackets(tree: exp.Expr) -> exp.Expr:
    """Take the brackets off a whole query; what follows them moves to a SELECT around it."""
    if not isinstance(tree, exp.Subquery):
        return tree
    after = {key: tree.args[key] for key in ("order", "limit", "offset") if tree.args.get(key)}
    if not after:
        return _without_brackets(tree.this)
    return exp.Select(
        expressions=[exp.Star()],
        from_=exp.From(this=exp.Subquery(this=tree.this, alias=exp.to_identifier("bracketed"))),
        **after,
    )


def _parse(sql: str) -> list[exp.Expr]:
    try:
        tokens = AthenaSelect().tokenize(sql)
        first = tokens[0].text.upper() if tokens else "NOTHING"
        if first not in _QUERY_WORDS:
            raise NotSupportedError(f"a statement that begins with {first}", _ONLY_SELECT)
        if cast := next((t for t in tokens if t.token_type == TokenType.DCOLON), None):
            raise SqlSyntaxError(f"line {cast.line}:{cast.col}: '::'", "Write cast(x as type).")
        trees = AthenaSelect().parser().parse(tokens, sql)
        return [tree for tree in trees if tree is not None]
    except ParseError as error:
        detail = error.errors[0] if error.errors else {}
        where = f"line {detail['line']}:{detail['col']}: " if detail.get("line") else ""
        near = f" near '{detail['highlight']}'" if detail.get("highlight") else ""
        what = str(detail.get("description") or "not a statement").partition(" but got ")[0]
        raise SqlSyntaxError(f"{where}{what}{near}", _FIX) from None
    except TokenError:
        raise SqlSyntaxError("a quote or comment is not closed", _FIX) from None


def _check_syntax(tree: exp.Expr) -> None:
    for node in tree.walk():
        for kinds, error in ((_FOREIGN, SqlSyntaxError), (_UNFAITHFUL, NotSupportedError)):
            for kind, reason in kinds.items():
                if isinstance(node, kind):
                    what, _, step = reason.partition("; ")
                    raise error(what, f"{step[:1].upper()}{step[1:]}.")
        problem = _odd_shape(node)
        if problem:
            raise problem


def _odd_shape(node: exp.Expr) -> AthenaError | None:
    if isinstance(node, exp.With) and node.recursive:
        return NotSupportedError("WITH RECURSIVE is not done locally", "Use sequence() and UNNEST.")
    if isinstance(node, exp.Distinct) and node.args.get("on"):
        return SqlSyntaxError("DISTINCT ON is not in Athena's SQL", "Use max_by or row_number().")
    if isinstance(node, exp.Fetch) and _more_than_rows(node):
        return NotSupportedError("FETCH ... WITH TIES is not done locally", "Use rank().")
    if isinstance(node, exp.GroupConcat) and not isinstance(node.this, exp.Order):
        return SqlSyntaxError("listagg without WITHIN GROUP", "Add WITHIN GROUP (ORDER BY x).")
    if isinstance(node, exp.Interval) and node.text("unit").upper() not in _UNITS:
        return SqlSyntaxError(
            f"an interval in {node.text('unit').lower()}s", "Write it in days or in months."
        )
    if isinstance(node, exp.Star) and any(node.args.get(key) for key in _STAR_EXTRAS):
        return SqlSyntaxError("* takes no list of exceptions in Athena", "Name the columns.")
    if isinstance(node, exp.Join) and (node.kind in ("SEMI", "ANTI") or node.method):
        return SqlSyntaxError(
            f"{node.kind or node.method} JOIN is not in Athena's SQL", "Use JOIN ... ON."
        )
    if isinstance(node, exp.Table) and (node.args.get("version") or node.args.get("when")):
        return NotSupportedError("time travel needs an Iceberg table", "Leave out FOR ... AS OF.")
    if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
        return NotSupportedError(
            f"{node.this.sql('trino')} in FROM is neither a table nor a view",
            "Name a table of the lake.",
        )
    return None


def _more_than_rows(fetch: exp.Fetch) -> bool:
    options = fetch.args.get("limit_options")
    return bool(options and (options.args.get("with_ties") or options.args.get("percent")))
