"""Text functions: what they take for a blank, and their answers for what is not there."""

from sqlglot import exp

from infra.local.athena.inference import kind
from schemas.blanks import BLANKS


def trimmed(node: exp.Trim) -> exp.Expr | None:
    """Take off Java's blanks where no others are named; DuckDB takes off those of Unicode."""
    if node.expression:
        return None
    copy = node.copy()
    copy.set("expression", exp.Literal.string(BLANKS))
    return copy


def upper(node: exp.Upper) -> exp.Expr | None:
    """Leave ß as it is."""
    return exp.Anonymous(this="athena_upper", expressions=[node.this.copy()])


def split(node: exp.Split) -> exp.Expr | None:
    """Leave the rest in the last of a limited number of parts; no delimiter is an error."""
    delimiter, limit = node.expression, node.args.get("limit")
    if not isinstance(delimiter, exp.Literal) or not delimiter.name:
        delimiter = exp.Anonymous(this="athena_delimiter", expressions=[delimiter.copy()])
    parts = exp.Anonymous(this="string_split", expressions=[node.this.copy(), delimiter.copy()])
    if limit is None:
        return parts
    arguments = [parts, delimiter.copy(), limit.copy()]
    return exp.Anonymous(this="athena_pieces", expressions=arguments)


def split_part(node: exp.SplitPart) -> exp.Expr | None:
    """Answer NULL, not an empty text, beyond the last part; before the first is an error."""
    parts = exp.Anonymous(
        this="string_split", expressions=[node.this.copy(), node.args["delimiter"].copy()]
    )
    index = exp.Anonymous(this="athena_part", expressions=[node.args["part_index"].copy()])
    return exp.Anonymous(this="list_extract", expressions=[parts, index])


def replaced(node: exp.Replace) -> exp.Expr | None:
    """Put the replacement around every letter where nothing is looked for."""
    if isinstance(node.expression, exp.Literal) and node.expression.name:
        return None
    replacement = node.args.get("replacement") or exp.Literal.string("")
    arguments = [node.this.copy(), node.expression.copy(), replacement.copy()]
    return exp.Anonymous(this="athena_replace", expressions=arguments)


def padded(node: exp.Pad) -> exp.Expr | None:
    """Fail on a length below 0."""
    if isinstance(node.expression, exp.Literal):
        return None
    copy = node.copy()
    copy.set("expression", exp.Anonymous(this="athena_size", expressions=[node.expression.copy()]))
    return copy


def substring(node: exp.Substring) -> exp.Expr | None:
    """Answer an empty text from a position outside the text; DuckDB begins at the nearest one.

    And where the length is below 0; DuckDB goes to the left.
    """
    start, length = node.args.get("start"), node.args.get("length")
    known = start is None or (isinstance(start, exp.Literal) and start.name != "0")
    if known and (length is None or isinstance(length, exp.Literal)):
        return None
    plain = _plain_substring(node)
    if known or start is None:
        return plain
    size = exp.func("LENGTH", node.this.copy())
    outside = exp.or_(
        exp.EQ(this=start.copy(), expression=exp.Literal.number(0)),
        exp.LT(this=exp.paren(start.copy()), expression=exp.Neg(this=size)),
    )
    nothing = exp.and_(exp.Not(this=exp.Is(this=node.this.copy(), expression=exp.null())), outside)
    return exp.Case().when(nothing, exp.Literal.string("")).else_(plain)


def _plain_substring(node: exp.Substring) -> exp.Expr:
    start, length = node.args.get("start") or exp.Literal.number(1), node.args.get("length")
    arguments = [node.this.copy(), start.copy()]
    if length is not None:
        below = exp.LT(this=exp.paren(length.copy()), expression=exp.Literal.number(0))
        arguments.append(exp.Case().when(below, exp.Literal.number(0)).else_(length.copy()))
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
