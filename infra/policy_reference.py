"""The reference page of the policy document, from the dataclasses that are its schema."""

import ast
import inspect
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

import orjson

from rules import RULE_SETS, default_policy, policy
from rules.policy import DEFAULTS, Policy

_TYPES = {
    "int": "whole number from 0 on",
    "Decimal": "amount, in quotes",
    "tuple[str, ...]": "list of different texts",
    "frozenset[str]": "list of different texts",
    "Mapping[str, tuple[str, ...]]": "object of lists of texts",
    "Mapping[str, Mapping[str, tuple[str, ...]]]": "object of objects of lists of texts",
}


def policy_page() -> str:
    """Return the page: each section with its fields, their form, meaning and shipped value."""
    parts = [
        "# Policy\n",
        "Generated from `rules/policy.py`. A JSON document with a closed schema: every key is "
        "required and no other is allowed; `finops policy check FILE` names the path of what is "
        "wrong. Amounts are per month in the charge's own currency. Format 1 ends before "
        '`spelling`; format 2 says so with `"format": 2`.\n',
        "Rule sets and the format they need: "
        + ", ".join(f"{name} {s.policy_format}" for name, s in RULE_SETS.items())
        + ".\n",
    ]
    shipped = orjson.loads(default_policy(max(DEFAULTS)).to_bytes())
    own = [f for f in fields(Policy) if not _section_of(f.name)]
    parts.append(_table(Policy, [f.name for f in own], shipped))
    for section in fields(Policy):
        kind = _section_of(section.name)
        if kind is not None:
            lines = (inspect.getdoc(kind) or "").splitlines()
            parts.append(f"## {section.name}\n\n{' '.join(lines)}\n")
            names = [f.name for f in fields(kind)]
            parts.append(_table(kind, names, shipped[section.name]))
    return "\n".join(parts)


def _section_of(name: str) -> Any:
    kind = get_type_hints(Policy)[name]
    kind = next((k for k in get_args(kind) if k is not type(None)), kind)
    return kind if is_dataclass(kind) else None


def _table(kind: Any, names: list[str], shipped: dict[str, Any]) -> str:
    meanings, types = _meanings(kind.__name__)
    lines = ["| key | form | meaning | shipped |", "| --- | --- | --- | --- |"]
    for name in names:
        value = orjson.dumps(shipped[name]).decode()
        lines.append(f"| {name} | {_TYPES[types[name]]} | {meanings[name]} | `{value}` |")
    return "\n".join(lines) + "\n"


def _meanings(name: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the sentence behind each field of a class, and its annotation, from the source."""
    tree = ast.parse(inspect.getsource(policy))
    (body,) = (n.body for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name)
    meanings, types = {}, {}
    for at, node in enumerate(body):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            types[node.target.id] = ast.unparse(node.annotation)
            after = body[at + 1] if at + 1 < len(body) else None
            if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                meanings[node.target.id] = " ".join(str(after.value.value).split())
    return meanings, types
