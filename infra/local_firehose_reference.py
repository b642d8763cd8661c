"""The reference page of the local Firehose, from its table of facts and its choices."""

import ast
import inspect
from dataclasses import fields
from itertools import pairwise

from infra.local.firehose import choices
from infra.local.firehose.facts import STATUSES, Fact, Status, load_facts

_TITLES: dict[Status, str] = {
    "emulated": "Emulated",
    "simplified": "Simplified",
    "absent": "Absent",
    "unknown": "Unknown",
}
_MEANINGS: dict[Status, str] = {
    "emulated": "Tests hold these.",
    "simplified": "These are different here.",
    "absent": "These are not here. A setting that would change what is delivered is refused.",
    "unknown": "Nobody has found these out; what is done here is the safer reading.",
}


def local_firehose_page() -> str:
    """Return the page: the facts by status, then the choices."""
    facts = load_facts()
    parts = [
        "# The local Firehose\n",
        "Generated from `infra/local/firehose/facts.toml`. Sections (§) and tags are those of "
        "[how Firehose behaves](firehose-behaviour.md); CI compares this list with what the tests "
        "say they hold.\n",
        _counts(facts),
    ]
    for status in STATUSES:
        parts.append(f"## {_TITLES[status]}\n\n{_MEANINGS[status]}\n")
        parts.append(_table([fact for fact in facts if fact.status == status], status))
    parts.append(_choices())
    return "\n".join(parts)


def _counts(facts: tuple[Fact, ...]) -> str:
    counted = {status: sum(fact.status == status for fact in facts) for status in STATUSES}
    listed = ", ".join(f"{number} {status}" for status, number in counted.items())
    return f"{len(facts)} facts: {listed}.\n"


def _table(facts: list[Fact], status: Status) -> str:
    if status == "emulated":
        lines = ["| § | fact | tag | id |", "| --- | --- | --- | --- |"]
        lines += [f"| {f.section} | {_cell(f.fact)} | {f.tag} | {f.id} |" for f in facts]
    else:
        lines = ["| § | fact | here | tag | id |", "| --- | --- | --- | --- | --- |"]
        lines += [
            f"| {f.section} | {_cell(f.fact)} | {_cell(_here(f))} | {f.tag} | {f.id} |"
            for f in facts
        ]
    return "\n".join(lines) + "\n"


def _here(fact: Fact) -> str:
    return f"{fact.note} Setting: `{fact.setting}`." if fact.setting else fact.note


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _choices() -> str:
    meanings = _meanings()
    lines = [
        "## Choices\n",
        f"{inspect.getdoc(choices.Choices)}\n",
        "| setting | default | meaning |",
        "| --- | --- | --- |",
    ]
    lines += [
        f"| {field.name} | `{field.default}` | {_cell(meanings[field.name])} |"
        for field in fields(choices.Choices)
    ]
    return "\n".join(lines) + "\n"


def _meanings() -> dict[str, str]:
    """Return the text below each field of the choices."""
    (body,) = [
        node.body
        for node in ast.parse(inspect.getsource(choices)).body
        if isinstance(node, ast.ClassDef) and node.name == choices.Choices.__name__
    ]
    found: dict[str, str] = {}
    for field, text in pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
        ):
            found[field.target.id] = " ".join(str(text.value.value).split())
    return found
