"""What a difference says in sentences: the same words in a terminal and on a page."""

from collections.abc import Iterable

from infra.commands.options import counted, money
from rules import Finding
from transforms.differences.changes import CHANGED, GONE, NEW, REWORDED
from transforms.differences.model import (
    JUDGED,
    REASONED,
    Cause,
    Difference,
    PolicyDifference,
    Reason,
    ReasonCount,
    SideFacts,
)

KIND_MEANINGS = {
    NEW: "only B has it",
    GONE: "only A has it",
    CHANGED: "another severity, amount or expected amount",
    REWORDED: "the same in other words; not counted as changed",
}


def side(facts: SideFacts) -> str:
    """Return what a side is judged by."""
    return f"{facts.name}: rules {facts.rules}, policy {facts.policy}, baselines {facts.baselines}"


def source(difference: Difference) -> str:
    """Return where the verdicts come from, and why from there."""
    how = "judged in memory" if difference.way == JUDGED else "compared as stored"
    return f"{how} ({difference.way_because})"


def cause(one: Cause) -> str:
    """Return one cause as a phrase."""
    if one.kind == "policy":
        return f"policy {one.name}: {one.before} → {one.after}"
    if one.kind == "rules":
        detail = f" ({one.detail})" if one.detail else ""
        return f"rule {one.name}, {one.before} → {one.after}{detail}"
    if not one.before:
        return "another baseline"
    detail = f"; {one.name}: {one.detail}" if one.detail else ""
    return f"baseline {one.before} → {one.after}{detail}"


def reason(found: Reason | ReasonCount) -> str:
    """Return a reason as a sentence: alternatives by `or`, what is needed together by `and`."""
    if not found.ways:
        return f"not explained: {found.note}"
    alternatives = [_together(way) for way in found.ways]
    if len(alternatives) == 1:
        return alternatives[0]
    return "each alone: " + "; or ".join(alternatives)


def looked_at(count: ReasonCount) -> str:
    """Return how many rows a reason holds for, of how many looked at."""
    if count.looked_at == count.of:
        return f"{count.rows:,} of {count.of:,}"
    return f"{count.rows:,} of {count.looked_at:,} looked at; {count.of:,} in all"


def limits(difference: Difference) -> str:
    """Return how far reasons were looked for."""
    if any(count.looked_at < count.of for count in difference.reasons):
        return (
            f"Reasons were looked for on the {REASONED} rows about most money of each group; "
            "they say nothing of its other rows."
        )
    return "Reasons were looked for on every row that differs."


def verdict(value: Finding | str | None, currency: str) -> str:
    """Return one side's verdict in words."""
    if value is None:
        return "no finding"
    if isinstance(value, str):
        return value or "none"
    expected = "" if value.expected is None else f", expected {money(value.expected)}"
    return f"{value.severity}, {money(value.amount)} {currency}{expected}: {value.message}"


def unmatched(difference: Difference) -> str:
    """Return which rows could not be compared; nothing where every one was."""
    missing = [
        f"{counted(rows, 'row')} only in {facts.name}"
        for rows, facts in zip(difference.unmatched, (difference.a, difference.b), strict=True)
        if rows
    ]
    if not missing:
        return ""
    behind = difference.b.name if difference.unmatched[0] else difference.a.name
    return f"not compared: {', '.join(missing)}; run: finops replay --evaluation {behind}"


def policies(difference: Difference) -> list[PolicyDifference]:
    """Return where the policies differ; of two formats, only where both have a value."""
    if difference.policy_formats[0] == difference.policy_formats[1]:
        return list(difference.policy)
    return [p for p in difference.policy if None not in (p.before, p.after)]


def _together(way: Iterable[Cause]) -> str:
    phrases = [cause(one) for one in way]
    return phrases[0] if len(phrases) == 1 else "together: " + " and ".join(phrases)
