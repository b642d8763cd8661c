"""Render the generated reference pages: `python -m infra.reference` writes them, a test compares.

Tables come from `schemas.tables`, queries from their descriptions, rules from their docstrings,
commands from their help, what the local Firehose is from its table of facts, and permissions from
the template.
"""

import inspect
from pathlib import Path

import click

from infra import cli
from infra.local_firehose_reference import local_firehose_page
from infra.permission_reference import permissions_page
from infra.policy_reference import policy_page
from infra.query_reference import queries_page
from rules import RULE_SETS
from rules.model import rule_name
from schemas.tables import TABLES, Table

FOLDER = Path("docs") / "reference"


def pages() -> dict[str, str]:
    """Return every generated page by file name."""
    return {
        "tables.md": _tables(),
        "rules.md": _rules(),
        "policy.md": policy_page(),
        "commands.md": _commands(),
        "local-firehose.md": local_firehose_page(),
        "permissions.md": permissions_page(),
        "queries.md": queries_page(),
    }


def _tables() -> str:
    parts = [
        "# Tables\n",
        "Generated from `schemas/tables`. Types are Glue's. The views `charges`, `charges_all`, "
        "`deliveries`, `findings`, `focus`, `daily_costs` and `monthly_costs` over them are in "
        "`infra/athena/views`.\n",
    ]
    for table in TABLES:
        parts.append(f"## {table.name}\n\n{table.meaning} `{table.prefix}`, {table.format}.\n")
        parts.append(_columns(table))
    return "\n".join(parts)


def _columns(table: Table) -> str:
    lines = ["| column | type | FOCUS | meaning |", "| --- | --- | --- | --- |"]
    lines += [f"| {c.name} | `{c.type}` | {c.focus or ''} | {c.meaning} |" for c in table.columns]
    lines += [f"| {c.name} | `{c.type}`, partition | | {c.meaning} |" for c in table.partitions]
    return "\n".join(lines) + "\n"


def _rules() -> str:
    parts = [
        "# Rules\n",
        "Generated from the rules' docstrings. A released rule set never changes; the next one "
        "lists what it keeps and what it replaces.\n",
    ]
    for name, rule_set in RULE_SETS.items():
        parts.append(f"## {name}\n")
        for rule in rule_set.rules:
            title = rule_name(rule)
            parts.append(f"### {title}\n\n{inspect.getdoc(rule)}\n")
    return "\n".join(parts)


def _commands() -> str:
    parts = ["# Commands\n", "Generated from `finops --help`.\n"]
    parts += _help(cli.finops, "finops")
    return "\n".join(parts)


def _help(command: click.Command, path: str) -> list[str]:
    context = click.Context(command, info_name=path, max_content_width=100, terminal_width=100)
    found = [f"## {path}\n\n```text\n{command.get_help(context)}\n```\n"]
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            found += _help(command.commands[name], f"{path} {name}")
    return found


def main() -> None:
    """Write the pages."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
