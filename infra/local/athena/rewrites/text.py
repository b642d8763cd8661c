"""Text functions whose answer for "not there" differs, and the two spellings of a group."""

import re

from sqlglot import exp

from infra.local.athena.errors import NotSupportedError
from infra.local.athena.inference import kind


def split_part(node: exp.SplitPart) -> exp.Expr | None:
    """Answer NULL, not an empty text, beyond the last part."""
    parts = exp.Anonymous(
        this="string_split", expressions=[node.this.copy(), node.args["delimiter"].copy()]
    )
    return exp.Anonymous(this="list_extract", expressions=[parts, node.args["part_index"].copy()])


def regexp_extract(node: exp.RegexpExtract) -> exp.Expr | None:
    """Answer NULL, not an empty text, where nothing matches."""
    text, pattern = node.this.copy(), node.expression.copy()
    group = node.args.get("group") or exp.Literal.number(0)
    matched = exp.Anonymous(this="regexp_matches", expressions=[text, pattern])
    part = exp.Anonymous(
        this="regexp_extract", expressions=[text.copy(), pattern.copy(), group.copy()]
    )
    return exp.Case().when(matched, part)


def regexp_replace(node: exp.RegexpReplace) -> exp.Expr | None:
    r"""Spell groups of the replacement `\1`, which Java spells `$1`.

    Raises:
        NotSupportedError: the replacement is not a literal, so its groups cannot be seen.
    """
    replacement = node.args.get("replacement") or exp.Literal.string("")
    if not isinstance(replacement, exp.Literal):
        raise NotSupportedError(
            "regexp_replace with a computed replacement", "Write it as a literal."
        )
    text = re.sub(r"\$(\d)", r"\\\1", replacement.name.replace("\\", "\\\\"))
    arguments = [node.this.copy(), node.expression.copy(), exp.Literal.string(text)]
    return exp.Anonymous(this="regexp_replace", expressions=[*arguments, exp.Literal.string("g")])


def substring(node: exp.Substring) -> exp.Expr | None:
    """Answer an empty text from a position outside the text; DuckDB begins at the nearest one."""
    start = node.args.get("start")
    if start is None or (isinstance(start, exp.Literal) and start.name != "0"):
        return None
    length = exp.func("LENGTH", node.this.copy())
    outside = exp.or_(
        exp.EQ(this=start.copy(), expression=exp.Literal.number(0)),
        exp.LT(this=exp.paren(start.copy()), expression=exp.Neg(this=length)),
    )
    nothing = exp.and_(exp.Not(this=exp.Is(this=node.this.copy(), expression=exp.null())), outside)
    return exp.Case().when(nothing, exp.Literal.string("")).else_(_plain_substring(node))


def _plain_substring(node: exp.Substring) -> exp.Expr:
    given = [node.this, node.args["start"], node.args.get("length")]
    arguments = [argument.copy() for argument in given if argument is not None]
    return exp.Anonymous(this="substring", expressions=arguments)


def json_extract_scalar(node: exp.JSONExtractScalar) -> exp.Expr | None:
    """Answer NULL for objects, arrays and text that is not JSON; numbers with all their digits.

    What is JSON already has its numbers from Java, where it differs from text.
    """
    path = exp.Literal.string(node.expression.sql("duckdb").strip("'"))
    value = node.this.copy()
    if kind(node.this) == exp.DType.JSON:
        found = exp.Anonymous(this="json_extract", expressions=[value, path])
        value = exp.Anonymous(this="athena_json_plain", expressions=[found])
        path = exp.Literal.string("$")
    return exp.Anonymous(this="athena_json_scalar", expressions=[value, path])
