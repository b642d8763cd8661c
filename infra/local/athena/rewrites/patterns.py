r"""Regular expressions: Java's `$`, its groups that took no part, and its replacements.

DuckDB's engine has neither; what a pattern means is told from its text, or refused.
"""

import re
from dataclasses import dataclass
from itertools import dropwhile

from sqlglot import exp

from infra.local.athena.errors import AthenaError, NotSupportedError

_TOKEN = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?P?<\w+>|\(\?[^):]*[:)]|[*+?][?+]?|\{\d+,?\d*\}\??|.",
    re.DOTALL,
)
_NO_WIDTH = frozenset(("^", "$", r"\A", r"\b", r"\B", r"\z"))
_REPLACED = re.compile(r"\\(.)|\$(\d)|([\\$])|[^\\$]+", re.DOTALL)
_STEP = "Write the pattern another way."


@dataclass(slots=True)
class _Group:
    """Whether a group may match nothing, and whether it may take no part."""

    empty: bool = True
    absent: bool = False


def like(node: exp.RegexpLike) -> exp.Expr | None:
    """Let `$` match before a newline at the end, too."""
    tokens = _tokens(node.expression)
    if not _has_end(tokens):
        return None
    if tokens and _ends_alternatives(tokens):
        return exp.Anonymous(
            this="athena_like", expressions=[node.this.copy(), node.expression.copy()]
        )
    copy = node.copy()
    copy.set("this", _without_newline(node.this))
    return copy


def extract(node: exp.RegexpExtract) -> exp.Expr | None:
    """Answer NULL, not an empty text, where nothing matches or the group took no part.

    Raises:
        NotSupportedError: the group may be empty and may be absent: nobody could tell which.
        AthenaError: there is no such group.
    """
    pattern, group = node.expression, node.args.get("group") or exp.Literal.number(0)
    tokens = _tokens(pattern)
    text = (_without_newline(node.this) if _has_end(tokens) else node.this).copy()
    arguments = [text, pattern.copy(), group.copy()]
    part: exp.Expr = exp.Anonymous(this="regexp_extract", expressions=arguments)
    if _may_be_absent(pattern, tokens, group):
        part = exp.func("NULLIF", part, exp.Literal.string(""))
    matched = exp.Anonymous(this="regexp_matches", expressions=[text.copy(), pattern.copy()])
    return exp.Case().when(matched, part)


def replace(node: exp.RegexpReplace) -> exp.Expr | None:
    r"""Spell groups of the replacement `\1`, which Java spells `$1`.

    Raises:
        NotSupportedError: the replacement is not a literal, so its groups cannot be seen; or the
            pattern may match nothing, of which Java finds more.
        AthenaError: the replacement has a `$` that names no group by its number.
    """
    replacement = node.args.get("replacement") or exp.Literal.string("")
    if not isinstance(replacement, exp.Literal):
        raise NotSupportedError(
            "regexp_replace with a computed replacement", "Write it as a literal."
        )
    tokens = _tokens(node.expression)
    if tokens and _groups(tokens)[0].empty:
        raise NotSupportedError(
            f"regexp_replace of '{node.expression.name}', which may match nothing",
            "Write + instead of *.",
        )
    text = (_without_newline(node.this) if _has_end(tokens) else node.this).copy()
    written = exp.Literal.string(_re2_replacement(replacement.name))
    arguments = [text, node.expression.copy(), written, exp.Literal.string("g")]
    return exp.Anonymous(this="regexp_replace", expressions=arguments)


def _re2_replacement(text: str) -> str:
    r"""Translate Java's: `\x` is x, `$1` is a group."""
    if re.search(r"(?<!\\)\$\d\d", text):
        raise NotSupportedError("a group's number before a digit", r"Write $1\0 for $1 before 0.")
    written = ""
    for found in _REPLACED.finditer(text):
        if found[3]:
            raise AthenaError(
                f"Illegal replacement sequence in '{text}'", r"Write \$ and \\, or $1 for a group."
            )
        if found[2]:
            written += "\\" + found[2]
        else:
            written += (found[1] or found[0]).replace("\\", "\\\\")
    return written


def _tokens(pattern: exp.Expr) -> list[str]:
    """Return the parts of a literal pattern; none where it is computed."""
    if not isinstance(pattern, exp.Literal):
        return []
    tokens = _TOKEN.findall(pattern.name)
    if r"\Q" in tokens:
        raise NotSupportedError(rf"\Q in '{pattern.name}'", _STEP)
    if any(token.startswith("[") and re.search(r"[^\\]\[|&&", token) for token in tokens):
        raise NotSupportedError(f"a class within a class in '{pattern.name}'", _STEP)
    return [str(token) for token in tokens]


def _has_end(tokens: list[str]) -> bool:
    """Tell whether `$` may mean the end of the text; of a computed pattern nobody knows."""
    lines = any(re.match(r"\(\?\w*m", token) for token in tokens)
    return not tokens or ("$" in tokens and not lines)


def _ends_alternatives(tokens: list[str]) -> bool:
    r"""Tell whether nothing comes after any `$`, and no `\z` tells the two ends apart."""
    after = (tokens[at + 1 :] for at, token in enumerate(tokens) if token == "$")
    following = (next(dropwhile(")".__eq__, rest), "|") for rest in after)
    return r"\z" not in tokens and all(token == "|" for token in following)


def _without_newline(text: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this="athena_one_end", expressions=[text.copy()])


def _may_be_absent(pattern: exp.Expr, tokens: list[str], group: exp.Expr) -> bool:
    number = int(group.name) if isinstance(group, exp.Literal) else None
    if number == 0:
        return False
    if number is None or not tokens:
        raise NotSupportedError("regexp_extract of a computed group", "Write literals.")
    groups = _groups(tokens)
    if number >= len(groups):
        raise AthenaError(
            f"Pattern has {len(groups) - 1} groups. Cannot access group {number}",
            "Count its opening brackets.",
        )
    found = groups[number]
    if found.absent and found.empty:
        raise NotSupportedError(
            f"group {number} of '{pattern.name}' may be empty or absent, and nobody could tell",
            _STEP,
        )
    return found.absent


def _groups(tokens: list[str]) -> list[_Group]:
    """Return what is known of each group; the first is the whole."""
    groups = [_Group()]
    _, groups[0].empty = _read(tokens, 0, groups)
    return groups


def _read(tokens: list[str], at: int, groups: list[_Group]) -> tuple[int, bool]:
    """Read alternatives up to their bracket; return where that is and whether one may be empty."""
    first, branches = len(groups), [True]
    while at < len(tokens) and tokens[at] != ")":
        token, opened = tokens[at], len(groups)
        at += 1
        empty = token in _NO_WIDTH
        if token == "|":
            branches.append(True)
            continue
        if token.startswith("(") and not token.endswith(")"):
            captures = not token.endswith(":")
            if captures:
                groups.append(_Group())
            at, empty = _read(tokens, at, groups)
            at += 1
            if captures:
                groups[opened].empty = empty
        elif token.startswith("("):
            empty = True
        if at < len(tokens) and re.match(r"[*+?]|\{\d", tokens[at]):
            if re.match(r"[*?]|\{0+\D", tokens[at]):
                empty = True
                _set_absent(groups[opened:])
            at += 1
        branches[-1] = branches[-1] and empty
    if len(branches) > 1:
        _set_absent(groups[first:])
    return at, any(branches)


def _set_absent(groups: list[_Group]) -> None:
    for group in groups:
        group.absent = True
