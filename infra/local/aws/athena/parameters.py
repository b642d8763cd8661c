"""Execution parameters: each `?` of a statement stands for one literal."""

from collections.abc import Sequence

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from infra.local.athena.errors import SqlSyntaxError
from infra.local.athena.parse import AthenaSelect
from infra.local.aws.athena.errors import ParameterError


def with_parameters(sql: str, parameters: Sequence[str]) -> str:
    """Put the parameters, SQL literals such as `'a'` or `1.5`, in the place of the `?`.

    Raises:
        ParameterError: there are more or fewer than `?`, or one is no literal.
        SqlSyntaxError: the statement cannot be read.
    """
    try:
        tokens = AthenaSelect().tokenize(sql)
    except SqlglotError:
        raise SqlSyntaxError("a quote or comment is not closed", "Close it.") from None
    places = [token for token in tokens if token.token_type == TokenType.PLACEHOLDER]
    if len(places) != len(parameters):
        raise ParameterError(
            f"Incorrect number of parameters: expected {len(places)} but found {len(parameters)}",
            "Give one for each question mark.",
        )
    for place, parameter in reversed(list(zip(places, parameters, strict=True))):
        # Blanks, or `3-?` with -5 would become a comment.
        sql = f"{sql[: place.start]} {_literal(parameter)} {sql[place.end + 1 :]}"
    return sql


def literals(text: str) -> tuple[str, ...]:
    """Return the literals of EXECUTE ... USING, each as SQL text.

    Raises:
        ParameterError: one of them is no literal.
    """
    try:
        (tree,) = AthenaSelect().parse(f"SELECT {text}")
    except (SqlglotError, ValueError):
        tree = None
    if not isinstance(tree, exp.Select) or tree != exp.select(*tree.expressions):
        raise ParameterError(f"USING {text} is not a list of literals", "Separate them by commas.")
    return tuple(_literal(value.sql(AthenaSelect, comments=False)) for value in tree.expressions)


def _literal(parameter: str) -> str:
    """Return the one literal a parameter is: it is a value, never a piece of SQL or a comment."""
    try:
        trees = AthenaSelect().parse(f"SELECT {parameter}")
    except SqlglotError:
        trees = []
    select = trees[0] if len(trees) == 1 else None
    if not isinstance(select, exp.Select) or not _is_literal(select):
        raise ParameterError(
            f"{parameter} is not a literal", "Write text in single quotes, and numbers as they are."
        )
    return str(select.expressions[0].sql(AthenaSelect, comments=False))


def _is_literal(select: exp.Select) -> bool:
    if len(select.expressions) != 1 or select != exp.select(*select.expressions):
        return False
    node = select.expressions[0]
    while isinstance(node, exp.Cast | exp.Neg):
        node = node.this
    return isinstance(node, exp.Literal | exp.Boolean | exp.Null)
