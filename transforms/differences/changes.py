"""What differs between two verdicts on one event, finding by finding and column by column."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from rules import RULE_ERROR, Evaluation, Finding

NEW, GONE, CHANGED, REWORDED = "new", "gone", "changed", "reworded"
KINDS = (NEW, GONE, CHANGED, REWORDED)
"""What can become of a finding. `reworded` says the same of the same money in other words."""
COLUMNS = ("cost_class", "tag_status", "missing_tags")


class FindingChange(NamedTuple):
    """One finding that only one side has, or that the two sides have differently."""

    kind: str
    rule: str
    """The rule; `rule-error (name)` where the rule of that name raised."""
    before: Finding | None
    after: Finding | None


class ClassChange(NamedTuple):
    """One verdict column that the two sides fill differently."""

    column: str
    before: str
    after: str
    """The column's value; missing tags as one text."""


Change: TypeAlias = FindingChange | ClassChange


def changes(before: Evaluation, after: Evaluation) -> tuple[Change, ...]:
    """Return how two verdicts on the same event differ; nothing where they do not."""
    if before == after:
        return ()
    return (*_findings(before, after), *_classes(before, after))


def findings_by_rule(verdict: Evaluation) -> dict[tuple[str, int], Finding]:
    """Return findings by what tells them apart on one event: the rule, and its how-manieth."""
    seen: Counter[str] = Counter()
    found = {}
    for finding in verdict.findings:
        rule = rule_of(finding)
        found[rule, seen[rule]] = finding
        seen[rule] += 1
    return found


def rule_of(finding: Finding) -> str:
    """Return whose finding it is; an error belongs to the rule that raised."""
    if finding.rule != RULE_ERROR:
        return finding.rule
    return f"{RULE_ERROR} ({finding.message.partition(' raised ')[0]})"


def substance(finding: Finding | None) -> tuple[object, ...]:
    """Return what a finding says, without its words."""
    return () if finding is None else (finding.severity, finding.amount, finding.expected)


def column_text(verdict: Evaluation, column: str) -> str:
    """Return a verdict column as one text; the order of missing tags does not count."""
    value = getattr(verdict, column)
    return value if isinstance(value, str) else ", ".join(sorted(value))


def _findings(before: Evaluation, after: Evaluation) -> Iterator[FindingChange]:
    old, new = findings_by_rule(before), findings_by_rule(after)
    for key in dict.fromkeys((*old, *new)):
        was, now = old.get(key), new.get(key)
        if was != now:
            yield FindingChange(_kind(was, now), key[0], was, now)


def _kind(before: Finding | None, after: Finding | None) -> str:
    if before is None:
        return NEW
    if after is None:
        return GONE
    return CHANGED if substance(before) != substance(after) else REWORDED


def _classes(before: Evaluation, after: Evaluation) -> Iterator[ClassChange]:
    for column in COLUMNS:
        was, now = column_text(before, column), column_text(after, column)
        if was != now:
            yield ClassChange(column, was, now)
