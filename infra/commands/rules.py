"""`finops rules`: what the rules are, and how to write the next one."""

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from infra.authoring.scaffold import scaffold
from infra.authoring.trial import Trial, source_tree, try_rules
from infra.commands.options import counted, json_option, print_json, print_table
from infra.errors import UsageError
from rules import RULE_SETS, Rule, rule_set
from rules.model import rule_name
from rules.released import rules_fingerprint


@click.group("rules")
def rules_group() -> None:
    """Rule sets: what they find, how they differ, how to write one.

    \b
    Example:
      finops rules list
      finops rules show first_seen
      finops rules diff v1 v2
      finops rules new idle_address && finops rules test
    """


@rules_group.command("list")
@json_option
def list_command(as_json: bool) -> None:
    """List the rule sets and their rules: what each keeps of the one before, and what is new.

    \b
    Example:
      finops rules list
    """
    found = _described()
    if as_json:
        print_json(found)
        return
    print_table(
        ("rule set", "released as", "policy format", "rule", "", "what it does"),
        [
            (
                s["name"] if first else "",
                s["fingerprint"] if first else "",
                s["policy_format"] if first else "",
                rule["name"],
                rule["change"],
                rule["summary"],
            )
            for s in found
            for first, rule in zip([True] + [False] * len(s["rules"]), s["rules"], strict=False)
        ],
    )


def _described() -> list[dict[str, Any]]:
    found, before = [], dict[str, Rule]()
    for one in RULE_SETS.values():
        rules = {rule_name(rule): rule for rule in one.rules}
        found.append(
            {
                "name": one.name,
                "fingerprint": rules_fingerprint(one),
                "policy_format": one.policy_format,
                "rules": [
                    {"name": n, "change": _change(n, r, before), "summary": _summary(r)}
                    for n, r in rules.items()
                ],
            }
        )
        before = rules
    return found


def _change(name: str, rule: Rule, before: dict[str, Rule]) -> str:
    if name not in before:
        return "new"
    return "kept" if before[name] is rule else "replaced"


def _summary(rule: Rule) -> str:
    return (inspect.getdoc(rule) or "").partition("\n")[0]


@rules_group.command("show")
@click.argument("name")
@click.option("--in", "of", help="The rule of this rule set; by default of the latest that has it.")
@json_option
def show_command(name: str, of: str | None, as_json: bool) -> None:
    """Print what a rule, or each rule of a set, finds, why it matters and when it is wrong.

    \b
    Example:
      finops rules show classify_cost --in v1
      finops rules show v2
    """
    if name in RULE_SETS:
        chosen = {rule_name(rule): rule for rule in RULE_SETS[name].rules}
    else:
        sets = [rule_set(of)] if of is not None else list(RULE_SETS.values())
        found = [rule for s in sets for rule in s.rules if rule_name(rule) == name]
        if not found:
            known = sorted({rule_name(rule) for s in RULE_SETS.values() for rule in s.rules})
            raise UsageError(f"no rule or rule set {name!r}; there is: {', '.join(known)}")
        chosen = {name: found[-1]}
    if as_json:
        print_json(
            [
                {"rule": n, "module": r.__module__, "documentation": inspect.getdoc(r)}
                for n, r in chosen.items()
            ]
        )
        return
    for number, (title, rule) in enumerate(chosen.items()):
        click.echo(("\n" if number else "") + f"{title} ({rule.__module__})\n")
        click.echo(inspect.getdoc(rule))


@rules_group.command("test")
@click.argument("name", required=False)
@click.option(
    "--source",
    type=click.Path(path_type=Path),
    default=Path(),
    help="The source tree, where it is not the current folder.",
)
@json_option
def test_command(name: str | None, source: Path, as_json: bool) -> None:
    """Hold rules to their golden files: all of them, a rule set's, or one rule's.

    Exit code 1 where one says something else, or has fewer than six cases.

    \b
    Example:
      finops rules test
      finops rules test first_seen
    """
    trials = try_rules(source_tree(source), _chosen(name))
    if as_json:
        print_json([trial.document() for trial in trials])
    else:
        _print_trials(trials)
    if not all(trial.passed for trial in trials):
        sys.exit(1)


def _chosen(name: str | None) -> Callable[[str, Rule], bool]:
    if name is None:
        return lambda _, __: True
    if name in RULE_SETS:
        return lambda version, _: version == name
    if not any(rule_name(rule) == name for s in RULE_SETS.values() for rule in s.rules):
        raise UsageError(f"no rule or rule set {name!r}; list them with: finops rules list")
    return lambda _, rule: rule_name(rule) == name


def _print_trials(trials: list[Trial]) -> None:
    for trial in trials:
        verdict = "ok" if trial.passed else "FAILED"
        click.echo(f"  {verdict:6}  {trial.module}: {counted(trial.cases, 'case')}")
        for problem in trial.problems:
            click.echo(f"          {problem}")
    failed = sum(not trial.passed for trial in trials)
    cases = sum(trial.cases for trial in trials)
    click.echo(
        f"{counted(len(trials), 'rule')}, {counted(cases, 'case')}: "
        + (f"{failed} failed" if failed else "all as they should be")
    )


@rules_group.command("new")
@click.argument("name")
@click.option(
    "--source",
    type=click.Path(path_type=Path),
    default=Path(),
    help="The source tree, where it is not the current folder.",
)
def new_command(name: str, source: Path) -> None:
    """Begin a rule: its file, its golden folder, and its place in the next rule set.

    A released rule set is never edited, so the rule goes into the one that is being written; where
    there is none, the next is begun with everything the latest has. The six golden cases fail
    until they say what the rule is to say.

    \b
    Example:
      finops rules new idle_address
      finops rules test idle_address
    """
    written = scaffold(source_tree(source), name)
    for path in written.files:
        click.echo(f"  {path}")
    click.echo(f"next: write {written.rule}, fill in the cases, and run: finops rules test {name}")
    click.echo(
        f"when it is final: python -m rules.ledger add {written.version}, "
        "and finops evaluations add"
    )
