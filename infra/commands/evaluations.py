"""`finops evaluations`: what rows are judged by, and which judgement the views show."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from infra.commands.options import counted, json_option, lake_options, print_json, print_table
from infra.evaluations.lifecycle import add, behind, remove, switch
from infra.evaluations.lifecycle import rows_prefix as rows_of
from infra.wiring import Platform, open_platform
from rules import Policy, RuleSet, default_policy_for, parse_policy, rule_set
from transforms.baseline_store import index
from transforms.evaluations import lookup, registered
from transforms.state import active_evaluation


@click.group("evaluations")
def evaluations_group() -> None:
    """Names for (rule set, policy, baseline series): side by side, one of them shown.

    Every row belongs to an evaluation, and lies under its prefix. New events are judged by the
    active one; history follows with `finops replay`. Going back is activating the one before.

    \b
    A new policy, step by step:
      finops policy show --default v2 > mine.json     change what you like
      finops evaluations add mine --rules v2 --policy mine.json
      finops replay --evaluation mine
      finops rules diff v1 mine
      finops evaluations activate mine
    """


@evaluations_group.command("list")
@json_option
@lake_options
def list_command(as_json: bool, data_dir: Path) -> None:
    """List the evaluations: what each stands for, and which one is shown.

    \b
    Example:
      finops evaluations list --json
    """
    with open_platform(data_dir) as platform:
        platform.activate_first_evaluation()
        found = [_described(platform, d.name) for d in registered(platform.store)]
    if as_json:
        print_json(found)
        return
    print_table(
        ("evaluation", "", "rules", "policy", "baselines", "newest baseline", "objects"),
        [
            (
                d["name"],
                "active" if d["active"] else "",
                d["rules"],
                d["policy"],
                d["baselines"],
                d["newest_baseline"],
                d["objects"],
            )
            for d in found
        ],
        right=("objects",),
    )


def _described(platform: Platform, name: str) -> dict[str, Any]:
    definition = lookup(platform.store, name)
    published = index(platform.store, definition.baselines)
    return {
        **asdict(definition),
        "active": name == active_evaluation(platform.store),
        "newest_baseline": published[-1].version if published else None,
        "objects": sum(1 for _ in platform.store.list(rows_of(name))),
    }


@evaluations_group.command("add")
@click.argument("name")
@click.option("--rules", required=True, help="The rule set, such as v2; see: finops rules list.")
@click.option(
    "--policy",
    "policy_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A policy document; by default the one that ships with the rule set.",
)
@click.option("--baselines", help="The baseline series; by default the active evaluation's.")
@json_option
@lake_options
def add_command(
    name: str,
    rules: str,
    policy_file: Path | None,
    baselines: str | None,
    as_json: bool,
    data_dir: Path,
) -> None:
    """Register an evaluation. Nothing is judged yet, and the views do not change.

    A name stands for the same values for good: a changed policy is a new evaluation.

    \b
    Example:
      finops evaluations add v2 --rules v2
      finops evaluations add strict --rules v2 --policy strict.json
    """
    chosen = rule_set(rules)
    policy = _policy(chosen, policy_file)
    with open_platform(data_dir) as platform:
        platform.activate_first_evaluation()
        if baselines is None:
            active = lookup(platform.store, active_evaluation(platform.store))
            baselines = active.baselines
        new = add(platform, name, chosen, policy, baselines)
        found = _described(platform, name)
    if as_json:
        print_json({**found, "new": new})
        return
    said = "added" if new else "was there already"
    click.echo(
        f"{name} {said}: rules {found['rules']}, policy {found['policy']}, "
        f"baselines {found['baselines']}"
    )
    click.echo(f"next: finops replay --evaluation {name}")


def _policy(rules: RuleSet, file: Path | None) -> Policy:
    if file is not None:
        return parse_policy(file.read_bytes())
    return default_policy_for(rules)


@evaluations_group.command("activate")
@click.argument("name")
@click.option("--behind", "anyway", is_flag=True, help="Although it lacks rows that are shown now.")
@json_option
@lake_options
def activate_command(name: str, anyway: bool, as_json: bool, data_dir: Path) -> None:
    """Show an evaluation, and judge new events by it: one small object is replaced.

    Where it lacks rows that the views show now, says how many and changes nothing (exit code 1):
    replay them first. With --behind new events go by it at once, and history follows by replay.

    \b
    Example:
      finops evaluations activate v2
      finops evaluations activate v1          and back
    """
    with open_platform(data_dir) as platform:
        platform.activate_first_evaluation()
        lookup(platform.store, name)
        lacks = behind(platform, name)
        refused = bool(lacks.events) and not anyway
        before = active_evaluation(platform.store) if refused else switch(platform, name)
    if as_json:
        print_json(
            {"active": before if refused else name, "before": before, "lacks": asdict(lacks)}
        )
    elif refused:
        click.echo(
            f"{name} lacks {counted(lacks.events, 'event')} of "
            f"{counted(lacks.deliveries, 'delivery', 'deliveries')} that {before} has; {before} "
            "stays active"
        )
        click.echo(f"next: finops replay --evaluation {name}, or activate it with --behind")
    else:
        click.echo(f"{name} is active" + (f"; before: {before}" if before != name else " already"))
        if lacks.events:
            click.echo(
                f"it lacks {counted(lacks.events, 'event')}; "
                f"next: finops replay --evaluation {name}"
            )
    if refused:
        sys.exit(1)


@evaluations_group.command("remove")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@lake_options
def remove_command(name: str, yes: bool, data_dir: Path) -> None:
    """Remove an evaluation with its rows. The events stay in raw/ and can be judged again.

    \b
    Example:
      finops evaluations remove v2-draft --yes
    """
    with open_platform(data_dir) as platform:
        if not yes:
            objects = sum(1 for _ in platform.store.list(rows_of(name)))
            question = f"Delete evaluation {name} and its {counted(objects, 'object')} of rows?"
            click.confirm(question, abort=True, err=True)
        deleted = remove(platform, name)
    click.echo(f"{name} is removed, with {counted(deleted, 'object')} of rows")
